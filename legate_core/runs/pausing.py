"""Pausing a workspace: no run of it begins or goes on until somebody resumes them, and nothing is lost by that.

A pause is a row, so it holds in every process and over a restart. A worker looks at it when it claims a run, before each
step that asks a model or acts, and once more in the commit that would let a call out. What is on its way already is seen
through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import select

from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command, LiveQuery, Recorded, Reread
from legate_core.kernel.registry import command, query
from legate_core.runs.commands import ready
from legate_core.runs.events import RunsPaused, RunsResumed
from legate_core.runs.model import RunStatus, WaitingFor
from legate_core.runs.tables import pauses, runs

RUNS = "runs"


@dataclass(frozen=True, slots=True)
class PauseState:
    """Whether the runs of the workspace are paused; since when (milliseconds) and by whom, where they are."""

    is_paused: bool
    since: int = 0
    by: str = ""


@dataclass(frozen=True)
class RunsPause(LiveQuery[PauseState]):
    """Whether the runs of the workspace are paused, live: one row, under `runs`."""

    listens: ClassVar[frozenset[str]] = frozenset({RunsPaused.name, RunsResumed.name})
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, PauseState], event: Recorded) -> Reread:
        return Reread(frozenset({RUNS}))


@query(RunsPause, permission="runs.view", route="GET /pause")
def runs_pause(ctx: ReadContext, message: RunsPause) -> dict[str, PauseState]:
    row = ctx.get(pauses, RUNS)
    if row is None or not row["is_paused"]:
        return {RUNS: PauseState(False)}
    return {RUNS: PauseState(True, row["changed_at"], row["changed_by"])}


@dataclass(frozen=True, slots=True)
class PauseRuns(Command[None]):
    """Let no run of the workspace begin or go on. Each that is running stops before its next step; none is ended."""


@command(PauseRuns, permission="recall.workspace", route="POST /runs/pause")
def pause_runs(ctx: Context, message: PauseRuns) -> None:
    if _set(ctx, True):
        ctx.emit(RunsPaused())


@dataclass(frozen=True, slots=True)
class ResumeRuns(Command[None]):
    """Let the runs of the workspace go on, each where it was, and those begin that were started meanwhile."""


@command(ResumeRuns, permission="recall.workspace", route="POST /runs/resume")
def resume_runs(ctx: Context, message: ResumeRuns) -> None:
    if not _set(ctx, False):
        return
    ctx.emit(RunsResumed())
    held = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status == RunStatus.WAITING.value,
        runs.c.waiting_for == WaitingFor.PAUSE.value,
    )
    for run_id in ctx.connection.execute(held).scalars().all():
        ready(ctx, run_id, RunsResumed.name)
    begun = select(runs.c.id).where(runs.c.workspace_id == ctx.workspace_id, runs.c.status == RunStatus.READY.value)
    for run_id in ctx.connection.execute(begun).scalars().all():
        ctx.wake(run_id)


def are_paused(ctx: ReadContext) -> bool:
    """Whether the runs of this workspace are paused, as this transaction sees it."""
    row = ctx.get(pauses, RUNS)
    return row is not None and row["is_paused"]


def stay_paused(ctx: Context) -> bool:
    """The same, and until this transaction ends nobody resumes: whoever parks a run for a pause must ask this, or the
    run could be parked right after everything was resumed, and wait for ever."""
    row = ctx.hold(pauses, RUNS)
    return row is not None and row["is_paused"]


def _set(ctx: Context, is_paused: bool) -> bool:
    """Write the row; whether that changed anything. To pause what is paused is no mistake: two people may press at once."""
    fields = {"is_paused": is_paused, "changed_by": ctx.actor.id, "changed_at": ctx.now}
    row = ctx.hold(pauses, RUNS)
    if row is None:
        if is_paused:
            ctx.insert(pauses, {"id": RUNS} | fields)
        return is_paused
    return ctx.update(pauses, RUNS, fields, expect={"is_paused": not is_paused}) is not None
