"""What holds for any input: observed text has no authority, fewer labels and grants never allow more, every call gets an
answer, and an edit called narrowing allows nothing new."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from legate_core.policy.change import RANK, RuleSet, kind_of
from legate_core.policy.codec import rule_from_json, rule_to_json
from legate_core.policy.decide import decide, explain
from legate_core.policy.describe import describe, ends_words
from legate_core.policy.model import Call, Facts, ObservationText, Rule
from legate_core.policy.provenance import OwnWords, atoms_of, origin_of
from legate_core.policy.rules import problems
from legate_core.policy.scopes import rule_from, scopes_for
from tests.core.policy import strategies as some


@given(some.calls(), some.facts, some.rule_lists, st.data())
def test_a_verdict_does_not_depend_on_observed_text(
    call: Call, facts: Facts, rules: tuple[Rule, ...], data: st.DataObject
) -> None:
    other = tuple(replace(seen, text=data.draw(st.text(max_size=30))) for seen in facts.observations)
    assert decide(call, facts, rules) == decide(call, replace(facts, observations=other), rules)


@given(some.calls(), some.facts, some.rule_lists, st.data())
def test_fewer_labels_words_and_grants_never_allow_more(
    call: Call, facts: Facts, rules: tuple[Rule, ...], data: st.DataObject
) -> None:
    """Lowering a label is less trust, fewer readers, or one more observation of nobody's."""
    lowered = tuple(
        replace(seen, trusted=seen.trusted and data.draw(st.booleans()), readers=data.draw(_fewer(seen)))
        for seen in facts.observations
    )
    more = data.draw(some.observations)
    kept = tuple(grant for grant in facts.grants if data.draw(st.booleans()))
    listed = tuple(entry for entry in facts.settings.allow_list if data.draw(st.booleans()))
    words = data.draw(st.sampled_from([facts.own_words, OwnWords()]))
    less = Facts(words, (*lowered, *more), kept, replace(facts.settings, allow_list=listed))
    assert RANK[decide(call, less, rules).kind] <= RANK[decide(call, facts, rules).kind]


def _fewer(seen: ObservationText) -> st.SearchStrategy[str]:
    order = ["user", "workspace", "anyone"]
    return st.sampled_from(order[: order.index(seen.readers) + 1])


@given(some.calls(), some.facts, some.rule_lists)
def test_every_call_gets_an_answer_that_names_its_rule(call: Call, facts: Facts, rules: tuple[Rule, ...]) -> None:
    verdict = decide(call, facts, rules)
    assert verdict.kind in RANK
    assert verdict.reason
    assert verdict.rule_id.startswith("builtin.") or verdict.rule_id in {rule.id for rule in rules}
    lines = explain(call, facts, rules)
    assert any(line.decisive and line.says == verdict.kind for line in lines)
    for atom in atoms_of(call.tool, call.arguments):
        assert origin_of(atom, call, facts).kind in ("person", "rule", "workspace", "derived", "none")


@given(some.calls(), some.facts, some.rule_lists)
def test_the_order_of_rules_does_not_matter(call: Call, facts: Facts, rules: tuple[Rule, ...]) -> None:
    unique = tuple({rule.id: rule for rule in rules}.values())
    assert decide(call, facts, unique) == decide(call, facts, unique[::-1])


@given(some.rule_lists, some.rule_lists, st.lists(st.tuples(some.calls(), some.facts), min_size=1, max_size=8))
def test_an_edit_called_narrowing_allows_nothing_new(
    before: tuple[Rule, ...], after: tuple[Rule, ...], tries: list[tuple[Call, Facts]]
) -> None:
    tools = {call.tool.name: call.tool for call, _ in tries}
    kind = kind_of(RuleSet(before), RuleSet(after), tools.values())
    for call, facts in tries:
        if call.tool is not tools[call.tool.name]:
            continue
        was = RANK[decide(call, replace(facts, settings=RuleSet().settings), before).kind]
        now = RANK[decide(call, replace(facts, settings=RuleSet().settings), after).kind]
        if kind in ("same", "narrowing"):
            assert now <= was
        if kind in ("same", "widening"):
            assert now >= was


@given(some.rules)
def test_a_rule_survives_being_written_down_and_can_be_told(rule: Rule) -> None:
    assert rule_from_json(json.loads(json.dumps(rule_to_json(rule)))) == rule
    assert describe(rule).endswith(".")
    assert ends_words(rule)


@given(some.calls(), some.facts)
def test_a_chip_allows_the_call_it_was_made_for(call: Call, facts: Facts) -> None:
    for scope in scopes_for(call):
        if scope.rule is None:
            continue
        made = rule_from(scope, "rul_1")
        assert problems(made, [call.tool]) == ()
        assert decide(call, facts, [made]).kind == "allow"


@given(st.text(max_size=60), st.one_of(some.scalars, st.text(max_size=20)))
def test_reading_own_words_never_fails(text: str, value: object) -> None:
    words = OwnWords.from_texts([text])
    for role in ("authority", "content"):
        assert words.is_named(value, role=role, argument="file_id") in (True, False)  # type: ignore[arg-type]
