"""What a start does about the runs that the last process left behind."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.runs.model import RunStatus
from legate_core.runs.tables import runs
from legate_core.runs.transport import Transport


async def recover(kernel: Kernel, transport: Transport) -> int:
    """Take over every run that is still marked as running, which at start means its worker is dead; how many.

    At once, in one transaction: every call that was on its way is in doubt. The rest goes on beside everything else, for a
    model or the other side of a call may take its time, and a person may want to cancel that run meanwhile.

    Only the owner of the data folder calls this, before anything else advances runs. Waiting runs are not touched:
    they cost nothing but their rows.
    """
    count = 0
    for workspace_id in transport.workspaces:
        actor = kernel.system(workspace_id)
        for definition_hash, action_id in await kernel.change(actor, _doubt_dispatched, "recovery"):
            transport.ask_about(workspace_id, definition_hash, action_id)
        for run_id in await kernel.look(actor, _abandoned):
            transport.take_over(workspace_id, run_id)
            count += 1
    return count


def _abandoned(ctx: ReadContext) -> list[str]:
    statement = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id, runs.c.status == RunStatus.RUNNING.value
    )
    return list(ctx.connection.execute(statement).scalars())


def _doubt_dispatched(ctx: Context) -> list[tuple[str, str]]:
    """Put every call in doubt that was on its way. Those of runs that were cancelled before the process died, which nobody
    else would look at, by the hash of their definition and their id."""
    statement = (
        select(actions.c.id, actions.c.run_id, runs.c.definition_hash, runs.c.status)
        .join(runs, (runs.c.workspace_id == actions.c.workspace_id) & (runs.c.id == actions.c.run_id))
        .where(actions.c.workspace_id == ctx.workspace_id, actions.c.state == ActionState.DISPATCHED.value)
    )
    found = ctx.connection.execute(statement).all()
    for run_id in {row.run_id for row in found}:
        invoke.doubt_dispatched(ctx, run_id)
    return [(row.definition_hash, row.id) for row in found if row.status != RunStatus.RUNNING.value]
