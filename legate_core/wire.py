"""Messages as JSON: a pure codec between dataclasses and what HTTP carries, the same on both ends.

`encode` and `decode` turn values into JSON and back. A `Form` says how one message travels: which fields stand in the
path, and how the others become a query string or a body. What the sender's form takes apart, the receiver's puts
together again.

Decoding a request is strict: an unknown field, a wrong type, and text or numbers that the databases and the canonical
form cannot hold (RFC 7493: no NUL, no lone surrogate, integers up to 2^53) are refused with the field's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast, get_args, get_origin
from urllib.parse import quote

import msgspec
from msgspec import inspect

from legate_core import typed
from legate_core.errors import Invalid

T = TypeVar("T")
Json = Any
Pairs = Sequence[tuple[str, str]]

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1


def encode(value: object, *, with_secrets: bool = False) -> Json:
    """A value as JSON. A secret is refused, unless this is a request on its way to the core, which alone holds them."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_reveal if with_secrets else _unwrap)


def to_bytes(value: object) -> bytes:
    """A value as the bytes of its JSON text, in UTF-8."""
    return msgspec.json.encode(encode(value))


def from_bytes(data: bytes) -> Json:
    """The JSON behind bytes. Raises `Invalid` for anything that is not one JSON value."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"This is not JSON: {error}. Send one JSON value in UTF-8.") from error


def decode(kind: type[T] | Any, data: Json, *, is_request: bool = True) -> T:
    """The value of a type behind JSON. Raises `Invalid` that names the field.

    An answer (`is_request=False`) may have fields this version does not know, so that a newer core can be asked.
    """
    if is_request:
        _refuse_unportable(data)
        _refuse_unknown(kind, data)
    try:
        return typed.convert(data, kind, dec_hook=_wrap)
    except msgspec.ValidationError as error:
        raise _in_words(error) from error


def refuse_unportable(message: object) -> None:
    """Raise `Invalid` for a message with text or numbers that are refused at every door to another process."""
    _refuse_unportable(encode(message, with_secrets=True))


def answer_type(message: type[Any]) -> Any:
    """What a message is answered with: the `R` of its `Command[R]` or `Query[R]`."""
    base: Any = message
    while True:
        bases = getattr(get_origin(base) or base, "__orig_bases__", ())
        parents = [parent for parent in bases if get_origin(parent) is not Generic]
        if not parents:
            return get_args(base)[0]
        parent = parents[0]
        given = get_args(base) if get_origin(base) else ()
        base = parent[given] if given and getattr(parent, "__parameters__", ()) else parent


def schemas(kinds: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The JSON Schema of each type, and the named parts they refer to as `#/components/schemas/<name>`."""
    for kind in kinds:
        typed.gather(kind)
    found, parts = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}", schema_hook=_schema_of_secret
    )
    return list(found), parts


