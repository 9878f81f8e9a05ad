"""A rule in words that say exactly what it does, made from its conditions and from nothing anybody wrote about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from legate_core.policy.model import Rule
from legate_core.policy.rules import predicate_words

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def describe(rule: Rule) -> str:
    """The rule as one sentence: verdict, tools or effects, and every condition."""
    verdict = {"allow": "Allow", "ask": "Ask before", "deny": "Never allow"}[rule.verdict]
    if rule.tools:
        what = _either(rule.tools)
        if rule.effects:
            what += f" where the effect is {_either(effect.value for effect in rule.effects)}"
    elif rule.effects:
        what = f"anything with the effect {_either(effect.value for effect in rule.effects)}"
    else:
        what = "everything"
    return f"{verdict} {what}{''.join(f', {condition}' for condition in _conditions(rule))}."


def _conditions(rule: Rule) -> Iterable[str]:
    for predicate in rule.arguments:
        yield f"when {predicate_words(predicate)}"
    for names, words in (
        (rule.accounts, "with the account"),
        (rule.agents, "for the agent"),
        (rule.workflows, "for the workflow"),
        (rule.runs, "in the run"),
        (rule.triggers, "in a run started by"),
    ):
        if names:
            yield f"{words} {_either(names)}"
    if rule.origin == "derived":
        yield "when a value stands neither in your own words nor in a grant"
    elif rule.origin == "not_person":
        yield "when a value does not stand in your own words"
    if rule.after_reading:
        sources = ("something untrusted" if name == "untrusted" else name for name in rule.after_reading)
        yield f"after the run has read {_either(sources)}"
    if rule.weekdays:
        yield f"on {_either(_DAYS[day] for day in rule.weekdays)}"
    if rule.hours is not None:
        yield "from {:02d}:{:02d} to {:02d}:{:02d}".format(*divmod(rule.hours[0], 60), *divmod(rule.hours[1], 60))
    if rule.starts_at is not None:
        yield f"from {moment(rule.starts_at)}"


def ends_words(rule: Rule) -> str:
    """When the rule ends: a moment, a count, or both. Says the same at any time, so that a list need not tick."""
    if rule.uses_left == 0:
        return "used up"
    said: list[str] = []
    if rule.uses_left is not None:
        said.append("one more time" if rule.uses_left == 1 else f"{rule.uses_left:,} more times")
    if rule.ends_at is not None:
        said.append(f"until {moment(rule.ends_at)}")
    if not said and rule.runs:
        return "with its run"
    return ", ".join(said) or "never"


def moment(at: int) -> str:
    """A moment in words, in UTC: "31 December 2026, 14:00 UTC"."""
    try:
        then = datetime.fromtimestamp(at // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return "a time beyond the calendar"
    return f"{then.day} {then:%B %Y, %H:%M} UTC"


def _either(names: Iterable[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} or {last}" if before else last
