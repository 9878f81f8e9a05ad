"""Calls that show a difference between rules: one value for each side of every condition, put together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from legate_core.policy.match import MILLIS_PER_MINUTE, MINUTES_PER_DAY, quantity
from legate_core.policy.model import Call, Facts, ObservationText, Predicate, Rule
from legate_core.policy.provenance import OwnWords, atoms_of
from legate_core.policy.rules import reaches
from legate_core.tools.spec import Json, ToolSpec

MAX_PER_TOOL = 600
_MISSING: Json = object()


def calls_around(
    rule: Rule, rules: Sequence[Rule], specs: Sequence[ToolSpec], now: int, also: Sequence[str] = ()
) -> Iterator[Call]:
    """Calls inside a rule first, then with one and with two things changed, for every kind of tool it is about."""
    about = [spec for spec in specs if reaches(rule, spec)]
    chosen: dict[object, ToolSpec] = {}
    for spec in about:
        # One tool stands for all that no rule tells apart.
        chosen.setdefault((spec.effect, spec.local, tuple(reaches(other, spec) for other in rules)), spec)
    streams = [_calls(rule, rules, spec, now, also) for spec in chosen.values()]
    for together in itertools.zip_longest(*streams):
        yield from (call for call in together if call is not None)


def _calls(rule: Rule, rules: Sequence[Rule], spec: ToolSpec, now: int, also: Sequence[str]) -> Iterator[Call]:
    near = [other for other in rules if reaches(other, spec)]
    axes: list[tuple[str, list[Any]]] = [
        ("account", _names(rule.accounts, [other.accounts for other in near])),
        ("agent_id", _names(rule.agents, [other.agents for other in near])),
        ("workflow_id", _names(rule.workflows, [other.workflows for other in near])),
        ("run_id", _names(rule.runs, [other.runs for other in near])),
        ("trigger", _names(rule.triggers, [other.triggers for other in near])),
        ("now", _times(rule, near, now)),
    ]
    properties = cast("Mapping[str, Json]", spec.parameters.get("properties") or {})
    for name in properties:
        first = [each for each in rule.arguments if each.argument.partition(".")[0] == name]
        others = [each for other in near for each in other.arguments if each.argument.partition(".")[0] == name]
        schema = cast("Mapping[str, Json]", properties[name])
        is_required = name in (spec.parameters.get("required") or ())
        axes.append((f"={name}", _values(first, others, schema, is_required, also)))
    for choice in itertools.islice(_around(axes), MAX_PER_TOOL):
        fields: dict[str, Any] = {name: value for name, value in choice if not name.startswith("=")}
        arguments = {name[1:]: value for name, value in choice if name.startswith("=") and value is not _MISSING}
        yield Call(spec, arguments, **fields)


def _around(axes: Sequence[tuple[str, list[Any]]]) -> Iterator[list[tuple[str, Any]]]:
    """The first value of every axis, then every change of one, then of two, then of three axes."""
    base = [(name, values[0]) for name, values in axes]
    open_axes = [position for position, (_, values) in enumerate(axes) if len(values) > 1]
    for count in range(min(4, len(open_axes) + 1)):
        for positions in itertools.combinations(open_axes, count):
            for values in itertools.product(*(axes[position][1][1:] for position in positions)):
                changed = list(base)
                for position, value in zip(positions, values, strict=True):
                    changed[position] = (axes[position][0], value)
                yield changed


def _names(first: Sequence[str], others: Iterable[Sequence[str]]) -> list[str]:
    known = [name.replace("*", "x") for name in (*first, *itertools.chain.from_iterable(others))]
    start = [] if first else ["another"]
    return list(dict.fromkeys([*start, *known, "another"]))


def _times(rule: Rule, near: Sequence[Rule], now: int) -> list[int]:
    """Now, the edges of every period, and a moment in each of the rule's hours and days."""
    found = [now]
    for other in (rule, *near):
        found += [edge for each in (other.starts_at, other.ends_at) if each is not None for edge in (each, each - 1)]
        minutes = [*(other.hours or ()), *((edge - 1) % MINUTES_PER_DAY for edge in other.hours or ())]
        days = other.weekdays or ()
        start = now // MILLIS_PER_MINUTE // MINUTES_PER_DAY * MINUTES_PER_DAY
        for offset in range(8) if minutes or days else ():
            found += [(start + offset * MINUTES_PER_DAY + minute) * MILLIS_PER_MINUTE for minute in minutes or [0]]
    times = [time for time in dict.fromkeys(found) if time >= now]
    inside = [time for time in times if _is_inside(rule, time)]
    return list(dict.fromkeys([*inside, *times])) or [now]


