"""Answering: approve, edit, reject, take back; and the sweep that lets questions expire.

The first valid answer wins. It commits at once and is held for `hold_seconds`, in which it can be taken back; nothing is
dispatched before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from legate_core.approvals import ask
from legate_core.approvals.card import words_of
from legate_core.approvals.events import ApprovalDecided, ApprovalUndone
from legate_core.approvals.model import Answer, ApprovalState, Binding, decide_permission
from legate_core.approvals.tables import approvals
from legate_core.errors import Conflict, Invalid, NotFound
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import INTERNAL, command
from legate_core.policy import store as policy
from legate_core.policy.decide import decide
from legate_core.policy.model import Call, Facts, ObservationText
from legate_core.policy.provenance import Typed, read_typed
from legate_core.policy.scopes import rule_from, scopes_for
from legate_core.policy.widening import check_answer
from legate_core.tools.catalog import Catalog

MAX_HOLD_SECONDS = 30.0
MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class ApproveAction(Command[Answer]):
    """Yes to exactly what the card showed; `digest` says what that was.

    With a `scope` (a chip of the card) the yes also becomes a rule, up to `amount` where the chip takes one, until
    `ends_at` where a time is given.
    """

    approval_id: str
    digest: str = ""
    scope: str = ""
    amount: int | None = None
    ends_at: int | None = None
    hold_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EditAction(Command[Answer]):
    """Yes to other arguments than the proposed ones. The journal keeps proposed, edited and effective."""

    approval_id: str
    arguments: Mapping[str, Any]
    digest: str = ""
    hold_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RejectAction(Command[Answer]):
    """No. The reason goes to the agent, which thinks again; `stop` ends its run instead. `digest` is what the card showed."""

    approval_id: str
    reason: str = ""
    stop: bool = False
    hold_seconds: float = 0.0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class UndoAnswer(Command[None]):
    """Take an answer back while it is held; the question waits again."""

    approval_id: str


@dataclass(frozen=True, slots=True)
class ExpireApprovals(Command[int]):
    """Close every question whose time is up; answers how many. Nothing runs because of it."""


def _asked_by(ctx: ReadContext, message: ApproveAction | EditAction | RejectAction | UndoAnswer) -> str | None:
    row = ctx.get(approvals, message.approval_id)
    return str(row["initiator"]) if row is not None else None


@command(
    ApproveAction, permission="approvals.decide.low", route="POST /approvals/{approval_id}/approve", owner=_asked_by
)
def approve_action(ctx: Context, message: ApproveAction) -> Answer:
    row = _open(ctx, message.approval_id, digest=message.digest)
    rule_id = _make_rule(ctx, row, message) if message.scope else ""
    return _decide(ctx, row, ApprovalState.APPROVED, message.hold_seconds, {"rule_id": rule_id or None})


@command(EditAction, permission="approvals.edit.low", route="POST /approvals/{approval_id}/edit", owner=_asked_by)
def edit_action(ctx: Context, message: EditAction) -> Answer:
    row = _open(ctx, message.approval_id, digest=message.digest, is_edit=True)
    arguments = dict(message.arguments)
    ctx.port(Catalog).check(row["tool"], arguments)
    body = ask.body_of(ctx, row)
    if arguments == body["card"]["raw_arguments"]:
        raise Invalid("Nothing was changed. Approve it as it is, or change an argument first.")
    call = call_of(ctx, row, body, arguments)
    book = policy.load(ctx)
    verdict = decide(call, facts_of(row, body, book), book.rules)
    if verdict.kind == "deny":
        raise Conflict(
            f"The rule “{verdict.rule_name}” forbids this call: {verdict.reason} Change it further, or reject it.",
            rule=verdict.rule_id,
        )
    binding = Binding(
        tool=call.tool.name,
        definition_hash=call.tool.definition_hash,
        arguments=arguments,
        account=call.account,
        policy_version=book.version,
        connector_version=call.tool.connector_version,
    )
    words = words_of(ask.card_of(ctx, row), call)
    edited = {"arguments": arguments, "digest": binding.digest, "policy_version": book.version, "words": words}
    changes = {"edited_ref": ctx.bodies.put(row["run_id"], edited), "effective_digest": binding.digest}
    answer = _decide(ctx, row, ApprovalState.EDITED, message.hold_seconds, changes)
    return replace(answer, title=words["title"])


@command(RejectAction, permission="approvals.decide.low", route="POST /approvals/{approval_id}/reject", owner=_asked_by)
def reject_action(ctx: Context, message: RejectAction) -> Answer:
    row = _open(ctx, message.approval_id, digest=message.digest)
    if len(message.reason) > MAX_REASON:
        raise Invalid(f"The reason may have at most {MAX_REASON:,} characters. Say it shorter.")
    reason = {"reason": message.reason.strip()}
    ref = ctx.bodies.put(row["run_id"], reason) if message.reason.strip() else None
    changes = {"reason_ref": ref, "stop": message.stop}
    return _decide(ctx, row, ApprovalState.REJECTED, message.hold_seconds, changes)


@command(UndoAnswer, permission="approvals.decide.low", route="POST /approvals/{approval_id}/undo", owner=_asked_by)
def undo_answer(ctx: Context, message: UndoAnswer) -> None:
    row = _load(ctx, message.approval_id)
    if row["decided_by"] != ctx.actor.id:
        raise Conflict("Only whoever gave an answer can take it back. Cancel the run if it must not go on.")
    if row["state"] == ApprovalState.WITHDRAWN.value:
        raise Conflict(
            "Its run has ended, so there is nothing to take back. A rule that was made with the answer stays; it can be "
            "removed under Rules."
        )
    if not ask.is_held(row, ctx.now):
        raise Conflict("It is too late to take this back: it was handed on. Cancel the run if it must not go on.")
    changes = {
        "state": ApprovalState.WAITING.value,
        "decided_at": None,
        "decided_by": None,
        "hold_until": None,
        "edited_ref": None,
        "effective_digest": None,
        "reason_ref": None,
        "rule_id": None,
        "stop": False,
    }
    if row["rule_id"]:
        _withdraw_rule(ctx, row["rule_id"])
    expect = {"state": row["state"], "spent_at": None, "hold_until": row["hold_until"]}
    if ctx.update(approvals, row["id"], changes, expect=expect) is None:
        raise Conflict("It is too late to take this back: it was handed on. Cancel the run if it must not go on.")
    ctx.emit(ApprovalUndone(row["id"], row["run_id"], row["action_id"]))


@command(ExpireApprovals, permission=INTERNAL)
def expire_approvals(ctx: Context, message: ExpireApprovals) -> int:
    statement = select(approvals.c.id).where(
        approvals.c.workspace_id == ctx.workspace_id,
        approvals.c.state == ApprovalState.WAITING.value,
        approvals.c.expires_at <= ctx.now,
    )
    due = ctx.connection.execute(statement).scalars().all()
    return sum(ask.close_question(ctx, key, ApprovalState.EXPIRED, "Nobody answered in time.") for key in due)


def _load(ctx: ReadContext, approval_id: str) -> Mapping[str, Any]:
    row = ctx.get(approvals, approval_id)
    if row is None:
        raise NotFound(f"There is no question {approval_id} in this workspace. 'legate inbox' lists what waits.")
    return row


def _open(ctx: Context, approval_id: str, *, digest: str = "", is_edit: bool = False) -> Mapping[str, Any]:
    """The question, if it still waits, shows what the answer is about, and this person may answer it."""
    row = _load(ctx, approval_id)
    ctx.port(MatrixAuthorizer).require(
        ctx, decide_permission(row["risk"], edit=is_edit), owner=row["initiator"], author=row["initiator"]
    )
    if row["state"] != ApprovalState.WAITING.value:
        raise Conflict(_already(row), state=row["state"], decided_by=row["decided_by"] or "")
    if row["expires_at"] <= ctx.now:
        raise Conflict("This question expired and nothing was run. Start the work again if it is still needed.")
    if digest and digest != row["digest"]:
        raise Conflict("This is not what the card showed any more. Look at it again before you answer.")
    return row


def _already(row: Mapping[str, Any]) -> str:
    who = row["decided_by"] or "the engine"
    words = {
        "approved": f"{who} approved this already",
        "edited": f"{who} edited and approved this already",
        "rejected": f"{who} rejected this already",
        "expired": "This question expired and nothing was run",
        "withdrawn": "This question was withdrawn with its run",
    }[row["state"]]
    return f"{words}. Nothing was changed by your answer; look at the run to see what became of it."


def _decide(
    ctx: Context, row: Mapping[str, Any], state: ApprovalState, hold_seconds: float, changes: Mapping[str, Any]
) -> Answer:
    if not 0 <= hold_seconds <= MAX_HOLD_SECONDS:
        raise Invalid(f"An answer can be held for 0 to {MAX_HOLD_SECONDS:g} seconds.")
    hold_until = ctx.now + int(hold_seconds * 1000)
    decided = {
        "state": state.value,
        "decided_at": ctx.now,
        "decided_by": ctx.actor.id,
        "hold_until": hold_until,
        **changes,
    }
    if ctx.update(approvals, row["id"], decided, expect={"state": ApprovalState.WAITING.value}) is None:
        raise Conflict(_already(_load(ctx, row["id"])))
    ctx.emit(
        ApprovalDecided(
            row["id"],
            row["run_id"],
            row["action_id"],
            state.value,
            ctx.actor.id,
            hold_until,
            bool(changes.get("stop")),
            row["initiator"] == ctx.actor.id,
        )
    )
    return Answer(row["id"], state.value, hold_until, str(changes.get("rule_id") or ""))


def _make_rule(ctx: Context, row: Mapping[str, Any], message: ApproveAction) -> str:
    body = ask.body_of(ctx, row)
    call = call_of(ctx, row, body, body["card"]["raw_arguments"])
    scope = next((scope for scope in scopes_for(call) if scope.id == message.scope), None)
    if scope is None or scope.rule is None:
        known = ", ".join(scope.id for scope in scopes_for(call) if scope.rule is not None) or "none"
        raise Invalid(f"This question offers no scope {message.scope!r}. It offers: {known}.")
    rule = rule_from(scope, new_id("rul"), amount=message.amount, ends_at=message.ends_at)
    # While the answer can be taken back, nothing else may lean on its rule.
    held = replace(rule, starts_at=ctx.now + int(message.hold_seconds * 1000)) if message.hold_seconds else rule
    asker = str(row["initiator"])
    return policy.add_rule(ctx, held, lambda change: check_answer(ctx, change, asker), approval_id=row["id"])


def _withdraw_rule(ctx: Context, rule_id: str) -> None:
    """Take back the rule that an answer made, unless somebody deleted it already."""
    with suppress(NotFound):
        policy.delete_rule(ctx, rule_id, lambda _change: False)


def call_of(ctx: ReadContext, row: Mapping[str, Any], body: Mapping[str, Any], arguments: Mapping[str, Any]) -> Call:
    """The call that a question was asked about, with these arguments, as it would be judged now."""
    asked = body["call"]
    return Call(
        tool=ctx.port(Catalog).spec(row["tool"]),
        arguments=arguments,
        account=asked["account"],
        agent_id=asked["agent_id"],
        run_id=row["run_id"],
        trigger=asked["trigger"],
        now=ctx.now,
    )


def facts_of(row: Mapping[str, Any], body: Mapping[str, Any], book: policy.Book) -> Facts:
    """What the first judgement knew: own words, each read as on the day it was typed so that "tomorrow" stays the same
    day, and labels. The texts of observations decide nothing and are not kept."""
    seen = tuple(
        ObservationText(item["id"], item["source"], "", item["trusted"], item["readers"])
        for item in body["observations"]
    )
    texts = body["own_words"]
    # A question from before the times were kept was judged by the day it was asked on.
    times = body.get("typed_at") or [row["asked_at"]] * len(texts)
    own_words = read_typed(Typed(text, at) for text, at in zip(texts, times, strict=True))
    return Facts(own_words=own_words, observations=seen, settings=book.settings)
