"""Reading the rules and switches, trying an edit before it is made, and "why was I asked"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from sqlalchemy import select

from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.policy import store
from legate_core.policy.builtin import BUILT_IN_RULES
from legate_core.policy.covers import effects_of
from legate_core.policy.decide import decide, explain
from legate_core.policy.describe import describe, ends_words
from legate_core.policy.events import RuleAdded, RuleDeleted, RuleEdited, RuleUsed
from legate_core.policy.model import Call, Considered, Facts, ObservationText, Rule, VerdictKind
from legate_core.policy.provenance import OwnWords, typed_at
from legate_core.policy.rules import problems
from legate_core.policy.tables import rules
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Json

_OF_BUILT_IN: Mapping[str, str] = {
    "builtin.read": Effect.READ.value,
    "builtin.local-write": Effect.WRITE.value,
    "builtin.destroy-grant": Effect.DESTROY.value,
    "builtin.spend": Effect.SPEND.value,
}
_GRAVEST_FIRST = (Effect.DESTROY, Effect.GRANT, Effect.SPEND, Effect.SEND, Effect.WRITE, Effect.READ)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One line of the list of rules.

    `words` is how it was put by whoever made it, `conditions` exactly what it does. `effect` is the gravest that it is
    about, empty for any. `state` is active or used_up; a rule past `ends_at` is silent and stays listed.
    """

    id: str
    name: str
    words: str
    conditions: str
    effect: str
    verdict: VerdictKind
    uses: int
    last_used_at: int
    ends: str
    ends_at: int
    state: str
    is_built_in: bool
    change: str = ""
    created_by: str = ""
    created_at: int = 0
    approval_id: str = ""


@dataclass(frozen=True)
class Rules(LiveQuery[RuleRow]):
    """Every rule of the workspace that was not deleted, and those that ship with Legate."""

    listens: ClassVar[frozenset[str]] = frozenset({RuleAdded.name, RuleEdited.name, RuleDeleted.name, RuleUsed.name})
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, RuleRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["rule_id"])}))


@query(Rules, permission="policy.view", route="GET /rules")
def list_rules(ctx: ReadContext, message: Rules) -> dict[str, RuleRow]:
    statement = select(rules).where(rules.c.workspace_id == ctx.workspace_id, rules.c.state != store.DELETED)
    if message.ids is not None:
        statement = statement.where(rules.c.id.in_(message.ids))
    effects = {spec.name: spec.effect for spec in store.specs(ctx)}
    stored = ctx.connection.execute(statement.order_by(rules.c.id)).mappings()
    found = [_row(cast("Mapping[str, Any]", row), effects) for row in stored]
    found += [_built_in(rule) for rule in BUILT_IN_RULES if message.ids is None or rule.id in message.ids]
    return {row.id: row for row in found}


