"""What nobody saw the end of: actions in doubt, put before a person with three answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.actions.effect import UnderWay
from legate_core.actions.events import ActionReady, ActionSettled, ActionWithdrawn
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.approvals import ask
from legate_core.approvals.card import build
from legate_core.approvals.model import ApprovalDetail, ApprovalRow, Binding, Card, risk_class
from legate_core.approvals.tables import approvals
from legate_core.approvals.visibility import is_visible, may_read, withheld
from legate_core.errors import Conflict, Forbidden, NeedsReauthentication, NotFound
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command, LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import command, query
from legate_core.policy.model import Call, Facts, Verdict
from legate_core.policy.provenance import OwnWords
from legate_core.runs import store
from legate_core.runs.model import FINAL
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect

DoubtAnswer = Literal["happened", "do_it", "give_up"]

TOLD: Mapping[DoubtAnswer, str] = {
    "happened": "A person looked: it did happen. Go on from there and do not repeat it.",
    "give_up": "It may have happened or not; a person gave up on it. Do not repeat it.",
}


@dataclass(frozen=True, slots=True)
class SettleDoubt(Command[str]):
    """Say what became of an action in doubt; answers with its new state.

    *happened* notes it as done, *do_it* means it did not happen and is to be done now, *give_up* ends it undone.
    """

    action_id: str
    answer: DoubtAnswer


@dataclass(frozen=True)
class InDoubt(LiveQuery[ApprovalRow]):
    """Every action in doubt, as a line of the inbox; its id is the action's."""

    listens: ClassVar[frozenset[str]] = frozenset({ActionSettled.name, ActionReady.name, ActionWithdrawn.name})
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, ApprovalRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["action_id"])}))


@dataclass(frozen=True, slots=True)
class DoubtCard(Query[ApprovalDetail]):
    """One action in doubt with everything on its card."""

    action_id: str


def _permission(effect: Effect) -> str:
    return "runs.resolve_in_doubt.grave" if risk_class(effect) == "grave" else "runs.resolve_in_doubt"


def _initiator(ctx: ReadContext, message: SettleDoubt | DoubtCard) -> str | None:
    row = ctx.get(actions, message.action_id)
    return str(row["initiator"]) if row is not None else None


@command(SettleDoubt, permission="runs.resolve_in_doubt", route="POST /actions/{action_id}/settle", owner=_initiator)
def settle_doubt(ctx: Context, message: SettleDoubt) -> str:
    row = _in_doubt(ctx, message.action_id)
    ctx.port(MatrixAuthorizer).require(ctx, _permission(Effect(row["effect"])), owner=row["initiator"])
    if message.answer == "do_it":
        return _do_it(ctx, row)
    state = ActionState.CONFIRMED if message.answer == "happened" else ActionState.WITHDRAWN
    outcome = {"content": TOLD[message.answer], "is_error": message.answer == "give_up", "source": "a person"}
    if invoke.record_outcome(ctx, row, invoke.Result(state, outcome, by=ctx.actor.id)) is None:
        raise Conflict("This was settled in the meantime. Look at the run to see what became of it.")
    return state.value


def _do_it(ctx: Context, row: Mapping[str, Any]) -> str:
    """A fresh yes to the same call: the old approval stays spent, and the call may be dispatched once more."""
    if store.load_run(ctx, row["run_id"]).status in FINAL:
        raise Conflict("Its run has ended, so it cannot be done any more. Say that it happened, or give it up.")
    if row["id"] in ctx.port(UnderWay):
        raise Conflict("The first call is still under way and may happen yet. Wait until it ends, which settles this.")
    approval = ctx.get(approvals, row["approval_id"]) if row["approval_id"] else None
    changes: dict[str, Any] = {
        "state": ActionState.READY.value,
        "hold_until": ctx.now,
        "outcome_ref": None,
        "approval_id": ask.again(ctx, approval) if approval is not None else ask.unasked(ctx, _question(ctx, row)),
    }
    if ctx.update(actions, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]}) is None:
        raise Conflict("This was settled in the meantime. Look at the run to see what became of it.")
    ctx.emit(ActionReady(row["id"], row["run_id"], changes["approval_id"], ctx.now))
    return ActionState.READY.value


