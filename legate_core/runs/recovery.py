"""What a start does about the runs that the last process left behind."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.runs.executor import Executor
from legate_core.runs.model import RunStatus
from legate_core.runs.tables import runs
from legate_core.runs.transport import Transport


async def recover(kernel: Kernel, executor: Executor, transport: Transport) -> int:
    """Recover every run that is still marked as running, which at start means its worker is dead; how many.

    Only the owner of the data folder calls this, before anything else advances runs. Waiting runs are not touched:
    they cost nothing but their rows.
    """
    count = 0
    for workspace_id in transport.workspaces:
        await _settle_strays(kernel, executor, workspace_id)
        for run_id in await kernel.look(kernel.system(workspace_id), _abandoned):
            await transport.recover(workspace_id, run_id)
            count += 1
    return count


def _abandoned(ctx: ReadContext) -> list[str]:
    statement = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id, runs.c.status == RunStatus.RUNNING.value
    )
    return list(ctx.connection.execute(statement).scalars())


async def _settle_strays(kernel: Kernel, executor: Executor, workspace_id: str) -> None:
    """Calls that were on their way when their run was cancelled and the process died: nobody else would look at them."""

    def doubt(ctx: Context) -> list[tuple[str, str]]:
        statement = (
            select(actions.c.id, actions.c.run_id, runs.c.definition_hash)
            .join(runs, (runs.c.workspace_id == actions.c.workspace_id) & (runs.c.id == actions.c.run_id))
            .where(
                actions.c.workspace_id == ctx.workspace_id,
                actions.c.state == ActionState.DISPATCHED.value,
                runs.c.status != RunStatus.RUNNING.value,
            )
        )
        found = ctx.connection.execute(statement).all()
        for run_id in {run_id for _, run_id, _ in found}:
            invoke.doubt_dispatched(ctx, run_id)
        return [(definition_hash, action_id) for action_id, _, definition_hash in found]

    for definition_hash, action_id in await kernel.change(kernel.system(workspace_id), doubt, "recovery"):
        await executor.probe(workspace_id, definition_hash, action_id)
