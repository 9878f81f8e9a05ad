"""The properties of the verdict and of edits, at the scale that a judge can afford."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import settings

from legate_core.policy.change import RANK, RuleSet, classify, kind_of
from legate_core.policy.decide import decide
from legate_core.policy.model import Call, Facts, Rule
from legate_core.policy.provenance import OwnWords
from tests.core.policy import test_properties as properties
from tests.judge.world import TEXTS, World

CALLS = 100_000
EDITS, CALLS_PER_EDIT, EXAMPLES_OF_EDITS = 3_000, 40, 200
EXAMPLES = 1_000

NAMES = [name for name in vars(properties) if name.startswith("test_")]


@pytest.mark.parametrize("name", NAMES)
def test_hypothesis_finds_nothing_in_more_examples(name: str) -> None:
    settings(max_examples=EXAMPLES, deadline=None, database=None)(getattr(properties, name))()


def test_observed_text_changes_no_verdict_and_less_trust_allows_nothing() -> None:
    world = World(seed=1)
    changed, gained = 0, 0
    for number in range(CALLS):
        if number % 50 == 0:
            rules = world.rules()
        call, facts = world.call(), world.facts()
        verdict = decide(call, facts, rules)
        other = tuple(replace(seen, text=world.random.choice(TEXTS) * 2) for seen in facts.observations)
        changed += decide(call, replace(facts, observations=other), rules) != verdict
        lowered = tuple(replace(seen, trusted=False, readers="user") for seen in facts.observations)
        poorer = Facts(OwnWords(), lowered, (), replace(facts.settings, allow_list=()))
        for less in (poorer, replace(facts, observations=lowered), replace(facts, grants=())):
            gained += RANK[decide(call, less, rules).kind] > RANK[verdict.kind]
    print(f"\nProperties: {CALLS:,} calls, {changed} changed by observed text, {gained} gained by less trust")
    assert (changed, gained) == (0, 0)


def test_an_edit_called_narrowing_gains_nothing() -> None:
    world = World(seed=2)
    kinds = dict.fromkeys(("same", "narrowing", "widening", "incomparable"), 0)
    tried, wrong = 0, []
    for _ in range(EDITS):
        before, after, calls = _edit(world)
        tools = {call.tool.name: call.tool for call in calls}
        kind = kind_of(RuleSet(before), RuleSet(after), tools.values(), min(call.now for call in calls))
        kinds[kind] += 1
        for call in (replace(call, tool=tools[call.tool.name]) for call in calls):
            facts = replace(world.facts(), settings=RuleSet().settings)
            was, now = (RANK[decide(call, facts, rules).kind] for rules in (before, after))
            tried += 1
            if (now > was and kind in ("same", "narrowing")) or (now < was and kind in ("same", "widening")):
                wrong.append((kind, before, after, call, facts))
    print(f"\nEdits: {kinds}, {tried:,} calls tried, {len(wrong)} contradict the class")
    assert wrong[:1] == []
    assert min(kinds.values()) > 20


def test_every_example_of_an_edit_is_true() -> None:
    world = World(seed=4)
    wider = narrower = needing = 0
    for _ in range(EXAMPLES_OF_EDITS):
        before, after, calls = _edit(world)
        tools = {call.tool.name: call.tool for call in calls}
        found = classify(RuleSet(before), RuleSet(after), tools.values(), min(call.now for call in calls))
        needing += found.kind in ("widening", "incomparable")
        if found.wider is not None:
            wider += 1
            assert RANK[found.wider.after.kind] > RANK[found.wider.before.kind]
            assert found.needs_approval
        if found.narrower is not None:
            narrower += 1
            assert RANK[found.narrower.after.kind] < RANK[found.narrower.before.kind]
    print(f"\nExamples: {wider} of {needing} edits that need a yes show what they allow, {narrower} what they forbid")
    assert wider > 0
    assert narrower > 0


def _edit(world: World) -> tuple[tuple[Rule, ...], tuple[Rule, ...], list[Call]]:
    before = tuple({rule.id: rule for rule in world.rules()[:4]}.values())
    return before, _edited(world, before), [world.call() for _ in range(CALLS_PER_EDIT)]


def _edited(world: World, before: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """A rule more, a rule less, or one field of a rule as it is in another."""
    choice = world.random.random()
    if not before or choice < 0.25:
        return (*before, world.rule(9))
    victim = world.random.choice(before)
    rest = tuple(rule for rule in before if rule is not victim)
    if choice < 0.4:
        return rest
    field = world.random.choice(
        (
            "tools",
            "effects",
            "arguments",
            "agents",
            "accounts",
            "hours",
            "weekdays",
            "starts_at",
            "ends_at",
            "uses_left",
        )
    )
    other = world.rule(9)
    value = getattr(other, field) if choice < 0.8 else Rule.__dataclass_fields__[field].default
    if field == "arguments" and choice < 0.6:
        value = (*victim.arguments, *other.arguments)
    return (*rest, replace(victim, **{field: value}))


def test_the_price_of_a_verdict_with_fifty_rules() -> None:
    """Printed, not judged: a busy machine says nothing about the code."""
    world = World(seed=3)
    rules = tuple(world.rule(number) for number in range(50))
    spent: list[int] = []
    for _ in range(10_000):
        call, facts = world.call(), world.facts()
        begun = time.thread_time_ns()
        decide(call, facts, rules)
        spent.append(time.thread_time_ns() - begun)
    spent.sort()
    print(f"\nVerdict with 50 rules: p50 {spent[5_000] / 1000:.0f} µs, p99 {spent[9_900] / 1000:.0f} µs of CPU")
    assert len(spent) == 10_000
