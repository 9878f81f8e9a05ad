"""What an action does on hearing that its question was answered, taken back or closed."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.actions.events import ActionReady, ActionReopened
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.approvals.events import ApprovalClosed, ApprovalDecided, ApprovalUndone
from legate_core.approvals.model import ApprovalState
from legate_core.approvals.tables import approvals
from legate_core.kernel.context import Context
from legate_core.kernel.messages import Recorded
from legate_core.kernel.reactors import reactor

NOBODY_ANSWERED = "Nobody answered in time, so this was not run. Go on without it, or say that it is still needed."


@reactor("actions.answered", ApprovalDecided)
def hand_on(ctx: Context, fact: Recorded) -> None:
    """An answer reaches its action: from waiting to ready, once. What was edited runs as edited; a no is told there."""
    approval = ctx.get(approvals, str(fact.body["approval_id"]))
    if approval is None or approval["state"] != fact.body["state"] or approval["hold_until"] != fact.body["hold_until"]:
        # Taken back since, or answered anew: that fact has its own turn.
        return
    changes = {"state": ActionState.READY.value, "hold_until": approval["hold_until"]}
    if approval["edited_ref"]:
        edited = ctx.bodies.get(approval["run_id"], approval["edited_ref"])
        changes |= {"effective_ref": approval["edited_ref"], "policy_version": edited["policy_version"]}
    expect = {"state": ActionState.WAITING.value, "approval_id": approval["id"]}
    if ctx.update(actions, approval["action_id"], changes, expect=expect) is not None:
        ctx.emit(ActionReady(approval["action_id"], approval["run_id"], approval["id"], approval["hold_until"]))


@reactor("actions.undone", ApprovalUndone)
def wait_again(ctx: Context, fact: Recorded) -> None:
    """An answer was taken back: the action waits again, as it was proposed."""
    row = ctx.get(actions, str(fact.body["action_id"]))
    approval = ctx.get(approvals, str(fact.body["approval_id"]))
    if row is None or approval is None or approval["state"] != ApprovalState.WAITING.value:
        return
    proposed = ctx.bodies.get(row["run_id"], row["call_ref"])
    changes = {
        "state": ActionState.WAITING.value,
        "hold_until": None,
        "effective_ref": None,
        "policy_version": proposed["policy_version"],
    }
    expect = {"state": ActionState.READY.value, "approval_id": approval["id"]}
    if ctx.update(actions, row["id"], changes, expect=expect) is not None:
        ctx.emit(ActionReopened(row["id"], row["run_id"], approval["id"]))


@reactor("actions.expired", ApprovalClosed)
def tell_nobody_answered(ctx: Context, fact: Recorded) -> None:
    """A question expired: its action is denied, and the agent is told that nobody answered."""
    if fact.body["state"] != ApprovalState.EXPIRED.value:
        return
    statement = select(actions).where(
        actions.c.workspace_id == ctx.workspace_id,
        actions.c.id == fact.body["action_id"],
        actions.c.state == ActionState.WAITING.value,
    )
    row = next(iter(ctx.rows(statement)), None)
    if row is not None:
        invoke.deny(ctx, row, NOBODY_ANSWERED)
