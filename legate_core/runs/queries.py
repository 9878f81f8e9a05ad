"""The list of runs and the log of one, live; and a run's final answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import select

from legate_core.actions.events import (
    ActionDenied,
    ActionDispatched,
    ActionProposed,
    ActionReady,
    ActionReopened,
    ActionSettled,
    ActionWithdrawn,
)
from legate_core.errors import NotFound
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.runs import store
from legate_core.runs.events import (
    MoneyReserved,
    RunClaimed,
    RunCreated,
    RunErased,
    RunFinished,
    RunParked,
    RunReadied,
    RunStepped,
)
from legate_core.runs.model import RunDetail, RunRow, StepRow
from legate_core.runs.tables import runs

RUN_EVENTS = frozenset(
    event.name
    for event in (RunCreated, RunClaimed, RunStepped, RunParked, RunReadied, RunFinished, RunErased, MoneyReserved)
)
ACTION_EVENTS = frozenset(
    event.name
    for event in (
        ActionProposed,
        ActionReady,
        ActionDenied,
        ActionReopened,
        ActionDispatched,
        ActionSettled,
        ActionWithdrawn,
    )
)


@dataclass(frozen=True)
class Runs(LiveQuery[RunRow]):
    """Every run of the workspace, the newest in front; from a time on (milliseconds) where `since` is given."""

    listens: ClassVar[frozenset[str]] = RUN_EVENTS
    since: int = 0
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, RunRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["run_id"])}))


@query(Runs, permission="runs.view", route="GET /runs")
def list_runs(ctx: ReadContext, message: Runs) -> dict[str, RunRow]:
    statement = select(runs).where(runs.c.workspace_id == ctx.workspace_id, runs.c.created_at >= message.since)
    if message.ids is not None:
        statement = statement.where(runs.c.id.in_(message.ids))
    rows = ctx.rows(statement.order_by(runs.c.created_at.desc(), runs.c.id.desc()))
    return {row["id"]: store.run_row(row) for row in rows}


@dataclass(frozen=True)
class RunLog(LiveQuery[StepRow]):
    """The steps of one run in order. Without the right to its payloads their content is left out."""

    listens: ClassVar[frozenset[str]] = frozenset({RunStepped.name, RunErased.name}) | ACTION_EVENTS
    run_id: str
    ids: tuple[str, ...] | None = None

    def concerns(self, event: Recorded) -> bool:
        return event.body["run_id"] == self.run_id

    def apply(self, rows: Mapping[str, StepRow], event: Recorded) -> Mapping[str, StepRow] | Reread:
        if event.name == RunStepped.name:
            return Reread(frozenset({str(event.body["step_id"])}))
        if event.name == RunErased.name:
            return Reread(frozenset(rows))
        action_id = event.body["action_id"]
        return Reread(frozenset(row.id for row in rows.values() if row.action_id == action_id))


@query(RunLog, permission="runs.view", route="GET /runs/{run_id}/steps")
def run_log(ctx: ReadContext, message: RunLog) -> dict[str, StepRow]:
    run = store.load_run(ctx, message.run_id)
    actions = {row["id"]: row for row in store.rows_of_actions(ctx, run.id)}
    bodies = ctx.bodies.all(run.id) if _may_read(ctx, run.started_by) and not run.is_erased else {}
    found: dict[str, StepRow] = {}
    for row in store.rows_of_steps(ctx, run.id, message.ids):
        action = actions.get(row["action_id"] or "")
        found[row["id"]] = store.step_row(row, action, store.detail_of(row, action, bodies))
    return found


@dataclass(frozen=True, slots=True)
class Run(Query[RunDetail]):
    """One run: its line, the task it was given and its final answer."""

    run_id: str


@query(Run, permission="runs.view", route="GET /runs/{run_id}")
def one_run(ctx: ReadContext, message: Run) -> RunDetail:
    row = ctx.get(runs, message.run_id)
    if row is None:
        raise NotFound(f"There is no run {message.run_id} in this workspace. 'legate runs' lists them.")
    shown = _may_read(ctx, row["started_by"]) and not row["is_erased"]
    return RunDetail(
        row=store.run_row(row),
        task=_text(ctx, row["id"], row["task_ref"]) if shown else "",
        result=_text(ctx, row["id"], row["result_ref"]) if shown else "",
        is_erased=row["is_erased"],
    )


def _may_read(ctx: ReadContext, started_by: str) -> bool:
    if ctx.actor.kind == "system":
        return True
    cell = ctx.port(MatrixAuthorizer).cell(ctx, "runs.view.payloads")
    return cell.everything or (cell.own and started_by == ctx.actor.id)


def _text(ctx: ReadContext, run_id: str, ref: str | None) -> str:
    body: Any = ctx.bodies.get(run_id, ref) if ref else {"text": ""}
    return str(body["text"])
