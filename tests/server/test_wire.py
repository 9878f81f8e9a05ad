"""The wire format: what is taken apart is put together again, and what does not fit is refused by name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core import wire
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid
from legate_core.kernel.messages import Command, LiveQuery, Query
from legate_core.kernel.registry import registry


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    count: int = 0
    deeper: tuple[Inner, ...] = ()


@dataclass(frozen=True)
class Everything(Query[Inner]):
    """One field of every kind a message may have."""

    place: str
    number: int
    colour: Colour = Colour.RED
    word: Literal["a", "b"] = "a"
    note: str = ""
    maybe: str | None = None
    amount: float | None = None
    flag: bool = False
    names: tuple[str, ...] | None = None
    numbers: tuple[int, ...] = ()
    inner: Inner = field(default_factory=Inner)
    anything: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Keep(Command[None]):
    name: str
    value: Secret


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
INTEGERS = st.integers(-wire.MAX_INTEGER, wire.MAX_INTEGER)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3),
    max_leaves=8,
)
MESSAGES = st.builds(
    Everything,
    place=TEXT,
    number=INTEGERS,
    colour=st.sampled_from(Colour),
    word=st.sampled_from(["a", "b"]),
    note=TEXT,
    maybe=st.none() | TEXT,
    amount=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
    names=st.none() | st.lists(TEXT, max_size=3).map(tuple).filter(lambda names: names != ("",)),
    numbers=st.lists(INTEGERS, max_size=3).map(tuple),
    inner=st.builds(Inner, INTEGERS, st.lists(st.builds(Inner, INTEGERS), max_size=2).map(tuple)),
    anything=st.dictionaries(TEXT, JSON, max_size=3),
)


@given(message=MESSAGES, route=st.sampled_from(["GET /e/{place}/n/{number}", "POST /e/{place}", "GET /e", "PUT /e"]))
def test_what_one_end_takes_apart_the_other_puts_together(message: Everything, route: str) -> None:
    form = wire.Form(Everything, route)
    parts = form.take_apart(message)
    body = None if parts.body is None else wire.from_bytes(wire.to_bytes(parts.body))
    path = {name: form.fields[name].to_text(getattr(message, name)) for name in form.in_path}
    assert form.put_together(path, parts.query, body) == message


@given(JSON)
def test_json_survives_the_bytes(value: Any) -> None:
    assert wire.from_bytes(wire.to_bytes(value)) == value


@given(JSON)
def test_any_json_is_a_message_or_is_refused(value: Any) -> None:
    form = wire.Form(Everything, "POST /e")
    with suppress(Invalid):
        assert isinstance(form.put_together({}, (), value), Everything)


@given(st.binary(max_size=60) | st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"1e999", b"9" * 5_000]))
def test_any_bytes_are_json_or_are_refused(data: bytes) -> None:
    try:
        value = wire.from_bytes(data)
    except Invalid:
        return
    form = wire.Form(Everything, "POST /e")
    with pytest.raises(Invalid):
        form.put_together({}, (), value)


GOOD: dict[str, Any] = {"place": "here", "number": 1}


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ({"place": "here"}, "number", "missing"),
        (GOOD | {"nmber": 1}, "nmber", "no field"),
        (GOOD | {"inner": {"cont": 1}}, "inner.cont", "no field"),
        (GOOD | {"inner": {"deeper": [{}, {"cont": 1}]}}, "inner.deeper[1].cont", "no field"),
        (GOOD | {"inner": {"deeper": [{"count": "1"}]}}, "inner.deeper[0].count", "expected int"),
        (GOOD | {"number": "1"}, "number", "expected int"),
        (GOOD | {"number": True}, "number", "expected int"),
        (GOOD | {"number": 2**53}, "number", "too large"),
        (GOOD | {"number": -(10**400)}, "number", "too large"),
        (GOOD | {"colour": "green"}, "colour", "green"),
        (GOOD | {"word": "c"}, "word", "c"),
        (GOOD | {"note": "a\0b"}, "note", "character"),
        (GOOD | {"note": "\ud800"}, "note", "character"),
        (GOOD | {"anything": {"a": [{"b": "\0"}]}}, "anything.a[0].b", "character"),
        (GOOD | {"anything": {"a\0": 1}}, "anything", "character"),
        (GOOD | {"anything": {"a": 1e999}}, "anything.a", "too large"),
        (GOOD | {"names": "a"}, "names", "expected array"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], place: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        wire.Form(Everything, "POST /e").put_together({}, (), body)
    assert caught.value.details["field"] == place


def test_deep_json_is_refused() -> None:
    deep: Any = 1
    for _ in range(wire.MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(Invalid, match="deep"):
        wire.decode(Any, deep)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ([("number", "1"), ("other", "2")], "other"),
        ([("number", "one")], "number"),
        ([("number", "1"), ("number", "2")], "number"),
        ([("number", "1"), ("flag", "yes")], "flag"),
        ([("number", "1"), ("numbers", "1"), ("numbers", "x")], "numbers"),
        ([("number", "1"), ("place", "there")], "place"),
    ],
)
def test_a_wrong_parameter_is_named(query: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        wire.Form(Everything, "GET /e/{place}").put_together({"place": "here"}, query, None)
    assert caught.value.details["field"] == field


def test_a_body_says_nothing_twice_and_a_command_has_no_parameters() -> None:
    form = wire.Form(Everything, "POST /e/{place}")
    with pytest.raises(Invalid, match="already stands in the path"):
        form.put_together({"place": "here"}, (), GOOD)
    with pytest.raises(Invalid, match="no query parameters"):
        form.put_together({"place": "here"}, [("number", "1")], {"number": 1})


def test_what_a_query_cannot_say_is_refused_by_the_sender() -> None:
    with pytest.raises(Invalid, match="names"):
        wire.Form(Everything, "GET /e").take_apart(Everything("here", 1, names=("",)))


def test_a_secret_goes_to_the_core_and_never_comes_back() -> None:
    form = wire.Form(Keep, "POST /secrets")
    parts = form.take_apart(Keep("mail", Secret("hunter2")))
    assert parts.body == {"name": "mail", "value": "hunter2"}
    assert form.put_together({}, (), parts.body) == Keep("mail", Secret("hunter2"))
    with pytest.raises(TypeError):
        wire.encode(Keep("mail", Secret("hunter2")))
    with pytest.raises(TypeError):
        wire.to_bytes({"deep": [Secret("hunter2")]})
    (_,), parts_of_schema = wire.schemas([Keep])
    assert parts_of_schema["Keep"]["properties"]["value"] == {"type": "string", "writeOnly": True}


def test_an_answer_may_have_fields_of_a_newer_core() -> None:
    assert wire.decode(Inner, {"count": 1, "later": 2}, is_request=False) == Inner(1)


Item = TypeVar("Item")


class Page(Generic[Item], Query[list[Item]]):
    """A query between the message and the base."""


class Numbers(Page[int]):
    """Has its answer from two steps up."""


class Live(LiveQuery[Inner]):
    """Answers rows."""


@pytest.mark.parametrize(
    ("message", "answer"),
    [(Everything, Inner), (Keep, type(None)), (Numbers, list[int]), (Live, dict[str, Inner])],
)
def test_the_answer_is_what_the_message_declares(message: type, answer: Any) -> None:
    assert wire.answer_type(message) == answer


def test_a_route_names_fields_of_its_message() -> None:
    for route in ("GET /e/{nothing}", "GET /e/{names}"):
        with pytest.raises(TypeError):
            wire.Form(Everything, route)


def test_every_door_has_a_form_and_an_answer_that_can_be_described() -> None:
    import legate_core

    doors = [door for door in legate_core.registry if door.public]
    assert doors
    assert legate_core.registry is registry
    for door in doors:
        wire.Form(door.message, door.route)
    wire.schemas([wire.answer_type(door.message) for door in doors])
