"""What a person does with a question without answering it: be asked later, or hand it to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legate_core.approvals.events import ApprovalDelegated, ApprovalSnoozed
from legate_core.approvals.model import ApprovalState, decide_permission
from legate_core.approvals.tables import approvals
from legate_core.errors import Conflict, Invalid, NotFound
from legate_core.identity.permissions import MATRIX, Cell
from legate_core.identity.tables import members
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command

MAX_SNOOZE_MS = 30 * 24 * 60 * 60 * 1_000


@dataclass(frozen=True, slots=True)
class SnoozeApproval(Command[None]):
    """Show a question as *later* until a time (milliseconds). Nothing else changes: it expires when it would have.

    An `until` of 0 takes that back, and so does a time that has come.
    """

    approval_id: str
    until: int = 0


@dataclass(frozen=True, slots=True)
class DelegateApproval(Command[None]):
    """Ask a colleague to answer. `to` is a member of the workspace whose role may; empty takes it back.

    It changes who is asked, never who may answer: everybody who could before still can.
    """

    approval_id: str
    to: str = ""


def _asked_by(ctx: ReadContext, message: SnoozeApproval | DelegateApproval) -> str | None:
    row = ctx.get(approvals, message.approval_id)
    return str(row["initiator"]) if row is not None else None


@command(SnoozeApproval, permission="approvals.snooze", route="POST /approvals/{approval_id}/snooze", owner=_asked_by)
def snooze_approval(ctx: Context, message: SnoozeApproval) -> None:
    row = _waiting(ctx, message.approval_id)
    if message.until and not ctx.now < message.until <= ctx.now + MAX_SNOOZE_MS:
        raise Invalid("Later is a time in the next 30 days. Choose one of them.")
    if message.until >= row["expires_at"]:
        raise Invalid("By then this question has expired and nothing will run. Choose an earlier time, or answer now.")
    _change(ctx, row, {"snoozed_until": message.until or None})
    ctx.emit(ApprovalSnoozed(row["id"], row["run_id"], message.until))


@command(
    DelegateApproval, permission="approvals.delegate", route="POST /approvals/{approval_id}/delegate", owner=_asked_by
)
def delegate_approval(ctx: Context, message: DelegateApproval) -> None:
    row = _waiting(ctx, message.approval_id)
    if message.to:
        _may_be_asked(ctx, row, message.to)
    _change(ctx, row, {"assigned_to": message.to or None})
    ctx.emit(ApprovalDelegated(row["id"], row["run_id"], message.to))


def _may_be_asked(ctx: ReadContext, row: Mapping[str, Any], person_id: str) -> None:
    member = ctx.get(members, person_id)
    if member is None:
        raise NotFound("This person is not a member of the workspace. Invite them first, or choose a member.")
    if person_id == ctx.actor.id:
        raise Invalid("You are asked already. Choose a colleague, or answer it yourself.")
    permission = decide_permission(row["risk"])
    cell = MATRIX.get(permission, {}).get(str(member["role"]), Cell())
    if not cell.holds or (cell.not_own and row["initiator"] == person_id):
        raise Invalid(f"{member['name']} may not decide this. Choose somebody whose role holds {permission}.")


def _waiting(ctx: ReadContext, approval_id: str) -> Mapping[str, Any]:
    row = ctx.get(approvals, approval_id)
    if row is None:
        raise NotFound(f"There is no question {approval_id} in this workspace. 'legate inbox' lists what waits.")
    if row["state"] != ApprovalState.WAITING.value or row["expires_at"] <= ctx.now:
        raise Conflict("This question does not wait any more. Look at the run to see what became of it.")
    return row


def _change(ctx: Context, row: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """The question still waits in this commit, or nothing is changed: an answer may have come in between."""
    if ctx.update(approvals, row["id"], changes, expect={"state": ApprovalState.WAITING.value}) is None:
        raise Conflict("This question does not wait any more. Look at the run to see what became of it.")
