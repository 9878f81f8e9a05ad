"""What makes a rule one that may be kept: it names what exists, it ends, and it allows nothing grave without limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import cast

from legate_core.errors import Invalid
from legate_core.policy.codec import rule_to_json
from legate_core.policy.match import glob, is_bounded, quantity
from legate_core.policy.model import GRAVE, Predicate, Rule
from legate_core.tools.spec import Effect, Json, ToolSpec

MAX_NAME = 200
MAX_WORDS = 1000
MAX_DEFINITION = 20_000
"""Characters of a rule as JSON: what is read for every call stays small."""


def validate_rule(rule: Rule, tools: Iterable[ToolSpec]) -> None:
    """Raise `Invalid`, with every problem in words, unless the rule may be kept beside these tools."""
    if found := problems(rule, tools):
        raise Invalid(f"The rule “{rule.name[:80]}” cannot be kept. {' '.join(found)}", problems=list(found))


def problems(rule: Rule, tools: Iterable[ToolSpec]) -> tuple[str, ...]:
    """What is wrong with a rule, one sentence each; empty when it may be kept."""
    specs = list(tools)
    return (
        *_identity(rule),
        *_size(rule),
        *_times(rule),
        *_names(rule, specs),
        *_predicates(rule),
        *_allowing(rule, specs),
    )


def fits(rule: Rule) -> bool:
    """Whether a rule is small enough to be kept, and JSON can hold its values."""
    try:
        return len(json.dumps(rule_to_json(rule), allow_nan=False)) <= MAX_DEFINITION
    except ValueError:
        return False


def reaches(rule: Rule, spec: ToolSpec) -> bool:
    """Whether the rule is about this tool at all."""
    is_named = not rule.tools or any(glob(pattern, spec.name) for pattern in rule.tools)
    return is_named and (not rule.effects or spec.effect in rule.effects)


def _identity(rule: Rule) -> Iterator[str]:
    if not rule.id or rule.id.startswith("builtin.") or rule.built_in:
        yield "It needs an id of its own; ids that begin with “builtin.” belong to the rules that ship with Legate."
    if not rule.name.strip():
        yield "Give it a name, so that a card can say which rule decided."
    if len(rule.name) > MAX_NAME or len(rule.words) > MAX_WORDS:
        yield f"Its name may have {MAX_NAME} characters and its words {MAX_WORDS}. Say it shorter."
    if not all(character.isprintable() for character in rule.name + rule.words):
        yield "Its name and its words must be plain text in one line."


def _size(rule: Rule) -> Iterator[str]:
    if not fits(rule):
        yield f"Its conditions must be JSON values of at most {MAX_DEFINITION:,} characters in all. Name fewer."


def _times(rule: Rule) -> Iterator[str]:
    if rule.uses_left is not None and rule.uses_left < 0:
        yield "Its count cannot be below zero."
    if rule.starts_at is not None and rule.ends_at is not None and rule.starts_at >= rule.ends_at:
        yield "It would end before it begins. Choose a later end."
    if rule.hours is not None and (not all(0 <= minute <= 1440 for minute in rule.hours) or len(set(rule.hours)) == 1):
        yield "Its hours must be two different times of one day."
    if any(not 0 <= day <= 6 for day in rule.weekdays):
        yield "Its weekdays must be numbers from 0 (Monday) to 6 (Sunday)."


def _names(rule: Rule, specs: list[ToolSpec]) -> Iterator[str]:
    for pattern in rule.tools:
        if not any(glob(pattern, spec.name) for spec in specs):
            yield f"There is no tool {pattern!r}. Check its spelling, or connect the tool first."
    about = [spec for spec in specs if reaches(rule, spec)]
    for predicate in rule.arguments:
        having = [spec for spec in about if has_argument(spec, predicate.argument)]
        lacking = [spec.name for spec in about if spec.name in rule.tools and spec not in having]
        if lacking:
            has = _arguments(about, lacking[0])
            yield f"The tool {lacking[0]} has no argument {predicate.argument!r}. It has {has}."
        elif not having:
            yield f"No tool that it is about has an argument {predicate.argument!r}."


def _arguments(specs: list[ToolSpec], name: str) -> str:
    spec = next(spec for spec in specs if spec.name == name)
    return ", ".join(cast("Mapping[str, Json]", spec.parameters.get("properties") or {})) or "none"


def has_argument(spec: ToolSpec, path: str) -> bool:
    """Whether the tool's schema knows the path. In a free-form object every name is known."""
    schema: Json = spec.parameters
    for depth, part in enumerate(path.split(".")):
        while isinstance(schema, Mapping) and "items" in schema and "properties" not in schema:
            schema = cast("Mapping[str, Json]", schema)["items"]
        if not isinstance(schema, Mapping):
            return False
        known = cast("Mapping[str, Json]", schema)
        declared = cast("Mapping[str, Json]", known.get("properties") or {})
        if part in declared:
            schema = declared[part]
        else:
            is_free_form = known.get("type") == "object" and not declared
            return depth > 0 and is_free_form and known.get("additionalProperties") is not False
    return True


