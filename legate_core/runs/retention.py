"""How long the content of ended runs is kept: after so many days its key is destroyed, and the journal still verifies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select

from legate_core.actions.model import OPEN
from legate_core.actions.tables import actions
from legate_core.errors import Invalid
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command, Query
from legate_core.kernel.registry import INTERNAL, command, query
from legate_core.runs.commands import erase
from legate_core.runs.events import RetentionSet
from legate_core.runs.model import FINAL
from legate_core.runs.tables import retentions, runs

RUNS = "runs"
MAX_DAYS = 3650
DAY_MS = 86_400_000
GRACE_MS = 10 * 60 * 1000
"""Nothing is erased so soon after a change, so that whoever made it can take it back."""
AT_ONCE = 50
"""Runs that one transaction erases, so that nobody waits long for the writer."""


@dataclass(frozen=True, slots=True)
class RetentionState:
    """How long content is kept, 0 for good; `due` is how many ended runs are older than that and still have theirs."""

    days: int
    set_at: int
    due: int


@dataclass(frozen=True, slots=True)
class Retention(Query[RetentionState]):
    """How long the content of ended runs is kept. With `days` it says what that many days would mean now."""

    days: int = 0


@query(Retention, permission="runs.view", route="GET /retention")
def retention(ctx: ReadContext, message: Retention) -> RetentionState:
    if message.days:
        _check(message.days)
    days, set_at = _kept(ctx)
    counted = message.days or days
    due = ctx.connection.execute(_old(ctx, counted, func.count())).scalar_one() if counted else 0
    return RetentionState(days, set_at, due)


@dataclass(frozen=True, slots=True)
class SetRetention(Command[None]):
    """Keep the content of ended runs for so many days, 0 for good. What is older is erased within the hour, not at once.

    Keeping it for less long than before destroys something, so it needs what erasing a run needs.
    """

    days: int


@command(SetRetention, permission="workspace.settings.edit", route="PUT /retention")
def set_retention(ctx: Context, message: SetRetention) -> None:
    if message.days:
        _check(message.days)
    before, set_at = _kept(ctx)
    if message.days and (not before or message.days < before):
        ctx.port(MatrixAuthorizer).require(ctx, "runs.erase")
    fields = {"days": message.days, "set_by": ctx.actor.id, "set_at": ctx.now}
    if set_at:
        ctx.update(retentions, RUNS, fields)
    else:
        ctx.insert(retentions, {"id": RUNS} | fields)
    ctx.emit(RetentionSet(message.days))


@dataclass(frozen=True, slots=True)
class EraseOldRuns(Command[int]):
    """Erase some of the runs whose content was kept long enough; how many. Sent by the engine until there are none."""


@command(EraseOldRuns, permission=INTERNAL)
def erase_old_runs(ctx: Context, message: EraseOldRuns) -> int:
    days, set_at = _kept(ctx)
    if not days or ctx.now < set_at + GRACE_MS:
        return 0
    found = list(
        ctx.connection.execute(_old(ctx, days, runs.c.id).order_by(runs.c.finished_at).limit(AT_ONCE)).scalars()
    )
    for run_id in found:
        erase(ctx, run_id)
    return len(found)


def _kept(ctx: ReadContext) -> tuple[int, int]:
    row = ctx.get(retentions, RUNS)
    return (row["days"], row["set_at"]) if row is not None else (0, 0)


def _old(ctx: ReadContext, days: int, what: Any) -> Select[Any]:
    """Ended runs with content, older than that. One of which something is in doubt keeps it: a person still has to look."""
    is_open = exists().where(
        actions.c.workspace_id == runs.c.workspace_id,
        actions.c.run_id == runs.c.id,
        actions.c.state.in_([status.value for status in OPEN]),
    )
    return select(what).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status.in_([status.value for status in FINAL]),
        runs.c.is_erased.is_(False),
        runs.c.finished_at < ctx.now - days * DAY_MS,
        ~is_open,
    )


def _check(days: int) -> None:
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"Content is kept for 1 to {MAX_DAYS:,} days, or for good with 0. Choose another number.")
