"""Limits on money: of a run, an agent and the workspace; in all, in a month, in a day. What is spent is read from the log.

The limit in an agent's definition is one on the whole of each run; one that a person sets for a run stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from legate_core.kernel.context import Context, ReadContext
from legate_core.runs.events import BudgetNearlyUsed, BudgetReached, RunParked
from legate_core.runs.model import BY_ITSELF, RunStatus, WaitingFor
from legate_core.runs.tables import budgets, runs, steps
from legate_core.storage import dialect

SCOPES = ("workspace", "agent", "run")
PERIODS = ("day", "month", "total")
NEARLY = 0.8
LOOK_AGAIN_MS = 5_000
"""When a run looks again that was only stopped by what others have set aside: they settle within a call."""


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit and how it stands. `others_micros` is what other runs have set aside for calls on their way."""

    id: str
    scope: str
    period: str
    limit_micros: int
    spent_micros: int
    others_micros: int
    begins_at: int
    ends_at: int | None
    told_for: int | None = None
    is_stored: bool = True

    @property
    def words(self) -> str:
        """The limit in words."""
        when = {"day": " per day", "month": " per month"}.get(self.period, "")
        whose = {"workspace": "the workspace's", "agent": "the agent's", "run": "the run's"}[self.scope]
        return f"{whose} money limit of {dollars(self.limit_micros)}{when}"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a call does not fit: the limit, the sentence for a person, and when to look again by itself, if ever."""

    budget_id: str
    reason: str
    wake_at: int | None


def dollars(micros: int) -> str:
    """An amount as it stands in a sentence: in cents, and to the millionth where cents would hide what it is."""
    whole, rest = divmod(micros, 1_000_000)
    return f"${whole:,}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def judge(found: Sequence[Budget], amount: int, now: int) -> Blocked | None:
    """Whether a call that may cost `amount` fits under every limit; None where it does. Pure."""
    for budget in found:
        if budget.spent_micros + budget.others_micros + amount <= budget.limit_micros:
            continue
        fits_alone = budget.spent_micros + amount <= budget.limit_micros
        what = f"The next model call may cost {dollars(amount)}, which does not fit under {budget.words}"
        if fits_alone:
            return Blocked(budget.id, f"{what} beside what other runs have set aside. {BY_ITSELF}", now + LOOK_AGAIN_MS)
        turns = (
            f" It goes on when the limit is raised{' or the ' + budget.period + ' turns' if budget.ends_at else ''}."
        )
        return Blocked(budget.id, f"{what}: {dollars(budget.spent_micros)} are spent.{turns}", budget.ends_at)
    return None


def key_of(scope: str, subject_id: str, period: str) -> str:
    """The id of a limit; there is one of each kind."""
    return ".".join(part for part in (scope, subject_id, period) if part)


def period_of(period: str, now: int) -> tuple[int, int | None]:
    """When the period that holds `now` began and when it ends, by the calendar of this computer."""
    if period == "total":
        return 0, None
    midnight = datetime.fromtimestamp(now / 1000).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight if period == "day" else midnight.replace(day=1)
    # Noon of a day that is surely the next, and back to its midnight: no hour that the clocks leave out matters.
    later = first + (timedelta(days=1, hours=12) if period == "day" else timedelta(days=32))
    then = later.replace(hour=0) if period == "day" else later.replace(day=1)
    return int(first.timestamp() * 1000), int(then.timestamp() * 1000)


def has_any(ctx: ReadContext, run_id: str, agent_id: str) -> bool:
    """Whether any limit that a person set applies to a run."""
    return bool(ctx.rows(_applying(ctx, run_id, agent_id).limit(1)))


def applying(ctx: ReadContext, run_id: str, agent_id: str, own_limit: int) -> list[Budget]:
    """Every limit on a run as it stands now; in a writing transaction they are held until commit, always in one order."""
    statement = _applying(ctx, run_id, agent_id).order_by(budgets.c.id)
    if isinstance(ctx, Context):
        statement = dialect.locked(statement, ctx.connection)
    found = [standing(ctx, row, run_id) for row in ctx.rows(statement)]
    own = key_of("run", run_id, "total")
    if own_limit and all(budget.id != own for budget in found):
        spent = _spent(ctx, "run", run_id, 0)
        found.append(Budget(own, "run", "total", own_limit, spent, 0, 0, None, is_stored=False))
    return found


def standing(ctx: ReadContext, row: Mapping[str, Any], run_id: str = "") -> Budget:
    """One stored limit and how it stands, seen from a run or from outside."""
    begins_at, ends_at = period_of(row["period"], ctx.now)
    return Budget(
        id=row["id"],
        scope=row["scope"],
        period=row["period"],
        limit_micros=row["limit_micros"],
        spent_micros=_spent(ctx, row["scope"], row["subject_id"], begins_at),
        others_micros=_set_aside(ctx, row["scope"], row["subject_id"], run_id),
        begins_at=begins_at,
        ends_at=ends_at,
        told_for=row["told_for"],
    )


def tell(ctx: Context, run_id: str, found: Sequence[Budget], cost_micros: int) -> list[str]:
    """Say of each limit that is now nearly used that it is, once in its period; the sentences. `found` is from before the
    cost was written."""
    told: list[str] = []
    for budget in found:
        used, mark = budget.spent_micros + cost_micros, budget.limit_micros * NEARLY
        is_known = budget.told_for == budget.begins_at if budget.is_stored else budget.spent_micros >= mark
        if used < mark or is_known:
            continue
        if budget.is_stored:
            ctx.update(budgets, budget.id, {"told_for": budget.begins_at})
        percent = min(999, used * 100 // max(1, budget.limit_micros))
        ctx.emit(BudgetNearlyUsed(budget.id, run_id, percent))
        told.append(f"{percent} % of {budget.words} is used.")
    return told


def park(ctx: Context, run_id: str, fence: int, worked_ms: int, blocked: Blocked) -> bool:
    """Let a run wait for money; in the transaction that found that there is none, so that no raise comes in between."""
    changes = {
        "status": RunStatus.WAITING.value,
        "waiting_for": WaitingFor.BUDGET.value,
        "wake_at": blocked.wake_at,
        "worked_ms": worked_ms,
        "reserved_micros": 0,
        "reason": blocked.reason[:400],
    }
    expected = {"fence": fence, "status": RunStatus.RUNNING.value}
    if ctx.update(runs, run_id, changes, expect=expected) is None:
        return False
    ctx.emit(BudgetReached(blocked.budget_id, run_id))
    ctx.emit(RunParked(run_id, RunStatus.WAITING.value, WaitingFor.BUDGET.value))
    if blocked.wake_at is not None:
        ctx.wake(run_id)
    return True


def waiting_runs(ctx: ReadContext) -> Sequence[str]:
    """The runs that wait for money."""
    statement = select(runs.c.id).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status == RunStatus.WAITING.value,
        runs.c.waiting_for == WaitingFor.BUDGET.value,
    )
    return ctx.connection.execute(statement).scalars().all()


def waiting_under(ctx: ReadContext, row: Mapping[str, Any]) -> int:
    """How many of the runs that a stored limit is for wait for money."""
    statement = select(func.count()).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status == RunStatus.WAITING.value,
        runs.c.waiting_for == WaitingFor.BUDGET.value,
    )
    if row["scope"] != "workspace":
        statement = statement.where((runs.c.agent_id if row["scope"] == "agent" else runs.c.id) == row["subject_id"])
    return int(ctx.connection.execute(statement).scalar_one())


def _applying(ctx: ReadContext, run_id: str, agent_id: str) -> Select[Any]:
    keys = [key_of("workspace", "", period) for period in PERIODS]
    keys += [key_of("agent", agent_id, period) for period in PERIODS]
    keys += [key_of("run", run_id, period) for period in PERIODS]
    return select(budgets).where(
        budgets.c.workspace_id == ctx.workspace_id, budgets.c.id.in_(keys), budgets.c.removed_at.is_(None)
    )


def _spent(ctx: ReadContext, scope: str, subject_id: str, since: int) -> int:
    """What was spent since a time: all of it from the runs' own sums, a part of it from their steps."""
    if not since:
        statement = select(func.coalesce(func.sum(runs.c.cost_micros), 0)).where(
            runs.c.workspace_id == ctx.workspace_id
        )
        if scope != "workspace":
            statement = statement.where((runs.c.agent_id if scope == "agent" else runs.c.id) == subject_id)
        return int(ctx.connection.execute(statement).scalar_one())
    statement = select(func.coalesce(func.sum(steps.c.cost_micros), 0)).where(
        steps.c.workspace_id == ctx.workspace_id, steps.c.finished_at >= since
    )
    if scope == "run":
        statement = statement.where(steps.c.run_id == subject_id)
    if scope == "agent":
        of_agent = select(runs.c.id).where(runs.c.workspace_id == ctx.workspace_id, runs.c.agent_id == subject_id)
        statement = statement.where(steps.c.run_id.in_(of_agent))
    return int(ctx.connection.execute(statement).scalar_one())


def _set_aside(ctx: ReadContext, scope: str, subject_id: str, run_id: str) -> int:
    if scope == "run":
        return 0
    statement = select(func.coalesce(func.sum(runs.c.reserved_micros), 0)).where(
        runs.c.workspace_id == ctx.workspace_id, runs.c.id != run_id, runs.c.reserved_micros > 0
    )
    if scope == "agent":
        statement = statement.where(runs.c.agent_id == subject_id)
    return int(ctx.connection.execute(statement).scalar_one())
