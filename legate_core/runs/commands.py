"""Starting, cancelling and erasing runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from legate_core.actions import invoke
from legate_core.agents.model import AgentDefinition
from legate_core.agents.store import living, load_definition
from legate_core.errors import Conflict, Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import INTERNAL, command
from legate_core.runs import cut_off, store
from legate_core.runs.events import RunCreated, RunErased, RunReadied
from legate_core.runs.model import FINAL, RunStatus, WaitingFor
from legate_core.runs.tables import runs

MAX_TASK = 64_000


@dataclass(frozen=True, slots=True)
class StartRun(Command[str]):
    """Run an agent's published version on a task a person wrote; answers with the run's id.

    The task is the person's own words: what stands in it is named by the person for this run.
    """

    agent_id: str
    task: str


@command(StartRun, permission="runs.start", route="POST /runs")
def start_run(ctx: Context, message: StartRun) -> str:
    if not message.task.strip():
        raise Invalid("The task is empty. Say what the agent should do.")
    if len(message.task) > MAX_TASK:
        raise Invalid(f"The task may have at most {MAX_TASK:,} characters. Put long material in a folder instead.")
    agent = living(ctx, message.agent_id)
    if not agent["published_hash"]:
        raise Conflict(f"{agent['name']} was never published, and a draft does not run by itself. Publish it first.")
    definition = load_definition(ctx, agent["published_hash"])
    return begin(ctx, new_row(ctx, agent["id"], definition, "manual"), message.task)


def new_row(ctx: Context, agent_id: str, definition: AgentDefinition, trigger: str) -> dict[str, Any]:
    """The first row of a run that the actor starts."""
    return store.new_run_row(
        agent_id=agent_id,
        definition_hash=definition.hash,
        name=definition.name,
        trigger=trigger,
        started_by=ctx.actor.id,
        now=ctx.now,
    )


def begin(ctx: Context, row: Mapping[str, Any], task: str, task_at: int | None = None) -> str:
    """Store a new run with its task, say so and wake it; its id. `task_at` is when a person typed the task, if not now."""
    ctx.bodies.open_scope(row["id"])
    typed = {"text": task, "at": ctx.now if task_at is None else task_at}
    ctx.insert(runs, {**row, "task_ref": ctx.bodies.put(row["id"], typed)})
    ctx.emit(RunCreated(row["id"], row["agent_id"], row["definition_hash"], row["trigger"]))
    ctx.wake(row["id"])
    return row["id"]


@dataclass(frozen=True, slots=True)
class CancelRun(Command[None]):
    """End a run now. What was dispatched is seen through and shown; nothing new begins."""

    run_id: str
    reason: str = ""


def _starter(ctx: ReadContext, message: CancelRun) -> str:
    return store.load_run(ctx, message.run_id).started_by


@command(CancelRun, permission="runs.cancel", route="POST /runs/{run_id}/cancel", owner=_starter)
def cancel_run(ctx: Context, message: CancelRun) -> None:
    cancel(ctx, message.run_id, message.reason or "Cancelled by a person.")


def cancel(ctx: Context, run_id: str, reason: str) -> None:
    """Cancel a run in the transaction of whoever asks: a person, a rejection that stops, the stop of everything."""
    run = store.load_run(ctx, run_id)
    if run.status in FINAL:
        raise Conflict(f"Run {run_id} has already ended: {run.status.value}.")
    invoke.withdraw_open(ctx, run_id, reason)
    store.finish(ctx, cut_off.charge(ctx, run_id), RunStatus.CANCELLED, reason)
    ctx.wake(run_id)


@dataclass(frozen=True, slots=True)
class StopEverything(Command[int]):
    """Cancel every run of the workspace that has not ended; answers how many that were."""

    reason: str = ""


@command(StopEverything, permission="recall.workspace", route="POST /runs/stop")
def stop_everything(ctx: Context, message: StopEverything) -> int:
    open_runs = store.open_run_rows(ctx)
    for row in open_runs:
        cancel(ctx, row["id"], message.reason or "Everything was stopped by a person.")
    return len(open_runs)


@dataclass(frozen=True, slots=True)
class EraseRun(Command[None]):
    """Forget a finished run's content and its key. Its entries stay in the journal, which still verifies."""

    run_id: str


@command(EraseRun, permission="runs.erase", route="POST /runs/{run_id}/erase")
def erase_run(ctx: Context, message: EraseRun) -> None:
    erase(ctx, message.run_id)


def erase(ctx: Context, run_id: str) -> None:
    """Erase a run in the transaction of whoever asks: a person, or what keeps content for so many days only."""
    run = store.load_run(ctx, run_id)
    if run.status not in FINAL:
        raise Conflict(f"Run {run.id} is still {run.status.value}. Cancel it or let it end, then erase it.")
    if store.count_open_actions(ctx.connection, ctx.workspace_id, run.id):
        raise Conflict("Something of this run is in doubt. Say what became of it ('legate doubt'), then erase the run.")
    ctx.update(runs, run.id, {"is_erased": True})
    # Emitted before the key goes, because its commitment needs a salt; both are in one transaction.
    ctx.emit(RunErased(run.id))
    ctx.bodies.erase(run.id)


@dataclass(frozen=True, slots=True)
class ReadyDueRuns(Command[list[str]]):
    """Make every waiting run whose timer has passed ready; answers with the ids of all runs that are ready."""


@command(ReadyDueRuns, permission=INTERNAL)
def ready_due_runs(ctx: Context, message: ReadyDueRuns) -> list[str]:
    due = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status == RunStatus.WAITING.value,
        runs.c.wake_at.is_not(None),
        runs.c.wake_at <= ctx.now,
    )
    for run_id in ctx.connection.execute(due).scalars().all():
        ready(ctx, run_id, "timer")
    statement = select(runs.c.id).where(runs.c.workspace_id == ctx.workspace_id, runs.c.status == RunStatus.READY.value)
    return list(ctx.connection.execute(statement).scalars())


def ready(ctx: Context, run_id: str, because: str) -> bool:
    """Move a parked run to ready, once; whether it was parked at all."""
    row = ctx.get(runs, run_id)
    if row is None or row["status"] not in (RunStatus.WAITING.value, RunStatus.IN_DOUBT.value):
        return False
    changes = {"status": RunStatus.READY.value, "waiting_for": WaitingFor.NOTHING.value, "wake_at": None}
    if ctx.update(runs, run_id, changes, expect={"status": row["status"], "fence": row["fence"]}) is None:
        return False
    ctx.emit(RunReadied(run_id, because))
    ctx.wake(run_id)
    return True
