"""Rules as JSON and back: what is stored, exported and sent to a window. What does not parse is refused by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast, get_args

from legate_core.errors import Invalid
from legate_core.policy.model import Operator, OriginCondition, Predicate, Rule, VerdictKind
from legate_core.tools.spec import Effect, Json

_TEXT_LISTS = ("tools", "accounts", "agents", "workflows", "runs", "triggers", "after_reading")
_TIMES = ("starts_at", "ends_at", "uses_left")
_FIELDS = {field.name: field.default for field in dataclasses.fields(Rule)}


def rule_to_json(rule: Rule) -> dict[str, Json]:
    """The rule as a JSON object; fields that say nothing are left out."""
    found: dict[str, Json] = {}
    for name, default in _FIELDS.items():
        value: Any = getattr(rule, name)
        if value != default:
            found[name] = list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
    if rule.effects:
        found["effects"] = [effect.value for effect in rule.effects]
    if rule.arguments:
        found["arguments"] = [_predicate_to_json(predicate) for predicate in rule.arguments]
    return found


def _predicate_to_json(predicate: Predicate) -> dict[str, Json]:
    found: dict[str, Json] = {"argument": predicate.argument, "operator": predicate.operator}
    if predicate.values:
        found["values"] = list(predicate.values)
    if predicate.negated:
        found["negated"] = True
    return found


def rule_from_json(data: Json) -> Rule:
    """The rule that a JSON object says. Raises `Invalid` for an unknown field or a value of the wrong kind."""
    given = _object(data, "A rule")
    if unknown := sorted(set(given) - set(_FIELDS)):
        raise Invalid(f"A rule has no field {unknown[0][:60]!r}. It has: {', '.join(_FIELDS)}.")
    for name in ("id", "name"):
        if not isinstance(given.get(name), str):
            raise Invalid(
                f'A rule needs a text as its {name!r}. Give it one in quotes; the id may be empty, as in "id": "".'
            )
    fields: dict[str, Any] = dict(given)
    _one_of(given, "verdict", get_args(VerdictKind))
    if "origin" in given:
        _one_of(given, "origin", get_args(OriginCondition))
    _check(given, ("words",), str, "a text")
    _check(given, ("always", "built_in"), bool, "true or false")
    for name in _TEXT_LISTS:
        fields[name] = _texts(given.get(name, []), name)
    for name in _TIMES:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise Invalid(f"The field {name!r} of a rule must be a whole number.")
    fields["effects"] = _effects(given)
    fields["weekdays"] = _numbers(given.get("weekdays", []), "weekdays")
    hours = given.get("hours")
    span = _numbers(hours, "hours") if hours is not None else None
    fields["hours"] = span
    if span is not None and len(span) != 2:
        raise Invalid("The field 'hours' of a rule must be two numbers: the first and the last minute of the day.")
    arguments = given.get("arguments", [])
    if not isinstance(arguments, list):
        raise Invalid("The field 'arguments' of a rule must be a list of conditions.")
    fields["arguments"] = tuple(_predicate(item) for item in cast("list[Json]", arguments))
    return Rule(**fields)


def _predicate(data: Json) -> Predicate:
    given = _object(data, "A condition")
    if unknown := sorted(set(given) - {"argument", "operator", "values", "negated"}):
        raise Invalid(f"A condition has no field {unknown[0][:60]!r}.")
    argument, values, negated = given.get("argument"), given.get("values", []), given.get("negated", False)
    if not isinstance(argument, str) or not argument:
        raise Invalid("A condition needs the name of an argument.")
    _one_of(given, "operator", get_args(Operator))
    if not isinstance(values, list) or not isinstance(negated, bool):
        raise Invalid(f"The condition on {argument[:60]!r} needs a list of values, and true or false for 'negated'.")
    return Predicate(argument, cast("Operator", given["operator"]), tuple(cast("list[Json]", values)), negated)


def _object(data: Json, what: str) -> Mapping[str, Json]:
    if not isinstance(data, Mapping):
        raise Invalid(f"{what} must be a JSON object.")
    return cast("Mapping[str, Json]", data)


def _one_of(given: Mapping[str, Json], name: str, known: tuple[str, ...]) -> None:
    if given.get(name) not in known:
        raise Invalid(f"The field {name!r} must be one of {', '.join(word or 'empty' for word in known)}.")


def _check(given: Mapping[str, Json], names: tuple[str, ...], kind: type, words: str) -> None:
    for name in names:
        if name in given and not isinstance(given[name], kind):
            raise Invalid(f"The field {name!r} of a rule must be {words}.")


def _texts(value: Json, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[Json]", value)):
        raise Invalid(f"The field {name!r} of a rule must be a list of texts.")
    return tuple(cast("list[str]", value))


def _numbers(value: Json, name: str) -> tuple[int, ...]:
    items = cast("list[Json]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        raise Invalid(f"The field {name!r} of a rule must be a list of whole numbers.")
    return tuple(cast("list[int]", items))


def _effects(given: Mapping[str, Json]) -> tuple[Effect, ...]:
    names = _texts(given.get("effects", []), "effects")
    known = {effect.value for effect in Effect}
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"There is no effect {unknown[0][:60]!r}. There are: {', '.join(Effect)}.")
    return tuple(Effect(name) for name in names)
