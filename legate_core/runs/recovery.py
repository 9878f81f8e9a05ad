"""What a start does about the runs that the last process left behind."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.runs.model import RunStatus
from legate_core.runs.tables import runs
from legate_core.runs.transport import Transport


async def recover(kernel: Kernel, transport: Transport) -> int:
    """Recover every run that is still marked as running, which at start means its worker is dead; how many.

    Only the owner of the data folder calls this, before anything else advances runs. Waiting runs are not touched:
    they cost nothing but their rows.
    """
    count = 0
    for workspace_id in transport.workspaces:

        def abandoned(ctx: ReadContext) -> list[str]:
            statement = select(runs.c.id).where(
                runs.c.workspace_id == ctx.workspace_id, runs.c.status == RunStatus.RUNNING.value
            )
            return list(ctx.connection.execute(statement).scalars())

        for run_id in await kernel.look(kernel.system(workspace_id), abandoned):
            await transport.recover(workspace_id, run_id)
            count += 1
    return count
