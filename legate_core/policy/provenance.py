"""Where each value of a call comes from: the person's own words, a grant, the allow-list, or nowhere that counts.

Observations explain a derived value on the card. They never change what it is.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from legate_core.policy.model import Atom, Call, Facts, Grant, ObservationText, Origin, OriginKind, Settings
from legate_core.policy.words import OwnWords, address, addresses_in, as_decimal, host_of, words_of
from legate_core.tools.spec import Argument, Json, ToolSpec

__all__ = [
    "OwnWords",
    "Typed",
    "atoms_of",
    "content_links",
    "grants_used",
    "observations_with",
    "origin_kind",
    "origin_of",
    "read_typed",
    "typed_at",
]

_QUANTITIES = frozenset(
    {"amount", "total", "price", "sum", "quantity", "qty", "count", "limit", "size", "max", "min", "n", "top"}
    | {"second", "minute", "hour", "day", "week", "month", "duration", "percent", "rate"}
    | {"length", "width", "height", "weight"}
)
_MAX_DEPTH, _MAX_STEPS = 64, 16


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, and when (milliseconds): "tomorrow" is the day after that, however late it is read."""

    text: str
    at: int


def read_typed(typed: Iterable[Typed]) -> OwnWords:
    """What a person typed, each text read with the day it was typed on (at the workspace's offset 0).

    A run asks for the same words once per call; they are read once.
    """
    return _read(tuple((words.text, _day(words.at)) for words in typed))


def typed_at(texts: Iterable[str], now: int) -> OwnWords:
    """The same for texts that were all typed at one time."""
    return read_typed(Typed(text, now) for text in texts)


