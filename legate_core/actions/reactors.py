"""What an action does on hearing that its question was answered, taken back or closed."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.actions.follow import follow
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
    _follow(ctx, fact)


@reactor("actions.undone", ApprovalUndone)
def wait_again(ctx: Context, fact: Recorded) -> None:
    """An answer was taken back: the action waits again, as it was proposed."""
    _follow(ctx, fact)


def _follow(ctx: Context, fact: Recorded) -> None:
    row = ctx.get(actions, str(fact.body["action_id"]))
    approval = ctx.get(approvals, str(fact.body["approval_id"]))
    if row is not None and approval is not None:
        follow(ctx, row, approval)


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
