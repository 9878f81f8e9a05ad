"""Learning for a week: rules that alike answers would have made, as proposals. Nothing is allowed by them.

A workspace begins by asking about every effect. Whoever switches learning on has the answers of seven days looked
through: what was approved again and again, for one agent, with one tool and one target, and never rejected or edited, is
proposed as a rule. A person puts it in force like any rule written by hand (`AddRule`), with its proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from legate_core.approvals import ask
from legate_core.approvals.commands import call_of, facts_of
from legate_core.approvals.model import ApprovalState
from legate_core.approvals.tables import approvals
from legate_core.approvals.visibility import is_visible, may_read
from legate_core.crypto.canonical import digest
from legate_core.errors import NotFound
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.policy import store as policy
from legate_core.policy.codec import rule_to_json
from legate_core.policy.commands import LEARNING_MS
from legate_core.policy.decide import decide
from legate_core.policy.describe import describe, ends_words
from legate_core.policy.model import Call, Facts, Rule
from legate_core.policy.scopes import scopes_for

LEAST_ALIKE = 3
"""So many alike approvals are a habit; fewer are a coincidence."""
MOST_LOOKED_AT = 500
SCOPE = "this_agent"
"""The one scope that is proposed: one agent, one tool, one target. Money, destroying and granting do not have it."""
_ANSWERED = (ApprovalState.APPROVED.value, ApprovalState.EDITED.value, ApprovalState.REJECTED.value)


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """A rule that `approved` alike answers would have made, the last at `last_at`. `rule` is ready for `AddRule`.

    `id` is the same for the same proposal whenever it is asked for.
    """

    id: str
    rule: Rule
    conditions: str
    effect: str
    ends: str
    approved: int
    last_at: int


@dataclass(frozen=True, slots=True)
class ProposedRules(Query[tuple[ProposedRule, ...]]):
    """What alike answers of the learning week propose, the most frequent first; nothing where nobody wanted to learn.

    What a rule in force allows already is not proposed, nor what stands in questions that this person may not read.
    Proposals stay for a week after the learning ended.
    """


@dataclass(frozen=True)
class _Answer:
    """One answered question with the rule that it could have become."""

    row: Mapping[str, Any]
    call: Call
    facts: Facts
    rule: Rule


@query(ProposedRules, permission="policy.view", route="GET /proposed-rules")
def proposed_rules(ctx: ReadContext, message: ProposedRules) -> tuple[ProposedRule, ...]:
    book = policy.load(ctx)
    until = book.settings.learning_until
    if not until or ctx.now > until + LEARNING_MS:
        return ()
    alike: dict[str, list[_Answer]] = {}
    for answer in _answers(ctx, book, until):
        alike.setdefault(_key(answer.rule), []).append(answer)
    found = [_proposal(key, answers) for key, answers in alike.items() if _is_habit(answers, book)]
    return tuple(sorted(found, key=lambda proposal: (-proposal.approved, proposal.id)))


def _answers(ctx: ReadContext, book: policy.Book, until: int) -> Iterator[_Answer]:
    statement = select(approvals).where(
        approvals.c.workspace_id == ctx.workspace_id,
        approvals.c.state.in_(_ANSWERED),
        approvals.c.decided_at >= until - LEARNING_MS,
        approvals.c.decided_at <= until,
    )
    for row in ctx.rows(statement.order_by(approvals.c.decided_at.desc(), approvals.c.id).limit(MOST_LOOKED_AT)):
        if not (is_visible(ctx, row) and may_read(ctx, row)):
            continue
        try:
            body = ask.body_of(ctx, row)
            call = call_of(ctx, row, body, body["card"]["raw_arguments"])
        except NotFound:
            # Its run's content was erased, or its tool is gone: nobody can say what it was like.
            continue
        rules = (scope.rule for scope in scopes_for(call) if scope.id == SCOPE and scope.rule is not None)
        yield from (_Answer(row, call, facts_of(row, body, book), rule) for rule in rules)


def _key(rule: Rule) -> str:
    """The same for rules that differ only in when they end."""
    return digest(rule_to_json(replace(rule, ends_at=None)))


def _is_habit(answers: Iterable[_Answer], book: policy.Book) -> bool:
    """Approved often enough, as it was each time, and still asked about."""
    given = list(answers)
    if len(given) < LEAST_ALIKE or any(answer.row["state"] != ApprovalState.APPROVED.value for answer in given):
        return False
    newest = given[0]
    return decide(newest.call, newest.facts, book.rules).kind == "ask"


def _proposal(key: str, answers: list[_Answer]) -> ProposedRule:
    newest = answers[0]
    return ProposedRule(
        id=f"proposed.{key[:16]}",
        rule=newest.rule,
        conditions=describe(newest.rule),
        effect=newest.call.tool.effect.value,
        ends=ends_words(newest.rule),
        approved=len(answers),
        last_at=newest.row["decided_at"],
    )