def _day(at: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(milliseconds=at)


@lru_cache(maxsize=64)
def _read(texts: tuple[tuple[str, datetime.date], ...]) -> OwnWords:
    return OwnWords.from_dated(texts)


def atoms_of(tool: ToolSpec, arguments: Mapping[str, Json]) -> tuple[Atom, ...]:
    """Every scalar of the arguments, and every name in a free-form object that the caller chose.

    Empty lists and objects and null say no more than leaving the argument out, so they are no atoms. What a schema
    leaves no choice about (the default of an optional argument, the only value of a required one) needs no origin.
    """
    walk = _Walk(tool.parameters, tool)
    return tuple(walk.members("", "", arguments, tool.parameters, None, 0))


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk over the arguments of a call, beside the schema that declares them."""

    root: Mapping[str, Json]
    tool: ToolSpec

    def members(
        self,
        path: str,
        argument: str,
        values: Mapping[str, Json],
        schema: Mapping[str, Json],
        treatment: Argument | None,
        depth: int,
        is_safe: bool = False,
    ) -> Iterator[Atom]:
        """The atoms of an object's members. At the top the schema has no say in what is an argument."""
        declared = _mapping(schema.get("properties"))
        required = schema.get("required")
        for key, inner in values.items():
            below = f"{argument}.{key}" if argument else key
            here = f"{path}.{key}" if path else key
            treated = treatment or self.tool.role_of(key)
            if treatment is not None and key not in declared:
                yield Atom(f"{here} (name)", below, key, treated.role, is_safe=is_safe, is_key=True)
            raw = _mapping(declared.get(key))
            deeper = _resolve(raw, self.root)
            may_count = deeper.get("type") == "number" or _is_quantity(key) or below == self.tool.amount_argument
            is_required = isinstance(required, list | tuple) and key in required
            no_choice = is_safe or (key in declared and _leaves_no_choice(raw, deeper, inner, is_required))
            yield from self.values(here, below, inner, deeper, treated, may_count, depth, no_choice)

    def values(
        self,
        path: str,
        argument: str,
        value: Json,
        schema: Mapping[str, Json],
        treatment: Argument,
        is_quantity: bool,
        depth: int,
        is_safe: bool,
    ) -> Iterator[Atom]:
        """The atoms of one value, whose schema is resolved."""
        if value is None:
            return
        if depth < _MAX_DEPTH and isinstance(value, Mapping):
            inside = cast("Mapping[str, Json]", value)
            yield from self.members(path, argument, inside, schema, treatment, depth + 1, is_safe)
        elif depth < _MAX_DEPTH and isinstance(value, list | tuple):
            items = _resolve(_mapping(schema.get("items")), self.root)
            for position, inner in enumerate(cast("Sequence[Json]", value)):
                yield from self.values(
                    f"{path}[{position}]", argument, inner, items, treatment, is_quantity, depth + 1, is_safe
                )
        else:
            choices = schema.get("enum")
            is_choice = isinstance(choices, list | tuple) and value in choices
            safe = is_safe or any(same_value(value, known) for known in treatment.safe)
            yield Atom(path, argument, value, treatment.role, safe, is_quantity=is_quantity, is_choice=is_choice)


def _leaves_no_choice(raw: Mapping[str, Json], resolved: Mapping[str, Json], value: Json, is_required: bool) -> bool:
    """Whether passing this says no more than the schema does already."""
    if not is_required:
        return "default" in raw and same_value(value, raw["default"])
    only = resolved.get("enum")
    if isinstance(only, list | tuple) and len(cast("Sequence[Json]", only)) == 1:
        return same_value(value, cast("Sequence[Json]", only)[0])
    return "const" in resolved and same_value(value, resolved["const"])


def _resolve(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Mapping[str, Json]:
    """Follow local references and unions with null; what cannot be followed declares nothing, so its names are atoms."""
    for _ in range(_MAX_STEPS):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            found: Json = root
            for part in reference[2:].split("/"):
                found = _mapping(found).get(part.replace("~1", "/").replace("~0", "~"))
            schema = _mapping(found)
            continue
        members = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if "properties" in schema or not isinstance(members, list | tuple):
            return schema
        real = [_mapping(member) for member in cast("Sequence[Json]", members) if _mapping(member) != {"type": "null"}]
        if len(real) != 1:
            return schema
        schema = real[0]
    return {}


def _mapping(value: Json) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", value) if isinstance(value, Mapping) else {}


def _is_quantity(name: str) -> bool:
    return bool(words_of(name) & _QUANTITIES)


def same_value(left: Json, right: Json) -> bool:
    """Equality of JSON values: 1 is 1.0 and neither is true. Total."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return as_decimal(left) == as_decimal(right) and as_decimal(left) is not None
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        first, second = cast("Sequence[Json]", left), cast("Sequence[Json]", right)
        return len(first) == len(second) and all(same_value(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        one, other = cast("Mapping[str, Json]", left), cast("Mapping[str, Json]", right)
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    return type(cast("object", left)) is type(cast("object", right)) and left == right


def origin_kind(atom: Atom, call: Call, facts: Facts) -> OriginKind:
    """The origin as the verdict needs it. Looks at no observed text."""
    if atom.is_safe or (atom.value == "" and atom.role == "content"):
        return "none"
    name = atom.argument.rpartition(".")[2]
    if facts.own_words.is_named(
        atom.value, role=atom.role, argument=name, is_quantity=atom.is_quantity, is_choice=atom.is_choice
    ):
        return "person"
    if _is_listed(atom.value, facts.settings):
        return "workspace"
    if any(_covers(grant, atom, call) for grant in facts.grants):
        return "rule"
    return "derived"


def origin_of(atom: Atom, call: Call, facts: Facts) -> Origin:
    """The origin as the card shows it: a derived value with the observations it stands in."""
    kind = origin_kind(atom, call, facts)
    if kind == "rule":
        return Origin(kind, by=next(grant.id for grant in facts.grants if _covers(grant, atom, call)))
    if kind == "derived":
        return Origin(kind, observations=observations_with(atom.value, facts.observations))
    return Origin(kind)


def observations_with(value: Json, observations: Iterable[ObservationText]) -> tuple[str, ...]:
    """Ids of the observations that contain the value. For display only, so a plain look is enough."""
    if isinstance(value, bool) or value is None or value == "":
        return ()
    if isinstance(value, int | float):
        return tuple(
            found.id
            for found in observations
            if OwnWords.from_texts([found.text]).is_named(value, is_quantity=True) or str(value) in found.text.split()
        )
    needle = " ".join(str(value).casefold().split())
    return tuple(found.id for found in observations if needle in " ".join(found.text.casefold().split()))


def grants_used(call: Call, facts: Facts, atoms: Iterable[Atom]) -> tuple[str, ...]:
    """The grants that these atoms lean on, one each, in the order of the grants."""
    needed = {
        next(grant.id for grant in facts.grants if _covers(grant, atom, call))
        for atom in atoms
        if origin_kind(atom, call, facts) == "rule"
    }
    return tuple(grant.id for grant in facts.grants if grant.id in needed)


def content_links(atom: Atom, facts: Facts) -> tuple[str, ...]:
    """Links and addresses inside a content atom that no person named; what the relaxed step 5 looks at."""
    if not isinstance(atom.value, str):
        return ()
    return tuple(
        link
        for link in addresses_in(atom.value)
        if not facts.own_words.is_named(link) and not _is_listed(link, facts.settings)
    )


def _covers(grant: Grant, atom: Atom, call: Call) -> bool:
    return (
        grant.tool == call.tool.name
        and grant.argument == atom.argument
        and not atom.is_key
        and grant.run_id == call.run_id
        and grant.account == call.account
        and grant.uses_left > 0
        and (grant.ends_at is None or call.now < grant.ends_at)
        and same_value(grant.value, atom.value)
    )


def _is_listed(value: Json, settings: Settings) -> bool:
    if not isinstance(value, str) or not settings.allow_list:
        return False
    listed, in_small_letters = _index_of(settings.allow_list)
    found = address(value)
    if value in listed or (found and found in listed):
        return True
    if "@" in found and "://" not in found and "/" not in found:
        return f"@{found.rpartition('@')[2]}" in in_small_letters
    # Without a scheme a host cannot be told from the beginning of a path.
    return bool(found) and (host_of(value) or "") in in_small_letters


@lru_cache(maxsize=64)
def _index_of(allow_list: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(allow_list), frozenset(entry.lower() for entry in allow_list)
