"""Rules as formulas for Z3: what a rule set says about *any* call, so that "narrowing" can be proved or refuted.

The formulas are written from the words of the rules, not from the code under judgement. They cover tools, effects, accounts,
agents, triggers, hours, weekdays, beginnings and ends, and the conditions *equals*, *one of*, *at most* and *absent* on
arguments that hold one or two values. What the built-in rules would say is a free variable: the same before and after an
edit of the workspace's rules, whatever it is. Counts and globs are left to the properties.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from legate_core.policy.model import Predicate, Rule
from legate_core.tools.spec import Argument, Effect, ToolSpec

DENY, ASK, ALLOW = 0, 1, 2
RANKS = {"deny": DENY, "ask": ASK, "allow": ALLOW}
DAY = 1440
MINUTE_MS = 60_000

WORDS = ("red", "green", "blue")
AMOUNTS = (10, 50, 100)
NAMES = {"accounts": ("work", "home"), "agents": ("agt_1", "agt_2"), "triggers": ("manual", "schedule")}
ARGUMENTS = ("colour", "amount")


def tools() -> tuple[ToolSpec, ...]:
    """One tool of every effect that a rule may allow without more ado, and one that only reads."""
    colour, amount = {"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "integer"}}
    return tuple(
        ToolSpec(
            name=f"judge.{effect.value}",
            description="A tool of the judge.",
            effect=effect,
            parameters={"type": "object", "properties": {"colour": colour, "amount": amount}},
            arguments={name: Argument("authority") for name in ARGUMENTS},
        )
        for effect in (Effect.READ, Effect.WRITE, Effect.SEND)
    )


@dataclass(frozen=True)
class AnyCall:
    """The variables of one call. Texts are numbered; the number after the last stands for every other text."""

    tool: Any
    texts: dict[str, Any]
    day: Any
    minute: Any
    values: dict[str, tuple[Any, Any]]
    counts: dict[str, Any]
    default: Any

    @classmethod
    def make(cls) -> AnyCall:
        return cls(
            z3.Int("tool"),
            {field: z3.Int(field) for field in NAMES},
            z3.Int("day"),
            z3.Int("minute"),
            {name: (z3.Int(f"{name}_1"), z3.Int(f"{name}_2")) for name in ARGUMENTS},
            {name: z3.Int(f"{name}_count") for name in ARGUMENTS},
            z3.Int("default"),
        )

    def limits(self) -> Any:
        parts = [self.tool >= 0, self.tool < len(tools()), self.day >= 0, self.minute >= 0, self.minute < DAY]
        parts += [self.default >= ASK, self.default <= ALLOW]
        parts += [z3.And(text >= 0, text <= len(NAMES[field])) for field, text in self.texts.items()]
        parts += [z3.And(count >= 0, count <= 2) for count in self.counts.values()]
        parts += [z3.And(value >= 0, value <= len(WORDS)) for value in self.values["colour"]]
        # The built-in rules deny nothing, and allow what only reads.
        parts += [z3.Implies(self.tool == 0, self.default == ALLOW)]
        return z3.And(*parts)


def matches(rule: Rule, call: AnyCall) -> Any:
    """Whether this rule speaks about the call."""
    parts: list[Any] = []
    if rule.tools:
        parts.append(z3.Or(*(call.tool == place for place, tool in enumerate(tools()) if tool.name in rule.tools)))
    if rule.effects:
        parts.append(z3.Or(*(call.tool == place for place, tool in enumerate(tools()) if tool.effect in rule.effects)))
    for field, text in call.texts.items():
        given: tuple[str, ...] = getattr(rule, field)
        if given:
            parts.append(z3.Or(*(text == NAMES[field].index(name) for name in given)))
    if rule.starts_at is not None:
        parts.append(call.day * DAY + call.minute >= rule.starts_at // MINUTE_MS)
    if rule.ends_at is not None:
        parts.append(call.day * DAY + call.minute < rule.ends_at // MINUTE_MS)
    if rule.weekdays:
        parts.append(z3.Or(*((call.day + 3) % 7 == day for day in rule.weekdays)))
    if rule.hours is not None:
        start, end = rule.hours
        after, before = call.minute >= start, call.minute < end
        parts.append(z3.And(after, before) if start <= end else z3.Or(after, before))
    parts += [_holds(predicate, call, is_strict=rule.verdict == "allow") for predicate in rule.arguments]
    return z3.And(*parts)


def _holds(predicate: Predicate, call: AnyCall, *, is_strict: bool) -> Any:
    count = call.counts[predicate.argument]
    if predicate.operator == "absent":
        return count > 0 if predicate.negated else count == 0
    first, second = (_fits(predicate, value) for value in call.values[predicate.argument])
    join = z3.And if is_strict else z3.Or
    return z3.Or(z3.And(count == 1, first), z3.And(count == 2, join(first, second)))


def _fits(predicate: Predicate, value: Any) -> Any:
    if predicate.operator == "at_most":
        found = value <= predicate.values[0]
    elif predicate.argument == "colour":
        found = z3.Or(*(value == WORDS.index(str(word)) for word in predicate.values))
    else:
        found = z3.Or(*(value == amount for amount in predicate.values))
    return z3.Not(found) if predicate.negated else found


def verdict(rules: Sequence[Rule], call: AnyCall) -> Any:
    """Deny over ask over allow; where none speaks, whatever the built-in rules say."""
    found = call.default
    for kind in ("allow", "ask", "deny"):
        speaking = [matches(rule, call) for rule in rules if rule.verdict == kind]
        if speaking:
            found = z3.If(z3.Or(*speaking), RANKS[kind], found)
    return found


def gains(before: Sequence[Rule], after: Sequence[Rule]) -> z3.ModelRef | None:
    """A call that gets a more generous verdict after the edit than before; None is a proof that there is none."""
    call, solver = AnyCall.make(), z3.Solver()
    solver.add(call.limits(), verdict(after, call) > verdict(before, call))
    answer = solver.check()
    if answer == z3.unknown:
        raise AssertionError(f"Z3 does not know: {solver.reason_unknown()}")
    return solver.model() if answer == z3.sat else None


class Edits:
    """Random rule sets and edits of them, near enough to each other that each class of edit comes often."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def rules(self) -> tuple[Rule, ...]:
        return tuple(self.rule(number) for number in range(self.random.randint(1, 4)))

    def rule(self, number: int) -> Rule:
        chance = self.random.random
        found = Rule(
            f"rul_{number}", f"Rule {number}", self.random.choice(("allow", "allow", "ask", "deny")), always=True
        )
        if chance() < 0.6:
            found = replace(found, tools=self._some([tool.name for tool in tools()]))
        elif chance() < 0.3:
            found = replace(found, effects=self._some([tool.effect for tool in tools()]))
        for field, names in NAMES.items():
            if chance() < 0.25:
                found = replace(found, **{field: self._some(names)})
        if chance() < 0.2:
            found = replace(found, hours=(self.random.choice((0, 480, 1200)), self.random.choice((360, 720, 1440))))
        if chance() < 0.2:
            found = replace(found, weekdays=self._some(range(7)))
        if chance() < 0.15:
            found = replace(found, starts_at=self.random.choice((3, 9)) * DAY * MINUTE_MS)
        if chance() < 0.15:
            found = replace(found, ends_at=self.random.choice((5, 12)) * DAY * MINUTE_MS, always=False)
        if chance() < 0.6:
            found = replace(found, arguments=tuple(self.predicate() for _ in range(self.random.randint(1, 2))))
        return found

    def predicate(self) -> Predicate:
        argument = self.random.choice(ARGUMENTS)
        operator: Any = self.random.choice(
            ("equals", "one_of", "absent", "at_most" if argument == "amount" else "one_of")
        )
        pool: tuple[Any, ...] = WORDS if argument == "colour" else AMOUNTS
        values = {"equals": (self.random.choice(pool),), "one_of": self._some(pool), "absent": ()}
        values["at_most"] = (self.random.choice(AMOUNTS),)
        return Predicate(argument, operator, values[operator], negated=self.random.random() < 0.2)

    def edit(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """One rule left out, added, or given more or fewer conditions."""
        chance, place = self.random.random(), self.random.randrange(len(rules))
        if chance < 0.2:
            return (*rules[:place], *rules[place + 1 :])
        if chance < 0.4:
            return (*rules, self.rule(9))
        other, rule = self.rule(place), rules[place]
        field = self.random.choice(
            ("tools", "accounts", "agents", "hours", "weekdays", "arguments", "ends_at", "verdict")
        )
        changed = replace(rule, **{field: getattr(other, field)})
        if field == "arguments" and rule.arguments and chance < 0.7:
            changed = replace(rule, arguments=(*rule.arguments, self.predicate()))
        return (*rules[:place], replace(changed, always=changed.ends_at is None), *rules[place + 1 :])

    def _some(self, names: Any) -> tuple[Any, ...]:
        listed = list(names)
        return tuple(self.random.sample(listed, self.random.randint(1, min(3, len(listed)))))
