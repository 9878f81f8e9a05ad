"""Asking a person and reading the answer, inside somebody else's transaction: the gate asks, the executor spends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legate_core.approvals import card as cards
from legate_core.approvals.events import ApprovalClosed, ApprovalDecided, ApprovalOpened, ApprovalSpent
from legate_core.approvals.model import ApprovalState, Binding, Card, risk_class
from legate_core.approvals.tables import approvals
from legate_core.crypto.canonical import digest
from legate_core.errors import Damaged
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.policy.model import Call, Facts, Verdict
from legate_core.policy.provenance import Typed

HOUR_MS = 60 * 60 * 1000


@dataclass(frozen=True)
class Question:
    """Everything a question is made of: the call as it was judged, and who asks why."""

    call: Call
    facts: Facts
    own_words: tuple[Typed, ...]
    verdict: Verdict
    binding: Binding
    action_id: str
    agent: str
    why: str
    initiator: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A no, as the agent is told it. `stop` ends its run."""

    reason: str
    stop: bool


def open_question(ctx: Context, question: Question) -> str:
    """Ask: store the frozen card beside the journal and the question in the inbox; its id. One commit with the action.

    It waits for as long as the workspace's switch says, then it expires and nothing runs.
    """
    row = _row(ctx, question, ApprovalState.WAITING)
    waits_ms = question.facts.settings.question_hours * HOUR_MS
    row |= {"card_ref": _keep_card(ctx, question), "expires_at": ctx.now + waits_ms}
    ctx.insert(approvals, row)
    ctx.emit(
        ApprovalOpened(
            row["id"],
            question.call.run_id,
            question.action_id,
            question.call.tool.name,
            question.call.tool.effect.value,
            row["expires_at"],
        )
    )
    return row["id"]


def _keep_card(ctx: Context, question: Question) -> str:
    """Freeze the card, with what it was judged by, beside the journal; where it lies."""
    card = cards.build(
        question.call,
        question.facts,
        question.verdict,
        agent=question.agent,
        why=question.why,
        before=question.before,
    )
    body = {
        "card": cards.to_json(card),
        "own_words": [typed.text for typed in question.own_words],
        "typed_at": [typed.at for typed in question.own_words],
        "observations": [_label(seen) for seen in question.facts.observations],
        "call": {
            "account": question.call.account,
            "agent_id": question.call.agent_id,
            "trigger": question.call.trigger,
        },
    }
    return ctx.bodies.put(question.call.run_id, body)


def again(ctx: Context, approval: Mapping[str, Any]) -> str:
    """A fresh, unspent yes of the asking person to exactly what an earlier question asked: "it did not happen, do it".

    The earlier approval stays spent; each dispatch has one of its own. Its id.
    """
    fresh = {"spent_at": None, "rule_id": None, "stop": False, "snoozed_until": None, "assigned_to": None}
    return _say_yes(ctx, dict(approval) | fresh | {"id": new_id("apr")})


def unasked(ctx: Context, question: Question) -> str:
    """The same where a rule had allowed the call, so that nobody was asked before: the yes is to this card. Its id."""
    return _say_yes(ctx, _row(ctx, question, ApprovalState.APPROVED) | {"card_ref": _keep_card(ctx, question)})


def _say_yes(ctx: Context, row: Mapping[str, Any]) -> str:
    """Store a question that is answered as it is asked, and say so as of every answer."""
    decided = {
        "state": ApprovalState.APPROVED.value,
        "asked_at": ctx.now,
        "expires_at": ctx.now,
        "decided_at": ctx.now,
        "decided_by": ctx.actor.id,
        "hold_until": ctx.now,
    }
    ctx.insert(approvals, {**row, **decided})
    is_own = row["initiator"] == ctx.actor.id
    ctx.emit(
        ApprovalDecided(
            row["id"], row["run_id"], row["action_id"], decided["state"], ctx.actor.id, ctx.now, stop=False,
            self_approved=is_own,
        )
    )  # fmt: skip
    return row["id"]


def _row(ctx: Context, question: Question, state: ApprovalState) -> dict[str, Any]:
    tool = question.call.tool
    return {
        "id": new_id("apr"),
        "run_id": question.call.run_id,
        "action_id": question.action_id,
        "state": state.value,
        "tool": tool.name,
        "effect": tool.effect.value,
        "risk": risk_class(tool.effect),
        "agent_id": question.call.agent_id,
        "agent": question.agent[:120],
        "initiator": question.initiator,
        "digest": question.binding.digest,
        "like": digest([tool.name, question.call.agent_id, question.call.account, question.verdict.rule_id]),
        "asked_at": ctx.now,
        "stop": False,
    }


