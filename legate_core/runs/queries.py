"""The list of runs and the log of one, live; and a run's final answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread, TickStream
from legate_core.kernel.registry import query, ticks
from legate_core.runs import store
from legate_core.runs.events import (
    MoneyReserved,
    RunBranched,
    RunClaimed,
    RunCreated,
    RunErased,
    RunFinished,
    RunParked,
    RunReadied,
    RunStepped,
)
from legate_core.runs.model import FINAL, RunDetail, RunRow, RunStatus, StepRow
from legate_core.runs.tables import runs

OUTLINE = 200
"""Characters of a step's content that an outline shows."""

RUN_EVENTS = frozenset(
    event.name
    for event in (
        RunCreated,
        RunBranched,
        RunClaimed,
        RunStepped,
        RunParked,
        RunReadied,
        RunFinished,
        RunErased,
        MoneyReserved,
    )
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
    """Every run of the workspace, the newest in front; from a time on (milliseconds) where `since` is given, and with
    `unended` only those that have not ended. `RunHistory` reads the others page by page."""

    listens: ClassVar[frozenset[str]] = RUN_EVENTS
    since: int = 0
    unended: bool = False
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, RunRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["run_id"])}))


@query(Runs, permission="runs.view", route="GET /runs")
def list_runs(ctx: ReadContext, message: Runs) -> dict[str, RunRow]:
    statement = select(runs).where(runs.c.workspace_id == ctx.workspace_id, runs.c.created_at >= message.since)
    if message.unended:
        statement = statement.where(runs.c.status.in_([status.value for status in RunStatus if status not in FINAL]))
    if message.ids is not None:
        statement = statement.where(runs.c.id.in_(message.ids))
    rows = ctx.rows(statement.order_by(runs.c.created_at.desc(), runs.c.id.desc()))
    return {row["id"]: store.run_row(row) for row in rows}


@dataclass(frozen=True)
class RunLog(LiveQuery[StepRow]):
    """The steps of one run in order. Without the right to its payloads their content is left out.

    As an `outline` it has the first line of each step's content only; `Step` reads one whole.
    """

    listens: ClassVar[frozenset[str]] = frozenset({RunStepped.name, RunErased.name}) | ACTION_EVENTS
    run_id: str
    outline: bool = False
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
    rows = store.rows_of_steps(ctx, run.id, message.ids)
    acting = [row["action_id"] for row in rows if row["action_id"]]
    actions = {
        row["id"]: row for row in store.rows_of_actions(ctx, run.id, acting if message.ids is not None else None)
    }
    bodies: Mapping[str, Any] = {}
    if may_read(ctx, run.started_by) and not run.is_erased:
        bodies = ctx.bodies.all(run.id) if message.ids is None else _bodies_of(ctx, run.id, rows, actions)
    found: dict[str, StepRow] = {}
    for row in rows:
        action = actions.get(row["action_id"] or "")
        detail = store.detail_of(row, action, bodies)
        found[row["id"]] = store.step_row(row, action, outlined(detail) if message.outline else detail)
    return found


def outlined(detail: str) -> str:
    """The beginning of a step's content, in one line."""
    return " ".join(detail[: 4 * OUTLINE].split())[:OUTLINE]


def _bodies_of(
    ctx: ReadContext, run_id: str, rows: Sequence[Mapping[str, Any]], actions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The bodies of these steps alone: a step of a long run is read again without the others."""
    refs = {row["body_ref"] for row in rows}
    for action in actions.values():
        refs |= {action["effective_ref"] or action["call_ref"], action["outcome_ref"]}
    return {ref: ctx.bodies.get(run_id, ref) for ref in refs if ref}


@dataclass(frozen=True, slots=True)
class Run(Query[RunDetail]):
    """One run: its line, the task it was given and its final answer."""

    run_id: str


@query(Run, permission="runs.view", route="GET /runs/{run_id}")
def one_run(ctx: ReadContext, message: Run) -> RunDetail:
    row = ctx.get(runs, message.run_id)
    if row is None:
        raise NotFound(f"There is no run {message.run_id} in this workspace. 'legate runs' lists them.")
    shown = may_read(ctx, row["started_by"]) and not row["is_erased"]
    return RunDetail(
        row=store.run_row(row),
        task=_text(ctx, row["id"], row["task_ref"]) if shown else "",
        result=_text(ctx, row["id"], row["result_ref"]) if shown else "",
        is_erased=row["is_erased"],
    )


@dataclass(frozen=True, slots=True)
class RunTicks(TickStream):
    """What a run streams right now: text as it is written, steps of progress. Nothing of it is kept."""

    prefix: ClassVar[str] = "run_"
    run_id: str


def _starter(ctx: ReadContext, message: RunTicks) -> str:
    return store.load_run(ctx, message.run_id).started_by


@ticks(RunTicks, permission="runs.view.payloads", route="GET /runs/{run_id}/ticks", owner=_starter)
def run_ticks(ctx: ReadContext, message: RunTicks) -> None:
    store.load_run(ctx, message.run_id)


def may_read(ctx: ReadContext, started_by: str) -> bool:
    """Whether the actor may read the content of a run that this person started."""
    if ctx.actor.kind == "system":
        return True
    cell = ctx.port(MatrixAuthorizer).cell(ctx, "runs.view.payloads")
    return cell.everything or (cell.own and started_by == ctx.actor.id)


def _text(ctx: ReadContext, run_id: str, ref: str | None) -> str:
    body: Any = ctx.bodies.get(run_id, ref) if ref else {"text": ""}
    return str(body["text"])