def _is_inside(rule: Rule, time: int) -> bool:
    from_start = rule.starts_at is None or time >= rule.starts_at
    return from_start and (rule.ends_at is None or time < rule.ends_at) and _is_in_hours(rule, time)


def _is_in_hours(rule: Rule, time: int) -> bool:
    minutes = time // MILLIS_PER_MINUTE
    weekday, minute = (minutes // MINUTES_PER_DAY + 3) % 7, minutes % MINUTES_PER_DAY
    if rule.weekdays and weekday not in rule.weekdays:
        return False
    start, end = rule.hours or (0, MINUTES_PER_DAY)
    return start <= minute < end if start <= end else minute >= start or minute < end


def _values(
    first: Sequence[Predicate],
    others: Sequence[Predicate],
    schema: Mapping[str, Json],
    is_required: bool,
    also: Sequence[str],
) -> list[Json]:
    """For one argument: what fits the rule's own conditions, what fits the others', what fits none, and nothing."""
    inside = [value for each in first for value in _examples(each)]
    around = [value for each in others for value in _examples(each)]
    outside: list[Json] = [_plain(schema), *also]
    found = [*inside, *outside, *around] if not inside else [*inside, *around, *outside]
    shaped = [_shaped(value, first, others, schema) for value in found]
    if any(each.operator == "absent" and not each.negated for each in first):
        shaped.insert(0, _MISSING)
    elif first or others or not is_required:
        shaped.append(_MISSING)
    kept: list[Json] = []
    for value in shaped:
        if not any(value is known or (value is not _MISSING and value == known) for known in kept):
            kept.append(value)
    if schema.get("type") == "array":
        lists = [cast("list[Json]", value) for value in kept if isinstance(value, list)]
        singles = [value[0] for value in lists if len(value) == 1]
        kept += [list(pair) for pair in itertools.permutations(singles[:4], 2)]
    return kept


def _examples(predicate: Predicate) -> Iterator[Json]:
    for value in predicate.values:
        text = str(value)
        match predicate.operator:
            case "equals" | "one_of":
                yield value
            case "domain":
                yield from (f"someone@{text}", f"someone@sub.{text}")
            case "host":
                yield from (f"https://{text}/page", f"https://sub.{text}/page")
            case "under":
                yield from (f"{text.rstrip('/')}/file.txt", f"{text.rstrip('/')}/../file.txt")
            case "glob":
                yield from (text.replace("*", ""), text.replace("*", "x"), text.replace("*", "/x"))
            case "at_most":
                limit = quantity(value)
                if limit is not None:
                    yield from (_number(limit), _number(limit + 1), 0, -1)
            case "absent":
                return


def _number(value: Any) -> Json:
    return int(value) if value == int(value) else float(value)


def _plain(schema: Mapping[str, Json]) -> Json:
    """A value that no rule means."""
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    plain: Mapping[str, Json] = {"integer": 123_456, "number": 123_456, "boolean": True, "object": {}}
    return plain.get(str(schema.get("type")), "something")


def _shaped(value: Json, first: Sequence[Predicate], others: Sequence[Predicate], schema: Mapping[str, Json]) -> Json:
    """The value where its condition looks for it: inside an object for a path, in a list for a list."""
    path = next((each.argument for each in (*first, *others) if "." in each.argument), "")
    if path and not isinstance(value, Mapping):
        for part in reversed(path.split(".")[1:]):
            value = {part: value}
        return value
    return [value] if schema.get("type") == "array" and not isinstance(value, list) else cast("Json", value)


def facts_around(call: Call, rules: Sequence[Rule]) -> Iterator[Facts]:
    """Every value named by the person, or none; nothing read, or something read from what a rule names."""
    atoms = atoms_of(call.tool, call.arguments)
    named = OwnWords.from_texts([f"{atom.argument.rpartition('.')[2]} {atom.value}" for atom in atoms])
    sources = dict.fromkeys(name for rule in rules for name in rule.after_reading)
    read = tuple(ObservationText(f"o{n}", name.replace("*", "x"), "") for n, name in enumerate(sources))
    for own_words in (named, OwnWords()):
        yield Facts(own_words)
        if read:
            yield Facts(own_words, read)
