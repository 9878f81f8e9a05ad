"""What an edit of the rules does: narrower, wider, both or nothing, with a call whose verdict changes.

*Narrowing* is only said where it is shown that no call gains: every old ask and deny is still covered, every new allow
was covered before. Where that cannot be shown the edit counts as widening or incomparable, so it needs an approval.
Counts are taken as they stand at the edit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from legate_core.policy.covers import Cover, covered, effects_of
from legate_core.policy.decide import decide
from legate_core.policy.model import Call, Facts, Rule, Settings, Verdict
from legate_core.policy.witness import calls_around, facts_around
from legate_core.tools.spec import Effect, ToolSpec

ChangeKind = Literal["same", "narrowing", "widening", "incomparable"]
MAX_TRIES, MAX_LOOKS = 4_000, 100_000
"""Calls that are tried for an example, and rules that are looked at for them: an edit is classed while others wait."""
RANK = {"deny": 0, "ask": 1, "allow": 2}


@dataclass(frozen=True)
class RuleSet:
    """The rules and switches of a workspace, as they were or as they would be."""

    rules: tuple[Rule, ...] = ()
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Example:
    """A call whose verdict the edit changes."""

    call: Call
    facts: Facts
    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Change:
    """The class of an edit. `wider` and `narrower` are examples, where one was found in a bounded search."""

    kind: ChangeKind
    wider: Example | None = None
    narrower: Example | None = None

    @property
    def needs_approval(self) -> bool:
        return self.kind in ("widening", "incomparable")

    @property
    def words(self) -> str:
        """The edit in a sentence, with the example."""
        said = {
            "same": "It changes no verdict.",
            "narrowing": "It allows nothing new.",
            "widening": "It allows more than before.",
            "incomparable": "It allows more in some cases, or that cannot be ruled out, and less in others.",
        }[self.kind]
        shown = self.wider or self.narrower
        if shown is None:
            return said
        return f"{said} For example {shown.call.tool.name}: {shown.before.kind} before, {shown.after.kind} now."


def classify(old: RuleSet, new: RuleSet, tools: Iterable[ToolSpec], now: int = 0) -> Change:
    """Class an edit and look for examples. `now` is when it is made: rules that have ended or are used up by then count
    as absent."""
    specs = tuple(tools)
    kind = kind_of(old, new, specs, now)
    if kind == "same":
        return Change(kind)
    before, after = _living(old, now), _living(new, now)
    return Change(kind, *_examples(before, after, specs, now, kind != "narrowing", kind != "widening"))


def kind_of(old: RuleSet, new: RuleSet, tools: Iterable[ToolSpec], now: int = 0) -> ChangeKind:
    """The class of an edit alone."""
    before, after = _living(old, now), _living(new, now)
    effects = {spec.name: spec.effect for spec in tools}
    gains_nothing = _gains_nothing(before, after, effects)
    loses_nothing = _gains_nothing(after, before, effects)
    if gains_nothing and loses_nothing:
        return "same"
    return "narrowing" if gains_nothing else "widening" if loses_nothing else "incomparable"


def _living(rules: RuleSet, now: int) -> RuleSet:
    living = tuple(
        rule
        for rule in rules.rules
        if (rule.uses_left is None or rule.uses_left > 0)
        and (rule.ends_at is None or rule.ends_at > now)
        and not (rule.verdict == "allow" and (rule.origin or rule.after_reading))
    )
    return RuleSet(living, rules.settings)


def _gains_nothing(before: RuleSet, after: RuleSet, effects: Mapping[str, Effect]) -> bool:
    """Whether it is shown that no call gets a more generous verdict after than before."""
    if not _is_no_looser(before.settings, after.settings):
        return False
    denying = _covers(after, "deny")
    narrowing = _covers(after, "deny", "ask")
    allowing = _covers(before, "allow")
    # Each old narrowing rule must live on. A rule kept as it was goes first, so that it finds itself.
    for rule in sorted(before.rules, key=lambda rule: rule not in after.rules):
        if rule.verdict == "deny":
            left = covered(rule, denying, effects)
            if left is None:
                return False
            denying = left
        elif rule.verdict == "ask":
            left = covered(rule, narrowing, effects)
            if left is None:
                return False
            narrowing = left
    for rule in sorted(after.rules, key=lambda rule: rule not in before.rules):
        if rule.verdict != "allow" or effects_of(rule, effects) <= {Effect.READ}:
            continue
        left = covered(rule, allowing, effects)
        if left is not None:
            allowing = left
        elif covered(rule, _covers(after, "deny", "ask", endless=True), effects) is None:
            return False
    return True


def _covers(rules: RuleSet, *verdicts: str, endless: bool = False) -> tuple[Cover, ...]:
    return tuple(
        Cover(rule, rule.uses_left)
        for rule in rules.rules
        if rule.verdict in verdicts and (rule.uses_left is None or not endless)
    )


def _is_no_looser(before: Settings, after: Settings) -> bool:
    return (
        (after.ask_every_effect or not before.ask_every_effect)
        and (before.relax_content or not after.relax_content)
        and set(after.allow_list) <= set(before.allow_list)
    )


def _examples(
    before: RuleSet, after: RuleSet, specs: Sequence[ToolSpec], now: int, wants_wider: bool, wants_narrower: bool
) -> tuple[Example | None, Example | None]:
    wider: Example | None = None
    narrower: Example | None = None
    tries = min(MAX_TRIES, MAX_LOOKS // (len(before.rules) + len(after.rules) + 10))
    for call, facts in itertools.islice(_tries(before, after, specs, now), tries):
        first = decide(call, _under(facts, before), before.rules)
        second = decide(call, _under(facts, after), after.rules)
        if wider is None and RANK[second.kind] > RANK[first.kind]:
            wider = Example(call, facts, first, second)
        elif narrower is None and RANK[second.kind] < RANK[first.kind]:
            narrower = Example(call, facts, first, second)
        if (wider or not wants_wider) and (narrower or not wants_narrower):
            break
    return wider, narrower


def _under(facts: Facts, rules: RuleSet) -> Facts:
    return Facts(facts.own_words, facts.observations, facts.grants, rules.settings)


def _tries(before: RuleSet, after: RuleSet, specs: Sequence[ToolSpec], now: int) -> Iterator[tuple[Call, Facts]]:
    """Calls around what changed first: inside the changed rules, at their edges and just outside."""
    everything = (*before.rules, *after.rules)
    changed = [rule for rule in everything if (rule in before.rules) != (rule in after.rules)]
    sources = [calls_around(rule, everything, specs, now) for rule in changed]
    if before.settings != after.settings:
        listed = (*before.settings.allow_list, *after.settings.allow_list)
        sources.append(calls_around(Rule("", "", "allow"), everything, specs, now, also=listed))
    for call in _in_turns(sources):
        for facts in facts_around(call, everything):
            yield call, facts


def _in_turns(sources: Sequence[Iterator[Call]]) -> Iterator[Call]:
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            call = next(source, None)
            if call is None:
                waiting.remove(source)
            else:
                yield call