@query(InDoubt, permission="approvals.view", route="GET /actions/in-doubt")
def in_doubt(ctx: ReadContext, message: InDoubt) -> dict[str, ApprovalRow]:
    statement = select(actions).where(
        actions.c.workspace_id == ctx.workspace_id, actions.c.state == ActionState.IN_DOUBT.value
    )
    if message.ids is not None:
        statement = statement.where(actions.c.id.in_(message.ids))
    rows = ctx.rows(statement.order_by(actions.c.dispatched_at, actions.c.id))
    return {row["id"]: _row(row, _card(ctx, row)) for row in rows if is_visible(ctx, row)}


@query(DoubtCard, permission="approvals.view", route="GET /actions/{action_id}/doubt", owner=_initiator)
def doubt_card(ctx: ReadContext, message: DoubtCard) -> ApprovalDetail:
    row = _in_doubt(ctx, message.action_id)
    card = _card(ctx, row)
    permitted, needs_proof, refusal = True, False, ""
    try:
        ctx.port(MatrixAuthorizer).require(ctx, _permission(Effect(row["effect"])), owner=row["initiator"])
    except NeedsReauthentication:
        needs_proof = True
    except Forbidden as error:
        permitted, refusal = False, error.message
    return ApprovalDetail(
        row=_row(row, card),
        card=card,
        digest=row["digest"],
        seq=0,
        entry_hash="",
        risk=risk_class(Effect(row["effect"])),
        permitted=permitted,
        refusal=refusal,
        needs_proof=needs_proof,
    )


def _in_doubt(ctx: ReadContext, action_id: str) -> Mapping[str, Any]:
    row = ctx.get(actions, action_id)
    if row is None:
        raise NotFound(f"There is no action {action_id} in this workspace. 'legate doubt' lists what is in doubt.")
    if row["state"] != ActionState.IN_DOUBT.value:
        raise Conflict(f"This action is not in doubt: it is {row['state']}. Nothing needs to be said about it.")
    return row


def _row(row: Mapping[str, Any], card: Card) -> ApprovalRow:
    return ApprovalRow(
        id=row["id"],
        run_id=row["run_id"],
        action_id=row["id"],
        state=ActionState.IN_DOUBT.value,
        tool=row["tool"],
        effect=Effect(row["effect"]),
        agent=row["agent"],
        title=card.title,
        why=card.why,
        asked_at=row["dispatched_at"] or row["proposed_at"],
        expires_at=0,
    )


def _card(ctx: ReadContext, row: Mapping[str, Any]) -> Card:
    """The card that was answered, or one made now where a rule had allowed the call; with the effective arguments, for
    whoever may see them."""
    card = _whole_card(ctx, row)
    return card if may_read(ctx, row) else withheld(card, row["tool"])


def _whole_card(ctx: ReadContext, row: Mapping[str, Any]) -> Card:
    call, verdict = _call(ctx, row), _verdict(ctx, row)
    why = ""
    if row["approval_id"] and (approval := ctx.get(approvals, row["approval_id"])) is not None:
        why = ask.card_of(ctx, approval).why
    return build(call, Facts(OwnWords()), verdict, agent=row["agent"], why=why, before=())


def _call(ctx: ReadContext, row: Mapping[str, Any]) -> Call:
    body = ctx.bodies.get(row["run_id"], row["effective_ref"] or row["call_ref"])
    return Call(
        tool=ctx.port(Catalog).spec(row["tool"]),
        arguments=body["arguments"],
        account=row["account"],
        agent_id=row["agent_id"],
        run_id=row["run_id"],
        trigger=row["trigger"],
        now=ctx.now,
    )


def _verdict(ctx: ReadContext, row: Mapping[str, Any]) -> Verdict:
    outcome: dict[str, Any] = ctx.bodies.get(row["run_id"], row["outcome_ref"]) if row["outcome_ref"] else {}
    reason = str(outcome.get("content", "")) or "It was on its way when Legate stopped. It may have happened."
    return Verdict("ask", row["rule_id"], "In doubt", reason)


def _question(ctx: ReadContext, row: Mapping[str, Any]) -> ask.Question:
    """What a person says yes to who has a call done that a rule had allowed: the call as it was judged then."""
    call = _call(ctx, row)
    binding = Binding(
        tool=row["tool"],
        definition_hash=row["definition_hash"],
        arguments=call.arguments,
        account=row["account"],
        policy_version=row["policy_version"],
        connector_version=row["connector_version"],
    )
    return ask.Question(
        call=call,
        facts=Facts(OwnWords()),
        own_words=(),
        verdict=_verdict(ctx, row),
        binding=binding,
        action_id=row["id"],
        agent=row["agent"],
        why="",
        initiator=row["initiator"],
        before=(),
    )