def _label(seen: Any) -> dict[str, Any]:
    return {"id": seen.id, "source": seen.source, "trusted": seen.trusted, "readers": seen.readers}


def body_of(ctx: ReadContext, approval: Mapping[str, Any]) -> dict[str, Any]:
    """The encrypted body of a question: the card, and the labels it was judged by."""
    return dict(ctx.bodies.get(approval["run_id"], approval["card_ref"]))


def card_of(ctx: ReadContext, approval: Mapping[str, Any]) -> Card:
    """The card as it was frozen when the question was asked."""
    return cards.from_json(body_of(ctx, approval)["card"])


def answered_card_of(ctx: ReadContext, approval: Mapping[str, Any]) -> Card:
    """The same, naming what was approved where a person edited it; the arguments on it stay those that were proposed."""
    card = card_of(ctx, approval)
    if not approval["edited_ref"]:
        return card
    # An edit from before its words were kept names what was proposed.
    words = ctx.bodies.get(approval["run_id"], approval["edited_ref"]).get("words")
    return cards.in_words(card, words) if words else card


def locked(ctx: Context, approval_id: str) -> Mapping[str, Any]:
    """The approval, held until commit, so that an answer taken back and its dispatch cannot both win."""
    row = ctx.hold(approvals, approval_id)
    if row is None:
        raise Damaged(f"The approval {approval_id} has vanished. Run 'legate verify'.")
    return row


def rejection(ctx: ReadContext, approval: Mapping[str, Any]) -> Rejection | None:
    """What the agent is told if the answer was no; None otherwise."""
    if approval["state"] != ApprovalState.REJECTED.value:
        return None
    reason = ""
    if approval["reason_ref"]:
        reason = str(ctx.bodies.get(approval["run_id"], approval["reason_ref"])["reason"])
    words = f"A person rejected this call. {f'Their reason: {reason}' if reason else 'They gave no reason.'}"
    return Rejection(f"{words} It was not run. Do not repeat it; think again.", bool(approval["stop"]))


def effective_digest(approval: Mapping[str, Any]) -> str:
    """What a yes is bound to: the edited call where a person edited it, otherwise the proposed one."""
    return str(approval["effective_digest"] or approval["digest"])


def is_yes(approval: Mapping[str, Any]) -> bool:
    """Whether it was answered with a yes that nobody has taken back."""
    return approval["state"] in (ApprovalState.APPROVED.value, ApprovalState.EDITED.value)


def spend(ctx: Context, approval: Mapping[str, Any]) -> bool:
    """Use up a yes, once; False where it was used before. Only the executor calls this, with its intent."""
    if not is_yes(approval):
        return False
    changes = {"spent_at": ctx.now}
    expect = {"state": approval["state"], "spent_at": None}
    if ctx.update(approvals, approval["id"], changes, expect=expect) is None:
        return False
    ctx.emit(ApprovalSpent(approval["id"], approval["run_id"], approval["action_id"]))
    return True


def close_question(ctx: Context, approval_id: str, state: ApprovalState, reason: str) -> bool:
    """Close a question that nobody needs to answer any more; whether it was open."""
    row = ctx.get(approvals, approval_id)
    if row is None or row["state"] != ApprovalState.WAITING.value:
        return False
    return _close(ctx, row, {"state": state.value, "decided_at": ctx.now}, reason)


def withdraw(ctx: Context, approval_id: str, reason: str) -> bool:
    """Its run ends: close the question, and also void an answer that could still be taken back, which would open it again."""
    row = ctx.get(approvals, approval_id)
    if row is None:
        return False
    if is_held(row, ctx.now):
        return _close(ctx, row, {"state": ApprovalState.WITHDRAWN.value}, reason)
    return close_question(ctx, approval_id, ApprovalState.WITHDRAWN, reason)


def is_held(row: Mapping[str, Any], now: int) -> bool:
    """Whether an answer was given that nothing has acted on yet, so that it can be taken back."""
    is_answered = row["state"] in (ApprovalState.APPROVED, ApprovalState.EDITED, ApprovalState.REJECTED)
    return is_answered and row["spent_at"] is None and (row["hold_until"] or 0) > now


def _close(ctx: Context, row: Mapping[str, Any], changes: Mapping[str, Any], reason: str) -> bool:
    expect = {"state": row["state"], "spent_at": row["spent_at"]}
    if ctx.update(approvals, row["id"], changes, expect=expect) is None:
        return False
    ctx.emit(ApprovalClosed(row["id"], row["run_id"], row["action_id"], changes["state"], reason[:200]))
    return True
