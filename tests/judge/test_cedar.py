"""The evaluator against Cedar: the same rules, exported, must give the same verdict on every request."""

from __future__ import annotations

import collections

import cedarpy

from legate_core.policy.decide import decide
from tests.judge import cedar
from tests.judge.world import World

REQUESTS = 100_000
PER_RULE_SET = 250


def test_cedar_agrees_on_every_verdict() -> None:
    world = World(seed=20250121)
    default = cedarpy.PolicySet.from_str(cedar.default())
    entities = cedarpy.Entities.from_json_str("[]")
    counted: collections.Counter[str] = collections.Counter()
    disagreements: list[str] = []
    while counted.total() < REQUESTS:
        rules = world.rules()
        exported = cedar.export(rules)
        cases = []
        while len(cases) < PER_RULE_SET:
            call, facts = world.call(), world.facts()
            if (request := cedar.request(call, facts)) is not None:
                cases.append((call, facts, request))
        requests = [request for _, _, request in cases]
        answers = [
            cedarpy.is_authorized_batch(requests, policies, entities)
            for policies in (
                cedarpy.PolicySet.from_str(exported.allowing),
                cedarpy.PolicySet.from_str(exported.asking),
                default,
            )
        ]
        for (call, facts, _), allowing, asking, by_default in zip(cases, *answers, strict=True):
            assert [answer.diagnostics.errors for answer in (allowing, asking, by_default)] == [[], [], []]
            theirs = _verdict(allowing, asking, by_default)
            ours = decide(call, facts, rules)
            counted[f"{ours.kind} by {'a built-in rule' if ours.rule_id.startswith('builtin.') else 'a rule'}"] += 1
            if theirs != ours.kind:
                disagreements.append(f"Cedar {theirs}, Legate {ours.kind} by {ours.rule_id}: {call} {facts} {rules}")
    print(f"\nCedar: {counted.total():,} requests, {len(disagreements)} disagreements, {dict(counted)}")
    assert disagreements[:3] == []
    # Every kind of verdict was reached in both ways, except that no built-in rule denies.
    assert min(counted.values()) > 1_000
    assert len(counted) == 5


def _verdict(allowing: cedarpy.AuthzResult, asking: cedarpy.AuthzResult, by_default: cedarpy.AuthzResult) -> str:
    if allowing.allowed:
        return "allow"
    if asking.allowed:
        return "ask"
    if asking.diagnostics.reasons:
        return "deny"
    return "allow" if by_default.allowed else "ask"
