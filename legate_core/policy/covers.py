"""Does one rule match everything that another matches? Answers yes only where it can be shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from legate_core.policy.match import TESTS, form, glob, quantity
from legate_core.policy.model import GRAVE, Predicate, Rule
from legate_core.policy.provenance import same_value
from legate_core.policy.words import address
from legate_core.tools.spec import Effect, Json

MAX_PIECES = 256
_SPLIT = ("tools", "effects", "agents", "workflows", "runs", "accounts", "triggers", "weekdays")


@dataclass(frozen=True, slots=True)
class Cover:
    """A rule as cover, and how many of its uses are not yet given to a rule it covers."""

    rule: Rule
    uses_left: int | None


def covered(inner: Rule, covers: Sequence[Cover], effects: Mapping[str, Effect]) -> tuple[Cover, ...] | None:
    """The covers that are left when `inner` is covered by one of them, or piece by piece by several; None otherwise.

    `effects` are the effects of the tools that exist now. A count is shared out: two rules with five uses each are not
    covered by one with five.
    """
    for position, cover in enumerate(covers):
        if contains(cover.rule, inner, effects) and _has_uses(cover, inner):
            left = cover
            if cover.uses_left is not None and inner.uses_left is not None:
                left = Cover(cover.rule, cover.uses_left - inner.uses_left)
            return (*covers[:position], left, *covers[position + 1 :])
    endless = [cover.rule for cover in covers if cover.uses_left is None]
    pieces = list(itertools.islice(_pieces(inner, endless, effects), MAX_PIECES + 1))
    if 1 < len(pieces) <= MAX_PIECES and all(
        any(contains(rule, piece, effects) for rule in endless) for piece in pieces
    ):
        return tuple(covers)
    return None


def _has_uses(cover: Cover, inner: Rule) -> bool:
    return cover.uses_left is None or (inner.uses_left is not None and inner.uses_left <= cover.uses_left)


def _pieces(inner: Rule, covers: Iterable[Rule], effects: Mapping[str, Effect]) -> Iterator[Rule]:
    """The rule cut along everything that can be listed, so that several covers can share it."""
    options: list[list[tuple[str, Any]]] = []
    for name in _SPLIT:
        values: Sequence[Any] = getattr(inner, name)
        if not values and name == "weekdays":
            values = range(7)
        if not values and name == "effects":
            values = sorted(effects_of(inner, effects))
        options.append([(name, (value,)) for value in values] or [(name, ())])
    if inner.verdict != "allow":
        # "Any of these" can be cut by value; "all of these" cannot.
        for position, predicate in enumerate(inner.arguments):
            if predicate.operator in _LISTABLE and not predicate.negated and len(predicate.values) > 1:
                options.append([(f"#{position}", (value,)) for value in predicate.values])
    for choice in itertools.product(*options):
        fields: dict[str, Any] = {name: values for name, values in choice if not name.startswith("#")}
        arguments = list(inner.arguments)
        for name, values in choice:
            if name.startswith("#"):
                arguments[int(name[1:])] = replace(arguments[int(name[1:])], values=values)
        yield replace(inner, **fields, arguments=tuple(arguments))


_LISTABLE = frozenset({"one_of", "equals", "domain", "host", "under", "glob"})


def contains(outer: Rule, inner: Rule, effects: Mapping[str, Effect]) -> bool:
    """Whether every call that `inner` matches is matched by `outer`, whatever their counts. Sound, not complete."""
    return (
        _names_within(inner.tools, outer.tools)
        and (not outer.effects or effects_of(inner, effects) <= set(outer.effects))
        and _names_within(inner.accounts, outer.accounts)
        and all(
            not mine or (bool(other) and set(other) <= set(mine))
            for mine, other in (
                (outer.agents, inner.agents),
                (outer.workflows, inner.workflows),
                (outer.runs, inner.runs),
                (outer.triggers, inner.triggers),
                (outer.weekdays, inner.weekdays),
            )
        )
        and _minutes(inner) <= _minutes(outer)
        and (outer.starts_at is None or (inner.starts_at is not None and inner.starts_at >= outer.starts_at))
        and (outer.ends_at is None or (inner.ends_at is not None and inner.ends_at <= outer.ends_at))
        and all(any(implies(mine, other, inner, outer) for mine in inner.arguments) for other in outer.arguments)
        and _conditions_within(inner, outer)
        and (outer.verdict != "allow" or inner.verdict != "allow" or _as_grave(inner, outer, effects))
    )


def effects_of(rule: Rule, effects: Mapping[str, Effect]) -> set[Effect]:
    possible = set(rule.effects) or set(Effect)
    if rule.tools and all(name in effects for name in rule.tools):
        possible &= {effects[name] for name in rule.tools}
    return possible


def _names_within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    if not outer:
        return True
    # A star in the inner pattern is a plain character here: only a star in the outer one can take it in.
    return bool(inner) and all(any(glob(wide, narrow) for wide in outer) for narrow in inner)


def _minutes(rule: Rule) -> set[int]:
    if rule.hours is None:
        return set(range(1440))
    start, end = rule.hours
    return set(range(start, end)) if start <= end else set(range(start, 1440)) | set(range(end))


def _conditions_within(inner: Rule, outer: Rule) -> bool:
    if outer.after_reading and not (
        inner.after_reading
        and all(
            any(
                wide in (name, "*") or (wide != "untrusted" != name and glob(wide, name))
                for wide in outer.after_reading
            )
            for name in inner.after_reading
        )
    ):
        return False
    if not outer.origin:
        return True
    looked_at = {predicate.argument for predicate in inner.arguments}
    watched = {predicate.argument for predicate in outer.arguments}
    is_weaker = inner.origin == outer.origin or (inner.origin, outer.origin) == ("derived", "not_person")
    return is_weaker and (not watched or (bool(looked_at) and looked_at <= watched))


def _as_grave(inner: Rule, outer: Rule, effects: Mapping[str, Effect]) -> bool:
    """Allow rules lose their power over grave effects where they lack limits; the cover must have kept its own."""
    is_armed = inner.uses_left is not None and inner.ends_at is not None
    reached = GRAVE & effects_of(inner, effects)
    if not is_armed or not reached:
        return True
    if outer.uses_left is None or outer.ends_at is None:
        return False
    if Effect.SPEND in reached and not _bounded(inner) <= _bounded(outer):
        return False
    says_so = bool(outer.effects) or (bool(outer.tools) and not any("*" in name for name in outer.tools))
    return reached <= {Effect.SPEND} or says_so or (inner.tools, inner.effects) == (outer.tools, outer.effects)


def _bounded(rule: Rule) -> set[str]:
    bounding = {"at_most", "equals", "one_of"}
    return {each.argument for each in rule.arguments if each.operator in bounding and not each.negated}


def implies(narrow: Predicate, wide: Predicate, inner: Rule, outer: Rule) -> bool:
    """Whether arguments that satisfy one condition, as its rule reads it, satisfy the other, as its rule reads it."""
    if narrow.argument != wide.argument:
        return False
    is_strict, was_strict = outer.verdict == "allow", inner.verdict == "allow"
    if is_strict and not was_strict:
        return False
    if wide.operator == "absent":
        if narrow.operator == "absent":
            return narrow.negated == wide.negated
        return wide.negated
    if narrow.operator == "absent":
        return False
    if _is_whole(narrow) or _is_whole(wide):
        return (
            narrow.negated == wide.negated
            and same_value(narrow.values, wide.values)
            and narrow.operator == wide.operator
        )
    if narrow.negated:
        return wide.negated and is_strict == was_strict and _excludes(narrow, wide, is_strict)
    if narrow.operator in ("equals", "one_of"):
        return all(_value_fits(value, wide, is_strict) for value in narrow.values)
    return not wide.negated and narrow.operator == wide.operator and _values_within(narrow, wide, is_strict)


def _is_whole(predicate: Predicate) -> bool:
    first = predicate.values[0] if predicate.values else None
    return predicate.operator == "equals" and isinstance(first, list | tuple | Mapping)


def _excludes(narrow: Predicate, wide: Predicate, is_strict: bool) -> bool:
    """ "Not among more" implies "not among fewer"."""
    same = narrow.operator == wide.operator or {narrow.operator, wide.operator} <= {"equals", "one_of"}
    if narrow.operator == "at_most":
        return same and _largest(wide) <= _largest(narrow)
    forms = [form(value, is_strict) for value in narrow.values]
    return same and all(form(value, is_strict) in forms for value in wide.values)


def _value_fits(value: Json, wide: Predicate, is_strict: bool) -> bool:
    if wide.operator in ("under", "glob") and isinstance(value, str) and address(value):
        # Addresses compare without case, folders and patterns do not.
        return False
    answer = TESTS[wide.operator](value, wide.values, is_strict)
    return answer is not None and answer != wide.negated


def _values_within(narrow: Predicate, wide: Predicate, is_strict: bool) -> bool:
    if wide.operator == "at_most":
        return _largest(narrow) <= _largest(wide)
    if wide.operator == "glob":
        return all(
            any(glob(cast("str", form(known, is_strict)), cast("str", form(value, is_strict))) for known in wide.values)
            for value in narrow.values
        )
    probe = {"domain": "x@{}", "host": "https://{}/", "under": "{}"}[wide.operator]
    return all(
        TESTS[wide.operator](
            probe.format(str(value).lower() if wide.operator != "under" else value), wide.values, is_strict
        )
        is True
        for value in narrow.values
    )


def _largest(predicate: Predicate) -> Any:
    limits = [limit for value in predicate.values if (limit := quantity(value)) is not None]
    # Without a limit nothing is at most it.
    return max(limits, default=quantity("-1"))
