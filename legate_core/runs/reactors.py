"""What a run does on hearing that one of its actions moved."""

from __future__ import annotations

from sqlalchemy import select

from legate_core.actions.events import ActionDenied, ActionReady, ActionReopened, ActionSettled
from legate_core.kernel.context import Context
from legate_core.kernel.messages import Recorded
from legate_core.kernel.reactors import reactor
from legate_core.runs import store
from legate_core.runs.commands import ready
from legate_core.runs.events import RunParked
from legate_core.runs.model import RunStatus, WaitingFor
from legate_core.runs.tables import runs
from legate_core.vault.events import VaultUnsealed

NO_REASON_TO_LOOK = (
    WaitingFor.VAULT.value,
    WaitingFor.BUDGET.value,
    WaitingFor.TIMER.value,
    WaitingFor.PAUSE.value,
)
"""What a run waits for that no fact about its actions ends: for the vault, money or a time it asks its model next, so every
action it had is settled; after a pause it looks at all of them."""


@reactor("runs.wake", ActionReady, ActionDenied, ActionSettled)
def wake_run(ctx: Context, fact: Recorded) -> None:
    """An action of a parked run can go on, or has come to its end: the run is ready, at once or after the hold."""
    run_id = str(fact.body["run_id"])
    hold_until = int(fact.body.get("hold_until") or 0)
    if fact.name == ActionSettled.name and fact.body["state"] == "in_doubt":
        return
    row = ctx.get(runs, run_id)
    if row is not None and row["waiting_for"] in NO_REASON_TO_LOOK:
        return
    if hold_until <= ctx.now:
        ready(ctx, run_id, fact.name)
        return
    if row is None or row["status"] not in (RunStatus.WAITING.value, RunStatus.IN_DOUBT.value):
        return
    wake_at = min(hold_until, row["wake_at"] or hold_until)
    if ctx.update(runs, run_id, {"wake_at": wake_at}, expect={"status": row["status"], "fence": row["fence"]}):
        ctx.emit(RunParked(run_id, row["status"], row["waiting_for"]))
        ctx.wake(run_id)


@reactor("runs.hold", ActionReopened)
def hold_run(ctx: Context, fact: Recorded) -> None:
    """An answer was taken back: nothing is due any more unless another answer is."""
    run_id = str(fact.body["run_id"])
    row = ctx.get(runs, run_id)
    if row is None or row["status"] != RunStatus.WAITING.value or row["wake_at"] is None:
        return
    holds = [action["hold_until"] or 0 for action in store.rows_of_actions(ctx, run_id) if action["state"] == "ready"]
    ctx.update(runs, run_id, {"wake_at": min(holds, default=None)}, expect={"fence": row["fence"]})
    ctx.emit(RunParked(run_id, row["status"], row["waiting_for"]))


@reactor("runs.vault", VaultUnsealed)
def go_on_unsealed(ctx: Context, fact: Recorded) -> None:
    """The vault lends again: every run that waited for it is ready."""
    statement = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status == RunStatus.WAITING.value,
        runs.c.waiting_for == WaitingFor.VAULT.value,
    )
    for run_id in ctx.connection.execute(statement).scalars().all():
        ready(ctx, run_id, fact.name)
