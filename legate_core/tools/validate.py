"""Are these arguments what the tool's schema asks for? Answers in words that a model can act on."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from referencing import Registry

from legate_core.crypto.canonical import canonical
from legate_core.errors import Invalid
from legate_core.tools.spec import Json, ToolSpec
from legate_core.tools.titles import places

MAX_ARGUMENT_BYTES = 256_000
MAX_DEPTH = 32
MAX_PROBLEMS = 6


def check_manifest(spec: ToolSpec) -> None:
    """Refuse a manifest that policy could not judge: a bad schema, or words about an argument that the schema lacks."""
    schema = spec.parameters
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), Mapping):
        raise Invalid(
            f"The tool {spec.name} must describe its arguments as a JSON Schema object that spells out its properties."
        )
    if any(not reference.startswith("#") for reference in _references(schema)):
        raise Invalid(
            f"The schema of {spec.name} refers to another document. Put the definitions into the schema itself."
        )
    if (flaw := _flaw(_Key(spec.definition_hash, schema))) is not None:
        raise Invalid(f"The schema of {spec.name} is not valid JSON Schema: {flaw}")
    named = {*spec.arguments, *places(spec.title), *([spec.amount_argument] if spec.amount_argument else [])}
    if lacking := sorted(named - set(schema["properties"])):
        raise Invalid(
            f"The manifest of {spec.name} names {_listed(lacking)}, which its schema lacks. "
            f"The schema has {_listed(sorted(schema['properties'])) or 'no arguments'}."
        )


def problems(spec: ToolSpec, arguments: Json) -> tuple[str, ...]:
    """What is wrong with the arguments, each as one sentence; empty when they fit. Total: never raises on any JSON."""
    if not isinstance(arguments, dict):
        return (f"The arguments must be one JSON object with {_takes(spec)}.",)
    given = cast("dict[str, Json]", arguments)
    if _deeper_than(given, MAX_DEPTH):
        return (f"The arguments are nested deeper than {MAX_DEPTH} levels. Make them flatter.",)
    try:
        size_bytes = len(canonical(given))
    except (ValueError, TypeError, UnicodeError):
        return ("The arguments hold a value that JSON cannot carry (NaN, a huge integer or a broken character).",)
    if size_bytes > MAX_ARGUMENT_BYTES:
        return (
            f"The arguments are {size_bytes:,} bytes, at most {MAX_ARGUMENT_BYTES:,} are taken. "
            "Send less at once, for example by splitting the text.",
        )
    found: list[str] = []
    # Unknown arguments are refused whatever the schema says about additional properties: nobody has declared how
    # policy should treat them.
    if unknown := sorted(set(given) - set(spec.parameters["properties"])):
        found.append(
            f"There is no argument {_listed([name[:60] for name in unknown[:5]])}; the tool takes {_takes(spec)}."
        )
    validator: Any = _validator(_Key(spec.definition_hash, spec.parameters))
    errors: Iterable[ValidationError] = validator.iter_errors(given)
    for error in sorted(errors, key=lambda error: [str(part) for part in error.absolute_path]):
        if error.validator == "additionalProperties" and not error.absolute_path:
            continue
        found.append(_in_words(error))
    if len(found) > MAX_PROBLEMS:
        found = [*found[:MAX_PROBLEMS], f"And {len(found) - MAX_PROBLEMS} more problems of this kind."]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Key:
    """Two specs with one definition share one validator."""

    definition_hash: str
    parameters: Mapping[str, Json] = field(compare=False)


@functools.lru_cache(maxsize=512)
def _flaw(key: _Key) -> str | None:
    # Kept, because a catalogue is made per run and judging a schema takes a millisecond.
    try:
        Draft202012Validator.check_schema(cast("Any", key.parameters))
    except SchemaError as error:
        return error.message[:200]
    return None


@functools.lru_cache(maxsize=512)
def _validator(key: _Key) -> Draft202012Validator:
    # An empty registry: a `$ref` to the network is an error, never a request.
    return Draft202012Validator(cast("Any", key.parameters), registry=Registry())


def _in_words(error: ValidationError) -> str:
    """One finding as a sentence: where, what is wanted, what was given."""
    where = _where([*cast("Iterable[str | int]", error.absolute_path)])
    wanted, given = cast("Json", error.validator_value), cast("Json", error.instance)
    match error.validator:
        case "required":
            missing = [name for name in cast("list[str]", wanted) if name not in given]
            return f"{where} lacks {_listed(missing)}."
        case "additionalProperties":
            return f"{where} has a field that is not known: {error.message[:160]}."
        case "type":
            names = " or ".join(WORDS.get(name, name) for name in ([wanted] if isinstance(wanted, str) else wanted))
            return f"{where} must be {names}, not {_value(given)}."
        case "enum":
            return f"{where} must be one of {', '.join(_value(item) for item in wanted[:20])}, not {_value(given)}."
        case "const":
            return f"{where} must be {_value(wanted)}, not {_value(given)}."
        case "minLength":
            return f"{where} must have at least {wanted} {'character' if wanted == 1 else 'characters'}."
        case "maxLength":
            return f"{where} may have at most {wanted:,} characters, not {len(given):,}."
        case "minItems":
            return f"{where} must have at least {wanted} {'entry' if wanted == 1 else 'entries'}."
        case "maxItems":
            return f"{where} may have at most {wanted:,} entries, not {len(given):,}."
        case "minimum":
            return f"{where} must be {wanted} or more, not {_value(given)}."
        case "maximum":
            return f"{where} must be {wanted} or less, not {_value(given)}."
        case "pattern":
            # An example says it to people, where the schema gives one.
            like = next(iter(cast("Mapping[str, Json]", error.schema).get("examples", ())), wanted)
            return f"{where} must look like {_value(like)}, not {_value(given)}."
        case _:
            return f"{where} does not fit: {error.message[:200]}."


WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _where(path: Sequence[str | int]) -> str:
    if not path:
        return "The call"
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"The argument {words[:120]!r}" if len(path) == 1 else f"{words[:120]!r}"


def _value(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _takes(spec: ToolSpec) -> str:
    return _listed(list(spec.parameters["properties"])) or "no arguments"


def _deeper_than(value: Json, limit: int) -> bool:
    """Measured without recursion: nesting deep enough to end the interpreter's stack is part of what may come in."""
    layer: list[Json] = [value]
    for _ in range(limit):
        layer = [
            inner
            for item in layer
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)  # pyright: ignore[reportUnknownVariableType] JSON
        ]
        if not layer:
            return False
    return True


def _references(schema: Json) -> Iterable[str]:
    """Every `$ref` and `$dynamicRef` in a schema."""
    if isinstance(schema, Mapping):
        for key, value in cast("Mapping[str, Json]", schema).items():
            if key in {"$ref", "$dynamicRef"} and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in cast("list[Json]", schema):
            yield from _references(item)
