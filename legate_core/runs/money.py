"""Setting and removing limits on money, how they stand, and what was spent on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import func, select

from legate_core.agents.store import load_agent
from legate_core.errors import Invalid, NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command, LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import command, query
from legate_core.runs import budgets, store
from legate_core.runs.commands import ready
from legate_core.runs.events import (
    BudgetNearlyUsed,
    BudgetRemoved,
    BudgetSet,
    MoneyReserved,
    RunClaimed,
    RunFinished,
    RunParked,
    RunStepped,
)
from legate_core.runs.tables import budgets as table
from legate_core.runs.tables import runs, steps

MAX_MICROS = 10**15


@dataclass(frozen=True, slots=True)
class SetBudget(Command[str]):
    """Limit what may be spent on models, in millionths of a dollar; answers with the limit's id.

    `scope` is workspace, agent or run, `subject_id` the agent's or run's id, `period` day, month or total. Runs that wait
    for money look again.
    """

    scope: str
    period: str
    limit_micros: int
    subject_id: str = ""


@command(SetBudget, permission="workspace.settings.edit", route="POST /budgets")
def set_budget(ctx: Context, message: SetBudget) -> str:
    if message.scope not in budgets.SCOPES or message.period not in budgets.PERIODS:
        raise Invalid("A limit is for the workspace, an agent or a run, and per day, per month or total. Correct it.")
    if not 0 <= message.limit_micros <= MAX_MICROS:
        raise Invalid("A limit on money is 0 or more, in millionths of a dollar. Correct it.")
    subject_id = _subject(ctx, message)
    budget_id = budgets.key_of(message.scope, subject_id, message.period)
    fields = {
        "limit_micros": message.limit_micros,
        "told_for": None,
        "set_by": ctx.actor.id,
        "set_at": ctx.now,
        "removed_at": None,
    }
    if ctx.update(table, budget_id, fields) is None:
        named = {"id": budget_id, "scope": message.scope, "subject_id": subject_id, "period": message.period}
        ctx.insert(table, named | fields)
    ctx.emit(BudgetSet(budget_id, message.limit_micros))
    _look_again(ctx, BudgetSet.name)
    return budget_id


def _subject(ctx: ReadContext, message: SetBudget) -> str:
    if message.scope == "agent":
        return str(load_agent(ctx, message.subject_id)["id"])
    if message.scope == "run":
        return store.load_run(ctx, message.subject_id).id
    if message.subject_id:
        raise Invalid("A limit on the workspace names nothing else. Leave the subject out.")
    return ""


@dataclass(frozen=True, slots=True)
class RemoveBudget(Command[None]):
    """Take a limit away; the one in the agent's definition stays."""

    budget_id: str


@command(RemoveBudget, permission="workspace.settings.edit", route="DELETE /budgets/{budget_id}")
def remove_budget(ctx: Context, message: RemoveBudget) -> None:
    if ctx.update(table, message.budget_id, {"removed_at": ctx.now}, expect={"removed_at": None}) is None:
        raise NotFound(f"There is no limit {message.budget_id[:80]!r} in force. 'legate models budgets' lists them.")
    ctx.emit(BudgetRemoved(message.budget_id))
    _look_again(ctx, BudgetRemoved.name)


def _look_again(ctx: Context, because: str) -> None:
    for run_id in budgets.waiting_runs(ctx):
        ready(ctx, run_id, because)


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One limit as it stands. Money in millionths; `ends_at` is 0 for one that never turns; `waiting` is how many of the
    runs it is for wait for money, whichever limit it is that they wait for."""

    id: str
    scope: str
    subject_id: str
    period: str
    limit_micros: int
    spent_micros: int
    reserved_micros: int
    begins_at: int
    ends_at: int
    waiting: int = 0


@dataclass(frozen=True)
class Budgets(LiveQuery[BudgetRow]):
    """Every limit that people have set, with what is spent and set aside under it."""

    listens: ClassVar[frozenset[str]] = frozenset(
        event.name
        for event in (
            BudgetSet,
            BudgetRemoved,
            BudgetNearlyUsed,
            MoneyReserved,
            RunClaimed,
            RunStepped,
            RunParked,
            RunFinished,
        )
    )
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, BudgetRow], event: Recorded) -> Mapping[str, BudgetRow] | Reread:
        if event.name == BudgetRemoved.name:
            return {key: row for key, row in rows.items() if key != event.body["budget_id"]}
        if event.name == BudgetSet.name:
            return Reread(frozenset({str(event.body["budget_id"])}))
        return Reread(frozenset(rows))


@query(Budgets, permission="usage.view_all", route="GET /budgets")
def list_budgets(ctx: ReadContext, message: Budgets) -> dict[str, BudgetRow]:
    statement = select(table).where(table.c.workspace_id == ctx.workspace_id, table.c.removed_at.is_(None))
    if message.ids is not None:
        statement = statement.where(table.c.id.in_(message.ids))
    found: dict[str, BudgetRow] = {}
    for row in ctx.rows(statement.order_by(table.c.id)):
        stands = budgets.standing(ctx, row)
        found[row["id"]] = BudgetRow(
            row["id"],
            row["scope"],
            row["subject_id"],
            row["period"],
            row["limit_micros"],
            stands.spent_micros,
            stands.others_micros,
            stands.begins_at,
            stands.ends_at or 0,
            budgets.waiting_under(ctx, row),
        )
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """What one agent used of one model. Money in millionths."""

    agent_id: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Spending(Query[list[Spent]]):
    """Tokens and money by agent and model, of calls that ended from `since` on and before `until` (0: now)."""

    since: int = 0
    until: int = 0


@query(Spending, permission="usage.view_all", route="GET /usage")
def spending(ctx: ReadContext, message: Spending) -> list[Spent]:
    joined = steps.join(runs, (runs.c.workspace_id == steps.c.workspace_id) & (runs.c.id == steps.c.run_id))
    sums = [func.sum(column) for column in (steps.c.input_tokens, steps.c.output_tokens, steps.c.cost_micros)]
    statement = (
        select(runs.c.agent_id, steps.c.model, func.count(), *sums)
        .select_from(joined)
        .where(
            steps.c.workspace_id == ctx.workspace_id,
            steps.c.kind == "model",
            steps.c.finished_at >= message.since,
            steps.c.finished_at < (message.until or ctx.now + 1),
        )
        .group_by(runs.c.agent_id, steps.c.model)
        .order_by(runs.c.agent_id, steps.c.model)
    )
    return [
        Spent(agent_id, model or "", calls, int(sent), int(received), int(cost))
        for agent_id, model, calls, sent, received, cost in ctx.connection.execute(statement)
    ]
