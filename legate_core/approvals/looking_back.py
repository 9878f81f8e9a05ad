"""What past questions say: which of them a scope would have answered, and how fast questions are answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import select

from legate_core.approvals import ask
from legate_core.approvals.commands import call_of, facts_of
from legate_core.approvals.model import ApprovalState
from legate_core.approvals.tables import approvals
from legate_core.approvals.visibility import is_visible, may_read
from legate_core.errors import Forbidden, Invalid, NotFound
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.policy import store as policy
from legate_core.policy.decide import decide
from legate_core.policy.model import Rule
from legate_core.policy.scopes import rule_from, scopes_for

MOST_LOOKED_AT = 200
MOST_SHOWN = 5
DAY_MS = 24 * 60 * 60 * 1_000
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class PastMatch:
    """One past question that the rule would have answered."""

    approval_id: str
    title: str
    agent: str
    asked_at: int
    state: str


@dataclass(frozen=True, slots=True)
class ScopeMatches:
    """How far a scope would have reached: of `looked_at` past questions to the same tool, `matched`; the newest in full.

    `rejected` of those were answered with no, which a rule would have turned into a yes.
    """

    looked_at: int
    matched: int
    rejected: int
    newest: tuple[PastMatch, ...]


@dataclass(frozen=True, slots=True)
class PreviewScope(Query[ScopeMatches]):
    """Which of the past questions the rule of a scope would have answered by itself. Changes nothing."""

    approval_id: str
    scope: str
    amount: int | None = None


def _asked_by(ctx: ReadContext, message: PreviewScope) -> str | None:
    row = ctx.get(approvals, message.approval_id)
    return str(row["initiator"]) if row is not None else None


@query(PreviewScope, permission="approvals.view", route="GET /approvals/{approval_id}/scopes/{scope}", owner=_asked_by)
def preview_scope(ctx: ReadContext, message: PreviewScope) -> ScopeMatches:
    row = ctx.get(approvals, message.approval_id)
    if row is None:
        raise NotFound(
            f"There is no question {message.approval_id} in this workspace. 'legate inbox' lists what waits."
        )
    if not may_read(ctx, row):
        raise Forbidden(
            "What this question is about is not shown to your role. Have somebody who may see it answer it."
        )
    rule = _rule(ctx, row, message)
    past = select(approvals).where(
        approvals.c.workspace_id == ctx.workspace_id,
        approvals.c.tool == row["tool"],
        approvals.c.id != row["id"],
    )
    rows = ctx.rows(past.order_by(approvals.c.asked_at.desc(), approvals.c.id).limit(MOST_LOOKED_AT))
    seen = [other for other in rows if is_visible(ctx, other) and may_read(ctx, other)]
    matched = list(_matching(ctx, rule, seen))
    return ScopeMatches(
        looked_at=len(seen),
        matched=len(matched),
        rejected=sum(match.state == ApprovalState.REJECTED.value for match in matched),
        newest=tuple(matched[:MOST_SHOWN]),
    )


def _rule(ctx: ReadContext, row: Mapping[str, Any], message: PreviewScope) -> Rule:
    body = ask.body_of(ctx, row)
    call = call_of(ctx, row, body, body["card"]["raw_arguments"])
    scope = next((scope for scope in scopes_for(call) if scope.id == message.scope), None)
    if scope is None:
        raise Invalid(f"This question offers no scope {message.scope!r}. Open the card again to see what it offers.")
    return rule_from(scope, "preview", amount=message.amount)


def _matching(ctx: ReadContext, rule: Rule, rows: Iterable[Mapping[str, Any]]) -> Iterable[PastMatch]:
    book = policy.load(ctx)
    for row in rows:
        try:
            body = ask.body_of(ctx, row)
        except NotFound:
            # Its run's content was erased; nobody can say what it would have matched.
            continue
        verdict = decide(
            call_of(ctx, row, body, body["card"]["raw_arguments"]), facts_of(row, body, book), (*book.rules, rule)
        )
        if verdict.kind == "allow" and verdict.rule_id == rule.id:
            yield PastMatch(row["id"], body["card"]["title"], row["agent"], row["asked_at"], row["state"])


@dataclass(frozen=True, slots=True)
class ApprovalDay:
    """One day's questions. `day` is its first moment in milliseconds; `median_ms` is how long answers took, 0 for none."""

    day: int
    asked: int
    approved: int
    rejected: int
    expired: int
    median_ms: int


@dataclass(frozen=True, slots=True)
class ApprovalDays(Query[tuple[ApprovalDay, ...]]):
    """How many questions came on each day since a time, and how fast they were answered.

    Days begin `offset_minutes` after midnight UTC, so that they are the days of whoever looks. A day without questions
    is there too.
    """

    since: int
    offset_minutes: int = 0


@query(ApprovalDays, permission="approvals.view", route="GET /approval-days")
def approval_days(ctx: ReadContext, message: ApprovalDays) -> tuple[ApprovalDay, ...]:
    if not ctx.now - MAX_DAYS * DAY_MS <= message.since <= ctx.now:
        raise Invalid(f"Days are shown for at most the last {MAX_DAYS}. Give a later start.")
    shift = message.offset_minutes * 60_000
    first, last = (_day_of(at, shift) for at in (message.since, ctx.now))
    columns = (approvals.c.asked_at, approvals.c.decided_at, approvals.c.state, approvals.c.initiator)
    statement = select(*columns).where(
        approvals.c.workspace_id == ctx.workspace_id, approvals.c.asked_at >= first * DAY_MS - shift
    )
    days: dict[int, list[Mapping[str, Any]]] = {day: [] for day in range(first, last + 1)}
    for row in ctx.rows(statement):
        if is_visible(ctx, row):
            days[_day_of(row["asked_at"], shift)].append(row)
    return tuple(_figures(day * DAY_MS - shift, rows) for day, rows in days.items())


def _day_of(at: int, shift: int) -> int:
    return (at + shift) // DAY_MS


def _figures(day: int, rows: list[Mapping[str, Any]]) -> ApprovalDay:
    answered = {ApprovalState.APPROVED.value, ApprovalState.EDITED.value, ApprovalState.REJECTED.value}
    states = [row["state"] for row in rows]
    took = [row["decided_at"] - row["asked_at"] for row in rows if row["state"] in answered and row["decided_at"]]
    return ApprovalDay(
        day=day,
        asked=len(rows),
        approved=states.count(ApprovalState.APPROVED.value) + states.count(ApprovalState.EDITED.value),
        rejected=states.count(ApprovalState.REJECTED.value),
        expired=states.count(ApprovalState.EXPIRED.value),
        median_ms=int(median(took)) if took else 0,
    )
