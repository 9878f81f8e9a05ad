"""Between the page's words and the core's: which commands and queries the page sends, and what their answers become.

The core is reached through its surface alone and only when something is asked, so that importing the page imports
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import legate_core as core
from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.view import (
    ApprovalRow,
    Argument,
    Card,
    Change,
    Colleague,
    DoubtChoice,
    Origin,
    OriginKind,
    Preview,
    RuleRow,
    Scope,
    Tab,
    outcome_words,
)
from legate_desktop.words import tr

ORIGINS: Mapping[str, OriginKind] = {
    "person": "yours",
    "rule": "rule",
    "workspace": "rule",
    "derived": "source",
    "none": "agent",
}
# The core lists *only this once* among its scopes; here that is an answer of its own.
ONCE = "once"
# The one scope whose words leave its end open; the person gives it.
UNTIL = "until"


def queries(tab: Tab) -> Sequence[Any]:
    """What is followed for a tab; the rows of several queries stand in one list."""
    if tab == "waiting":
        return (core.PendingApprovals(), core.InDoubt())
    if tab == "decided":
        return (core.DecidedApprovals(),)
    return (core.Rules(),)


def card_query(row: ApprovalRow) -> Any:
    """One card, whole. What is in doubt is an action, and its id is the action's."""
    return core.DoubtCard(row.id) if row.is_in_doubt else core.ApprovalCard(row.id)


def approve(
    card: Card, scope_id: str = "", *, amount: int | None = None, ends_at: int | None = None, hold_seconds: int
) -> Any:
    """Yes to what was shown: the digest binds it. `hold_seconds` is how long it can be taken back."""
    return core.ApproveAction(
        approval_id=card.id,
        digest=card.digest,
        scope=scope_id,
        amount=amount,
        ends_at=ends_at,
        hold_seconds=hold_seconds,
    )


def edit(card: Card, arguments: Mapping[str, Any], *, hold_seconds: int) -> Any:
    """Yes to other arguments."""
    return core.EditAction(
        approval_id=card.id, digest=card.digest, arguments=dict(arguments), hold_seconds=hold_seconds
    )


def reject(card: Card, reason: str, *, and_stop: bool, hold_seconds: int) -> Any:
    """No."""
    return core.RejectAction(approval_id=card.id, reason=reason, stop=and_stop, hold_seconds=hold_seconds)


def prove(passphrase: str) -> Any:
    """Show who is asking, for an answer that needs a fresh proof."""
    return core.Prove(passphrase)


def settle(card: Card, choice: DoubtChoice) -> Any:
    """What became of an action in doubt."""
    return core.SettleDoubt(action_id=card.row.id, answer=choice)


def undo(approval_id: str) -> Any:
    """Take an answer back while it is held."""
    return core.UndoAnswer(approval_id)


def delete_rule(rule_id: str) -> Any:
    """Remove a rule."""
    return core.DeleteRule(rule_id)


def proposals_query() -> Any:
    """The rules that alike answers propose, in a week of learning."""
    return core.ProposedRules()


def adopt(row: RuleRow) -> Any:
    """Put a proposed rule in force."""
    return core.AddRule(row.proposal)


def proposed_row(given: Any) -> RuleRow:
    """A proposal among the rules."""
    return RuleRow(
        id=given.id,
        words=given.conditions,
        effect=given.effect,
        verdict=str(given.rule.verdict),
        uses=0,
        last_used_at=given.last_at,
        ends=given.ends,
        conditions=given.conditions,
        approved=given.approved,
        proposal=given.rule,
    )


def snooze(approval_id: str, until: int) -> Any:
    """Ask again later; 0 takes that back."""
    return core.SnoozeApproval(approval_id, until)


def delegate(approval_id: str, to: str) -> Any:
    """Ask a colleague; nobody takes that back."""
    return core.DelegateApproval(approval_id, to)


def members_query() -> Any:
    """Who belongs to the workspace."""
    return core.Members()


def me_query() -> Any:
    """Who is asking."""
    return core.WhoAmI()


def colleague(given: Any) -> Colleague:
    """A member as somebody to ask."""
    return Colleague(given.id, given.name, given.role, frozenset(given.may_decide))


def preview_query(card: Card, scope_id: str, amount: int | None) -> Any:
    """What a scope would have answered by itself."""
    return core.PreviewScope(card.id, scope_id, amount)


def preview(given: Any) -> Preview:
    """The same in the page's words."""
    newest = tuple(f"{outcome_words(match.state)}: {match.agent}, {match.title}" for match in given.newest)
    return Preview(given.looked_at, given.matched, given.rejected, newest)


def held_ms(answer: Any, now: int, most: int) -> int:
    """For how long an answer can still be taken back."""
    return max(0, min(most, int(getattr(answer, "hold_until", 0)) - now))


def agreed_to(answer: Any) -> str:
    """What was approved, where a person edited it; nothing where the card says it."""
    return tr_core(getattr(answer, "title", ""))


def approval_row(given: Any) -> ApprovalRow:
    """A question, or an action in doubt."""
    return ApprovalRow(
        id=given.id,
        tool=given.tool,
        effect=str(given.effect),
        title=given.title,
        agent=given.agent,
        run_id=given.run_id,
        why=given.why,
        state=str(given.state),
        asked_at=given.asked_at,
        expires_at=given.expires_at,
        decided_at=given.decided_at,
        decided_by=given.decided_by,
        outcome=given.reason,
        # One line stands for several only where what it says is true of each.
        like=f"{given.like}/{given.outline or given.title}" if given.like else "",
        snoozed_until=given.snoozed_until,
        assigned_to=given.assigned_to,
        outline=given.outline,
    )


def rule_row(given: Any) -> RuleRow:
    """A rule in words."""
    return RuleRow(
        id=given.id,
        words=given.words,
        effect=str(given.effect),
        verdict=str(given.verdict),
        uses=given.uses,
        last_used_at=given.last_used_at,
        ends=given.ends,
        is_built_in=given.is_built_in,
        conditions=given.conditions,
        is_used_up=given.state == "used_up",
        made_at=given.created_at,
    )


def card(given: Any) -> Card:
    """A card in the page's words."""
    on_card = given.card
    return Card(
        row=approval_row(given.row),
        sentence=on_card.sentence,
        why=on_card.why,
        arguments=tuple(_argument(argument) for argument in on_card.arguments),
        changes=tuple(_change(line) for line in on_card.changes),
        reach=on_card.reach,
        undo=on_card.undo,
        cost=on_card.cost,
        asked_because=on_card.asked_because,
        rule_name=on_card.rule_name,
        before=tuple(on_card.before),
        seq=given.seq,
        entry_hash=given.entry_hash,
        digest=given.digest,
        scopes=tuple(_scope(chip) for chip in on_card.scopes if chip.id != ONCE),
        proposed=on_card.raw_arguments or {},
        needs_proof=given.needs_proof,
        edited=given.edited_arguments,
        risk=given.risk,
        refusal="" if given.permitted else tr_core(given.refusal) or tr("Your role may not decide this"),
    )


def _scope(chip: Any) -> Scope:
    return Scope(chip.id, chip.words, needs_amount=chip.needs_amount, needs_end=chip.id == UNTIL)


def _argument(given: Any) -> Argument:
    origin = Origin(ORIGINS.get(given.origin_kind, "agent"), given.origin)
    return Argument(given.path, given.value, origin, is_authority=given.role == "authority")


def _change(line: str) -> Change:
    sign = line[:1] if line[:2] in ("+ ", "- ", "  ") else " "
    return Change(sign, line[2:] if line[:2] in ("+ ", "- ", "  ") else line)
