"""What each agent did lately: its last run and what it used since a time, live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import func, select

from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.runs.events import RunCreated
from legate_core.runs.model import FINAL, RunStatus
from legate_core.runs.queries import RUN_EVENTS
from legate_core.runs.tables import runs


@dataclass(frozen=True, slots=True)
class AgentActivity:
    """One agent that ever ran. Cost in millionths and tokens of the runs begun since the time asked for.

    `unended` are the ids of its runs that have not ended; what happens to them changes this row.
    """

    id: str
    last_run_id: str
    last_status: str
    last_waiting_for: str
    last_at: int
    runs: int
    cost_micros: int
    tokens: int
    unended: tuple[str, ...]


@dataclass(frozen=True)
class AgentActivities(LiveQuery[AgentActivity]):
    """Every agent that ever ran, with its last run and what it used since a time (milliseconds)."""

    listens: ClassVar[frozenset[str]] = RUN_EVENTS
    since: int = 0
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, AgentActivity], event: Recorded) -> Mapping[str, AgentActivity] | Reread:
        if event.name == RunCreated.name:
            return Reread(frozenset({str(event.body["agent_id"])}))
        run_id = event.body["run_id"]
        concerned = {row.id for row in rows.values() if run_id == row.last_run_id or run_id in row.unended}
        # A run that ended before these rows were read does not change any more.
        return Reread(frozenset(concerned)) if concerned else rows


@query(AgentActivities, permission="runs.view", route="GET /agent-activity")
def agent_activities(ctx: ReadContext, message: AgentActivities) -> dict[str, AgentActivity]:
    found: dict[str, AgentActivity] = {}
    used = {row["agent_id"]: row for row in ctx.rows(_used(ctx, message))}
    unended: dict[str, list[str]] = {}
    for row in ctx.rows(_unended(ctx, message)):
        unended.setdefault(row["agent_id"], []).append(row["id"])
    for row in ctx.rows(_last(ctx, message)):
        agent_id = row["agent_id"]
        since: Mapping[str, Any] = used.get(agent_id, {})
        found[agent_id] = AgentActivity(
            id=agent_id,
            last_run_id=row["id"],
            last_status=row["status"],
            last_waiting_for=row["waiting_for"],
            last_at=row["created_at"],
            runs=since.get("runs", 0),
            cost_micros=int(since.get("cost", 0) or 0),
            tokens=int(since.get("tokens", 0) or 0),
            unended=tuple(unended.get(agent_id, ())),
        )
    return found


def _narrowed(statement: Any, ctx: ReadContext, message: AgentActivities) -> Any:
    statement = statement.where(runs.c.workspace_id == ctx.workspace_id)
    return statement if message.ids is None else statement.where(runs.c.agent_id.in_(message.ids))


def _used(ctx: ReadContext, message: AgentActivities) -> Any:
    columns = (
        runs.c.agent_id,
        func.count().label("runs"),
        func.sum(runs.c.cost_micros).label("cost"),
        func.sum(runs.c.input_tokens + runs.c.output_tokens).label("tokens"),
    )
    statement = select(*columns).where(runs.c.created_at >= message.since).group_by(runs.c.agent_id)
    return _narrowed(statement, ctx, message)


def _unended(ctx: ReadContext, message: AgentActivities) -> Any:
    states = [status.value for status in RunStatus if status not in FINAL]
    statement = select(runs.c.agent_id, runs.c.id).where(runs.c.status.in_(states)).order_by(runs.c.id)
    return _narrowed(statement, ctx, message)


def _last(ctx: ReadContext, message: AgentActivities) -> Any:
    """The newest run of each agent. Ties are broken by id, so that two readers agree."""
    newest = _narrowed(
        select(runs.c.agent_id, func.max(runs.c.created_at).label("at")).group_by(runs.c.agent_id), ctx, message
    ).subquery()
    columns = (runs.c.agent_id, runs.c.id, runs.c.status, runs.c.waiting_for, runs.c.created_at)
    joined = (newest.c.agent_id == runs.c.agent_id) & (newest.c.at == runs.c.created_at)
    statement = select(*columns).join(newest, joined).order_by(runs.c.id)
    return _narrowed(statement, ctx, message)
