"""The history of runs, page by page, for as many as there are: never all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from legate_core.errors import Invalid
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.runs import store
from legate_core.runs.model import FINAL, RunRow, RunStatus
from legate_core.runs.tables import runs

MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, the newest first. `before` asks for the page after this one, empty where this is the last; `total` is how many
    runs there are that fit, told with the first page and -1 with the others. `as_of` is when this was read."""

    rows: tuple[RunRow, ...]
    before: str
    total: int
    as_of: int


@dataclass(frozen=True, slots=True)
class RunHistory(Query[RunPage]):
    """Runs, the newest first. Every filter that is given must hold; `text` stands in name, reason or id.

    Without `states` these are the runs that have ended; those that have not are few and followed live by `Runs`. `since` and
    `until` are times of creation in milliseconds. With `as_of` of the first page, later ones leave out what ended since, so
    that pages neither shift nor repeat while runs end.
    """

    before: str = ""
    states: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    since: int = 0
    until: int = 0
    text: str = ""
    as_of: int = 0
    limit: int = 100


@query(RunHistory, permission="runs.view", route="GET /run-history")
def run_history(ctx: ReadContext, message: RunHistory) -> RunPage:
    if not 1 <= message.limit <= MAX_PAGE:
        raise Invalid(f"A page has 1 to {MAX_PAGE} runs, not {message.limit}. Ask for as many, then for the next page.")
    wanted = _conditions(ctx, message)
    statement = select(runs).where(*wanted).order_by(runs.c.created_at.desc(), runs.c.id.desc())
    total = -1
    if message.before:
        statement = statement.where(_older_than(message.before))
    else:
        total = ctx.connection.execute(select(func.count()).select_from(runs).where(*wanted)).scalar_one()
    rows = ctx.rows(statement.limit(message.limit + 1))
    page = tuple(store.run_row(row) for row in rows[: message.limit])
    has_more = len(rows) > message.limit
    return RunPage(page, f"{page[-1].created_at}:{page[-1].id}" if has_more else "", total, message.as_of or ctx.now)


def _conditions(ctx: ReadContext, message: RunHistory) -> list[ColumnElement[bool]]:
    known = {status.value for status in RunStatus}
    if unknown := [state for state in message.states if state not in known]:
        raise Invalid(f"There is no state {unknown[0]!r}. Choose from: {', '.join(sorted(known))}.")
    states = message.states or tuple(sorted(status.value for status in FINAL))
    found: list[ColumnElement[bool]] = [runs.c.workspace_id == ctx.workspace_id, runs.c.status.in_(states)]
    if message.agents:
        found.append(runs.c.agent_id.in_(message.agents))
    if message.triggers:
        found.append(runs.c.trigger.in_(message.triggers))
    if message.since:
        found.append(runs.c.created_at >= message.since)
    if message.until:
        found.append(runs.c.created_at < message.until)
    if message.as_of:
        found.append(or_(runs.c.finished_at.is_(None), runs.c.finished_at <= message.as_of))
    for word in message.text.split()[:8]:
        columns = (runs.c.name, runs.c.reason, runs.c.id)
        found.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return found


def _older_than(cursor: str) -> ColumnElement[bool]:
    at, _, run_id = cursor.partition(":")
    if not at.isdecimal() or not run_id:
        raise Invalid("This is no place in the list of runs. Leave `before` out to begin with the newest.")
    created = int(at)
    # The first half is implied by the second, and is what an index can be searched by.
    return and_(runs.c.created_at <= created, or_(runs.c.created_at < created, runs.c.id < run_id))
