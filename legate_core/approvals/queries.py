"""The inbox: what waits, what was decided, and one card whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Select, select

from legate_core.approvals import ask
from legate_core.approvals.events import (
    ApprovalClosed,
    ApprovalDecided,
    ApprovalDelegated,
    ApprovalOpened,
    ApprovalSnoozed,
    ApprovalSpent,
    ApprovalUndone,
)
from legate_core.approvals.model import ApprovalDetail, ApprovalRow, ApprovalState, Card, decide_permission
from legate_core.approvals.tables import approvals
from legate_core.approvals.visibility import is_visible, may_read, withheld
from legate_core.errors import Damaged, Forbidden, NeedsReauthentication, NotFound
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel import journal
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.policy.widening import may_widen_by_answer
from legate_core.tools.spec import Effect

LISTENS = frozenset(
    {
        ApprovalOpened.name,
        ApprovalDecided.name,
        ApprovalUndone.name,
        ApprovalClosed.name,
        ApprovalSpent.name,
        ApprovalSnoozed.name,
        ApprovalDelegated.name,
    }
)

RUN_ERASED = "run.erased"
"""A fact of a room above this one: what stood on a decided card is gone with its run's content."""


@dataclass(frozen=True)
class PendingApprovals(LiveQuery[ApprovalRow]):
    """Every question that waits for a person, the one that expires first in front."""

    listens: ClassVar[frozenset[str]] = LISTENS
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, ApprovalRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["approval_id"])}))


@dataclass(frozen=True)
class DecidedApprovals(LiveQuery[ApprovalRow]):
    """Every question that was answered, expired or withdrawn since a time (milliseconds), the newest in front."""

    listens: ClassVar[frozenset[str]] = LISTENS | {RUN_ERASED}
    since: int = 0
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, ApprovalRow], event: Recorded) -> Reread:
        if event.name == RUN_ERASED:
            return Reread(frozenset(row.id for row in rows.values() if row.run_id == event.body["run_id"]))
        return Reread(frozenset({str(event.body["approval_id"])}))


@dataclass(frozen=True, slots=True)
class ApprovalCard(Query[ApprovalDetail]):
    """One question with everything on its card, and whether this person may answer it."""

    approval_id: str


@query(PendingApprovals, permission="approvals.view", route="GET /approvals")
def pending_approvals(ctx: ReadContext, message: PendingApprovals) -> dict[str, ApprovalRow]:
    statement = select(approvals).where(approvals.c.state == ApprovalState.WAITING.value)
    return _rows(ctx, statement.order_by(approvals.c.expires_at, approvals.c.id), message.ids)


@query(DecidedApprovals, permission="approvals.view", route="GET /approvals/decided")
def decided_approvals(ctx: ReadContext, message: DecidedApprovals) -> dict[str, ApprovalRow]:
    statement = select(approvals).where(
        approvals.c.state != ApprovalState.WAITING.value, approvals.c.decided_at >= message.since
    )
    return _rows(ctx, statement.order_by(approvals.c.decided_at.desc(), approvals.c.id), message.ids)


@query(ApprovalCard, permission="approvals.view", route="GET /approvals/{approval_id}")
def approval_card(ctx: ReadContext, message: ApprovalCard) -> ApprovalDetail:
    row = ctx.get(approvals, message.approval_id)
    if row is None or not is_visible(ctx, row):
        raise NotFound(
            f"There is no question {message.approval_id} in this workspace. 'legate inbox' lists what waits."
        )
    is_read = may_read(ctx, row)
    card = ask.answered_card_of(ctx, row) if is_read else withheld(ask.card_of(ctx, row), row["tool"])
    seq, entry_hash = _place(ctx, row)
    permitted, needs_proof, refusal = _may_answer(ctx, row)
    is_edited = is_read and row["edited_ref"]
    edited = ctx.bodies.get(row["run_id"], row["edited_ref"])["arguments"] if is_edited else None
    return ApprovalDetail(
        row=_row(ctx, row, card, reason=_reason(ctx, row) if is_read else ""),
        card=card,
        digest=row["digest"],
        seq=seq,
        entry_hash=entry_hash,
        risk=row["risk"],
        edited_arguments=edited,
        permitted=permitted,
        refusal=refusal,
        needs_proof=needs_proof,
        may_widen=permitted and bool(card.scopes) and may_widen_by_answer(ctx, row["initiator"]),
    )


def _rows(ctx: ReadContext, statement: Select[Any], ids: tuple[str, ...] | None) -> dict[str, ApprovalRow]:
    statement = statement.where(approvals.c.workspace_id == ctx.workspace_id)
    if ids is not None:
        statement = statement.where(approvals.c.id.in_(ids))
    rows = ctx.rows(statement)
    return {row["id"]: _row(ctx, row, *_content(ctx, row)) for row in rows if is_visible(ctx, row)}


def _content(ctx: ReadContext, row: Mapping[str, Any]) -> tuple[Card | None, str, str]:
    """The card, or None and why there is none, and the reason given: the row stays in the list either way."""
    if not may_read(ctx, row):
        return None, "content not shown to your role", ""
    try:
        return ask.answered_card_of(ctx, row), "", _reason(ctx, row)
    except NotFound:
        return None, "content erased", ""
    except Damaged:
        # One body that is missing or was changed must not close the whole inbox; 'legate verify' names it.
        return None, "content damaged", ""


def _reason(ctx: ReadContext, row: Mapping[str, Any]) -> str:
    return str(ctx.bodies.get(row["run_id"], row["reason_ref"])["reason"]) if row["reason_ref"] else ""


def _row(ctx: ReadContext, row: Mapping[str, Any], card: Card | None, lost: str = "", reason: str = "") -> ApprovalRow:
    return ApprovalRow(
        id=row["id"],
        run_id=row["run_id"],
        action_id=row["action_id"],
        state=row["state"],
        tool=row["tool"],
        effect=Effect(row["effect"]),
        agent=row["agent"],
        title=card.title if card is not None else f"call {row['tool']} ({lost})",
        why=card.why if card is not None else "",
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        decided_at=row["decided_at"] or 0,
        decided_by=row["decided_by"] or "",
        reason=reason,
        hold_until=row["hold_until"] or 0,
        like=row["like"],
        snoozed_until=row["snoozed_until"] or 0,
        assigned_to=row["assigned_to"] or "",
        outline=card.outline if card is not None else "",
    )


def _may_answer(ctx: ReadContext, row: Mapping[str, Any]) -> tuple[bool, bool, str]:
    """Whether this person may answer, whether that needs a fresh proof first, and otherwise why not, in words."""
    authorizer = ctx.port(MatrixAuthorizer)
    try:
        authorizer.require(ctx, decide_permission(row["risk"]), owner=row["initiator"], author=row["initiator"])
    except NeedsReauthentication:
        return True, True, ""
    except Forbidden as error:
        return False, False, error.message
    return True, False, ""


def _place(ctx: ReadContext, row: Mapping[str, Any]) -> tuple[int, str]:
    """Where the question stands in the journal."""
    found = journal.place(
        ctx.connection, ctx.workspace_id, row["run_id"], ApprovalOpened.name, "approval_id", row["id"]
    )
    return found if found is not None else (0, "")