@dataclass(frozen=True, slots=True)
class Parts:
    """A message taken apart for HTTP: the path percent-encoded, the query as pairs, the body as JSON or None."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Json | None


class Form(Generic[T]):
    """How one message travels over HTTP.

    Fields named in the route stand in the path. The others are query parameters of a GET and the JSON body of anything
    else. As a parameter, text stands as it is, a list of texts repeats the parameter (once and empty for the empty
    list), everything else is JSON text; what equals its default is left out.
    """

    def __init__(self, message: type[T], route: str) -> None:
        self.message = message
        self.method, self.path = route.split(" ")
        self.fields = {field.name: Field(field) for field in cast(Any, _type_info(message)).fields}
        self.in_path = tuple(re.findall(r"{(\w+)}", self.path))
        for name in self.in_path:
            if name not in self.fields or self.fields[name].is_list:
                raise TypeError(f"{message.__name__}: the path names {name}, which is no single field of it")
        self.elsewhere = tuple(name for name in self.fields if name not in self.in_path)

    @property
    def has_body(self) -> bool:
        """Whether the fields outside the path travel in a body."""
        return self.method != "GET"

    def take_apart(self, message: T) -> Parts:
        """A message as the parts of a request."""
        path = self.path
        for name in self.in_path:
            path = path.replace(f"{{{name}}}", segment(self.fields[name].to_text(getattr(message, name))))
        if self.has_body:
            body = {name: encode(getattr(message, name), with_secrets=True) for name in self.elsewhere}
            return Parts(self.method, path, (), body)
        pairs = [pair for name in self.elsewhere for pair in self.fields[name].to_pairs(getattr(message, name))]
        return Parts(self.method, path, tuple(pairs), None)

    def put_together(self, path: Mapping[str, str], query: Pairs, body: Json | None) -> T:
        """The message behind the parts of a request, its path parameters percent-decoded. Raises `Invalid`."""
        data: dict[str, Json] = {name: self.fields[name].from_text(path[name]) for name in self.in_path}
        if self.has_body:
            data |= self._from_body(query, body)
        else:
            data |= self._from_query(query)
        return decode(self.message, data)

    def _from_query(self, query: Pairs) -> dict[str, Json]:
        given: dict[str, list[str]] = {}
        for name, text in query:
            if name not in self.elsewhere:
                raise self._unknown(name)
            given.setdefault(name, []).append(text)
        return {name: self.fields[name].from_texts(texts) for name, texts in given.items()}

    def _from_body(self, query: Pairs, body: Json | None) -> dict[str, Json]:
        if query:
            raise Invalid(f"{self.method} takes no query parameters; put {query[0][0]!r} into the body.")
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise Invalid("The body must be a JSON object whose members are the fields of the request.")
        given = cast("dict[str, Json]", body)
        for name in given:
            if name not in self.elsewhere:
                raise self._unknown(name)
        return given

    def _unknown(self, name: str) -> Invalid:
        if name in self.in_path:
            return Invalid(f"{name} already stands in the path. Leave it out elsewhere.", field=name)
        return _unknown_field(name, name, self.elsewhere)


class Field:
    """One field of a message and how it is written as text."""

    def __init__(self, field: inspect.Field) -> None:
        self.name = field.name
        self.is_required = field.required
        self.is_list = _kind(field.type) == "list"
        self._default = field.default
        self._default_factory = field.default_factory
        self._kind = _kind(field.type)
        self._item_kind = _item_kind(field.type) if self.is_list else self._kind

    @property
    def is_text(self) -> bool:
        """Whether a value of this field stands in a parameter as it is."""
        return self._kind == "text"

    def to_text(self, value: object) -> str:
        """A value of this field (of its items, for a list) as text."""
        data = encode(value)
        return data if self._item_kind == "text" else msgspec.json.encode(data).decode()

    def from_text(self, text: str) -> Json:
        """The JSON value behind a text."""
        if self._item_kind == "text":
            return text
        try:
            return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"{self.name} is not what it should be: write it as JSON.", field=self.name) from error

    def to_pairs(self, value: Any) -> list[tuple[str, str]]:
        """The query parameters that say this value; none where it is the default."""
        if self._is_default(value):
            return []
        if not self.is_list:
            if value is None and self._kind == "text":
                raise Invalid(f"{self.name} cannot be left empty here. Give it a value.", field=self.name)
            return [(self.name, self.to_text(value))]
        texts = [self.to_text(item) for item in value]
        if texts == [""]:
            raise Invalid(f"{self.name} cannot be one empty text. Leave it out.", field=self.name)
        return [(self.name, text) for text in texts or [""]]

    def from_texts(self, texts: Sequence[str]) -> Json:
        """The JSON value behind the query parameters of this name."""
        if self.is_list:
            return [] if list(texts) == [""] else [self.from_text(text) for text in texts]
        if len(texts) > 1:
            raise Invalid(f"{self.name} is given {len(texts)} times. Give it once.", field=self.name)
        return self.from_text(texts[0])

    def _is_default(self, value: object) -> bool:
        if self._default_factory is not msgspec.NODEFAULT:
            return bool(value == self._default_factory())
        return self._default is not msgspec.NODEFAULT and type(value) is type(self._default) and value == self._default


Kind = Literal["text", "list", "json"]

_TEXTS = (
    inspect.StrType, inspect.BytesType, inspect.DateTimeType, inspect.DateType, inspect.TimeType, inspect.UUIDType,
    inspect.DecimalType, inspect.CustomType,
)  # fmt: skip
_LISTS = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType, inspect.CollectionType)


def _type_info(kind: Any) -> inspect.Type:
    typed.gather(kind)
    return inspect.type_info(kind)


def _kind(info: inspect.Type) -> Kind:
    """How a field of this type is written as a parameter."""
    kinds: set[Kind] = {_kind_of_one(member) for member in _members(info)}
    return kinds.pop() if len(kinds) == 1 else "json"


def _kind_of_one(info: inspect.Type) -> Kind:
    if isinstance(info, _TEXTS):
        return "text"
    if isinstance(info, inspect.EnumType):
        return "text" if all(isinstance(member.value, str) for member in info.cls) else "json"
    if isinstance(info, inspect.LiteralType):
        return "text" if all(isinstance(value, str) for value in info.values) else "json"
    if isinstance(info, _LISTS) and _kind(info.item_type) != "list":
        return "list"
    return "json"


def _item_kind(info: inspect.Type) -> Kind:
    return _kind(next(member.item_type for member in _members(info) if isinstance(member, _LISTS)))


def _members(info: inspect.Type) -> tuple[inspect.Type, ...]:
    """The alternatives of a type, None aside."""
    if isinstance(info, inspect.Metadata):
        return _members(info.type)
    if isinstance(info, inspect.UnionType):
        return tuple(member for member in info.types if not isinstance(member, inspect.NoneType))
    return (info,)


def segment(text: str) -> str:
    """A text as one segment of a path."""
    # Segments of dots alone are steps in a tree to whoever normalises a path; encoded they are names.
    return quote(text, safe="") if set(text) - {"."} else text.replace(".", "%2E")


def _refuse_unportable(data: Json) -> None:
    """Raise `Invalid` for JSON that not every part behind the door can hold. No recursion: the data may be deep."""
    waiting: list[tuple[str, Json, int]] = [("", data, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise Invalid(f"The request is nested more than {MAX_DEPTH} deep. Flatten it.")
        if isinstance(value, dict):
            for key, item in cast("dict[str, Json]", value).items():
                _refuse_text(path, key)
                waiting.append((f"{path}.{key}" if path else key, item, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{path}[{at}]", item, depth + 1) for at, item in enumerate(cast("list[Json]", value))]
        elif isinstance(value, str):
            _refuse_text(path, value)
        elif isinstance(value, (int, float)) and not _is_portable(value):
            raise Invalid(f"The number at {path} is too large. Write it as text.", field=path)


def _is_portable(value: float) -> bool:
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= MAX_INTEGER


def _refuse_text(path: str, text: str) -> None:
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise Invalid(f"The text at {path or 'the top'} holds a character that is none. Remove it.", field=path)


def _refuse_unknown(kind: Any, data: Json) -> None:
    check = _checker(kind)
    if check is not None:
        check(data, "")


Check = Callable[[Json, str], None]


@cache
def _checker(kind: Any) -> Check | None:
    """Looks for members of objects that their dataclass does not have; None for a type that holds no dataclass."""
    return _check_of(_type_info(kind))


def _check_of(info: inspect.Type) -> Check | None:
    checks = [check for member in _members(info) if (check := _check_of_one(member)) is not None]
    if len(checks) < 2:
        return checks[0] if checks else None

    def check_each(data: Json, path: str) -> None:
        for check in checks:
            check(data, path)

    return check_each


def _check_of_one(info: inspect.Type) -> Check | None:
    if isinstance(info, inspect.DataclassType):
        return _check_object({field.encode_name: field.type for field in info.fields})
    if isinstance(info, _LISTS):
        return _check_items(_check_of(info.item_type))
    if isinstance(info, inspect.DictType):
        return _check_values(_check_of(info.value_type))
    return None


def _check_object(types: Mapping[str, inspect.Type]) -> Check:
    # Found when first needed, since a type may hold itself.
    inside: dict[str, Check | None] = {}

    def check(data: Json, path: str) -> None:
        if not isinstance(data, dict):
            return
        for name, value in cast("dict[str, Json]", data).items():
            place = f"{path}.{name}" if path else name
            if name not in types:
                raise _unknown_field(name, place, types)
            if name not in inside:
                inside[name] = _check_of(types[name])
            deeper = inside[name]
            if deeper is not None:
                deeper(value, place)

    return check


def _check_items(inside: Check | None) -> Check | None:
    if inside is None:
        return None

    def check(data: Json, path: str) -> None:
        if isinstance(data, list):
            for at, item in enumerate(cast("list[Json]", data)):
                inside(item, f"{path}[{at}]")

    return check


def _check_values(inside: Check | None) -> Check | None:
    if inside is None:
        return None

    def check(data: Json, path: str) -> None:
        if isinstance(data, dict):
            for name, value in cast("dict[str, Json]", data).items():
                inside(value, f"{path}.{name}" if path else name)

    return check


def _unknown_field(name: str, place: str, known: Mapping[str, Any] | Sequence[str]) -> Invalid:
    there = ", ".join(sorted(known)) or "none"
    return Invalid(f"There is no field {place[:80]!r}. Known here: {there}.", field=place[:200])


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<place>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>\w+)`$")


def _in_words(error: msgspec.ValidationError) -> Invalid:
    """The codec's complaint as a sentence that names the field."""
    found = _PLACE.match(str(error))
    assert found is not None, "every text matches"
    what, place = found["what"], (found["place"] or "").lstrip(".")
    missing = _MISSING.match(what)
    if missing:
        place = f"{place}.{missing['name']}" if place else missing["name"]
        return Invalid(f"The field {place} is missing. Give it.", field=place)
    what = what.replace("`", "").rstrip(".")
    return Invalid(f"{place or 'The request'} is wrong: {what[:1].lower()}{what[1:]}. Correct it.", field=place)


# This layer knows no type that wraps a secret. Such a type is known by its `reveal()`, and is built from its text.


def _is_secret(kind: Any) -> bool:
    return callable(getattr(kind, "reveal", None))


def _wrap(kind: type[Any], data: Json) -> Any:
    if _is_secret(kind) and isinstance(data, str):
        return kind(data)
    raise TypeError(f"Expected `str`, got `{type(data).__name__}`")


def _unwrap(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    raise TypeError(f"a {type(value).__name__} does not travel")


def _reveal(value: Any) -> Any:
    return value.reveal() if _is_secret(type(value)) else _unwrap(value)


def _schema_of_secret(kind: type[Any]) -> dict[str, Any]:
    if _is_secret(kind):
        return {"type": "string", "writeOnly": True}
    raise NotImplementedError(f"{kind.__name__} has no schema")