def _row(row: Mapping[str, Any], effects: Mapping[str, Effect]) -> RuleRow:
    rule = store.rule_of(row)
    conditions = describe(rule)
    return RuleRow(
        id=row["id"],
        name=row["name"],
        words=row["words"] or conditions,
        conditions=conditions,
        effect=_gravest(rule, effects),
        verdict=rule.verdict,
        uses=row["uses"],
        last_used_at=row["last_used_at"] or 0,
        ends=ends_words(rule),
        ends_at=row["ends_at"] or 0,
        state=row["state"],
        is_built_in=False,
        change=row["change"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        approval_id=row["approval_id"],
    )


def _built_in(rule: Rule) -> RuleRow:
    return RuleRow(
        id=rule.id,
        name=rule.name,
        words=rule.words,
        conditions=rule.words,
        effect=_OF_BUILT_IN.get(rule.id, ""),
        verdict=rule.verdict,
        uses=0,
        last_used_at=0,
        ends="never",
        ends_at=0,
        state=store.ACTIVE,
        is_built_in=True,
    )


def _gravest(rule: Rule, effects: Mapping[str, Effect]) -> str:
    if not rule.tools and not rule.effects:
        return ""
    reached = effects_of(rule, effects)
    return next((effect.value for effect in _GRAVEST_FIRST if effect in reached), "")


@dataclass(frozen=True, slots=True)
class StoredRule(Query[Rule]):
    """A stored rule as it stands now, ready to be edited."""

    rule_id: str


@query(StoredRule, permission="policy.view", route="GET /rules/{rule_id}")
def stored_rule(ctx: ReadContext, message: StoredRule) -> Rule:
    return store.rule_of(store.find(ctx, message.rule_id))


@dataclass(frozen=True, slots=True)
class PolicyState:
    """The switches of the workspace, and the version of its policy: it rises with every change of a rule or switch.

    `learning_until` is the end of the week whose answers are learnt from, 0 where nobody wants that.
    """

    version: int
    ask_every_effect: bool
    relax_content: bool
    allow_list: tuple[str, ...]
    question_hours: int
    learning_until: int


@dataclass(frozen=True, slots=True)
class PolicySettings(Query[PolicyState]):
    """The switches as they stand."""


@query(PolicySettings, permission="policy.view", route="GET /policy")
def policy_settings(ctx: ReadContext, message: PolicySettings) -> PolicyState:
    book = store.load(ctx)
    kept = book.settings
    return PolicyState(
        version=book.version,
        ask_every_effect=kept.ask_every_effect,
        relax_content=kept.relax_content,
        allow_list=kept.allow_list,
        question_hours=kept.question_hours,
        learning_until=kept.learning_until,
    )


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What keeping a rule would do. With `problems` it would not be kept."""

    problems: tuple[str, ...]
    conditions: str
    change: str
    needs_approval: bool
    words: str


@dataclass(frozen=True, slots=True)
class PreviewRule(Query[RulePreview]):
    """Try a rule before it is kept: what is wrong with it, or what it would allow and forbid. Changes nothing.

    With the id of a stored rule it is tried in that rule's place.
    """

    rule: Rule


@query(PreviewRule, permission="policy.view", route="POST /rules/preview")
def preview_rule(ctx: ReadContext, message: PreviewRule) -> RulePreview:
    rule = replace(message.rule, id=message.rule.id or "new", built_in=False)
    if found := problems(rule, store.specs(ctx)):
        return RulePreview(found, "", "", False, "")
    book = store.load(ctx)
    change = store.class_of(ctx, book, store.with_rule(book, rule))
    return RulePreview((), describe(rule), change.kind, change.needs_approval, change.words)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on a call, and every rule with what it said or why it stayed silent."""

    verdict: VerdictKind
    rule_id: str
    rule_name: str
    reason: str
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class ExplainCall(Query[Explanation]):
    """Why a call is asked, allowed or denied under today's rules. The call is given as data; nothing is proposed.

    `own_words` is what a person typed for it, `read_from` the sources its run has read.
    """

    tool: str
    arguments: Mapping[str, Json]
    own_words: tuple[str, ...] = ()
    read_from: tuple[str, ...] = ()
    account: str = ""
    agent_id: str = ""
    workflow_id: str = ""
    run_id: str = ""
    trigger: str = "manual"


@query(ExplainCall, permission="policy.view", route="POST /policy/explain")
def explain_call(ctx: ReadContext, message: ExplainCall) -> Explanation:
    catalog = ctx.port(Catalog)
    catalog.check(message.tool, message.arguments)
    call = Call(
        tool=catalog.spec(message.tool),
        arguments=message.arguments,
        account=message.account,
        agent_id=message.agent_id,
        workflow_id=message.workflow_id,
        run_id=message.run_id,
        trigger=message.trigger,
        now=ctx.now,
    )
    return explained(ctx, call, typed_at(message.own_words, ctx.now), message.read_from)


def explained(ctx: ReadContext, call: Call, own_words: OwnWords, read_from: tuple[str, ...] = ()) -> Explanation:
    """The explanation of a call for whoever has it at hand, judged by the rules of this moment."""
    book = store.load(ctx)
    seen = tuple(ObservationText(f"o{number}", source, "") for number, source in enumerate(read_from))
    facts = Facts(own_words, seen, settings=book.settings)
    verdict = decide(call, facts, book.rules)
    return Explanation(
        verdict.kind, verdict.rule_id, verdict.rule_name, verdict.reason, explain(call, facts, book.rules)
    )