def _predicates(rule: Rule) -> Iterator[str]:
    for predicate in rule.arguments:
        if predicate.operator == "absent":
            if predicate.values:
                yield f"The condition that {predicate.argument!r} is left out takes no value."
        elif not predicate.values:
            yield f"The condition on {predicate.argument!r} needs at least one value."
        elif not all(_FITS.get(predicate.operator, _fits_anything)(value) for value in predicate.values):
            yield f"The condition on {predicate.argument!r} needs {_WANTED[predicate.operator]}."


def _fits_anything(value: Json) -> bool:
    return True


def _is_host_name(value: Json) -> bool:
    return isinstance(value, str) and bool(value) and not set(value) & set("/@:* \\?#")


def _is_clean_path(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip()) and ".." not in value.replace("\\", "/").split("/")


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip("*"))


_FITS: Mapping[str, Callable[[Json], bool]] = {
    "domain": _is_host_name,
    "host": _is_host_name,
    "under": _is_clean_path,
    "at_most": lambda value: quantity(value) is not None,
    "glob": _is_text,
}
_WANTED: Mapping[str, str] = {
    "domain": "a mail domain like example.com, without @",
    "host": "a host name like example.com, without https:// and path",
    "under": "a folder without “..”",
    "at_most": "a number",
    "glob": "a text with more in it than *",
}


def _allowing(rule: Rule, specs: list[ToolSpec]) -> Iterator[str]:
    if rule.verdict != "allow":
        return
    if rule.origin or rule.after_reading:
        yield "A condition on where values come from can only ask or deny, never allow."
    if not rule.tools and not rule.effects:
        yield "An allowing rule must say which tools or which effects it is about."
    if rule.uses_left is None and rule.ends_at is None and not rule.runs and not rule.always:
        yield "An allowing rule must end: after so many times, on a date, or with one run."
    grave = [spec for spec in specs if reaches(rule, spec) and spec.effect in GRAVE and _means(rule, spec)]
    if (grave or GRAVE & set(rule.effects)) and (rule.uses_left is None or rule.ends_at is None or rule.always):
        yield "What spends, deletes for good or gives access is only allowed with a count and an end."
    for spec in grave:
        if spec.effect is Effect.SPEND and not is_bounded(rule, spec.amount_argument):
            yield f"{spec.name} spends money, so the rule must limit {spec.amount_argument or 'an amount'}."


def _means(rule: Rule, spec: ToolSpec) -> bool:
    return spec.name in rule.tools or spec.effect in rule.effects


def predicate_words(predicate: Predicate) -> str:
    """A condition as part of a sentence: "to is one of a@x.com or b@x.com"."""
    values = " or ".join(str(value) for value in predicate.values)
    is_not = "not " if predicate.negated else ""
    match predicate.operator:
        case "equals":
            return f"{predicate.argument} is {is_not}{values}"
        case "one_of":
            return f"{predicate.argument} is {is_not}one of {values}"
        case "domain":
            return f"{predicate.argument} is {is_not}at {values}"
        case "under":
            return f"{predicate.argument} is {is_not}under {values}"
        case "at_most":
            return f"{predicate.argument} is {'more than' if predicate.negated else 'at most'} {values}"
        case "host":
            return f"{predicate.argument} is {is_not}on {values}"
        case "glob":
            return f"{predicate.argument} is {is_not}like {values}"
        case "absent":
            return f"{predicate.argument} is {'given' if predicate.negated else 'left out'}"
