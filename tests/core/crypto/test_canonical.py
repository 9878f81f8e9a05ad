"""The byte form of a JSON value is that of RFC 8785, by whichever of two roads it is written."""

import enum
from collections.abc import Callable

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.sql.elements import quoted_name

from legate_core.crypto.canonical import canonical, digest

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
keys = st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab\ue000\U00010000\u007f\x01", max_size=3)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)
plain_scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
plain = st.recursive(
    plain_scalars,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text('abAZ_09 "\\\n\x00\x7f'), inner),
    max_leaves=20,
)


@given(values)
def test_any_value_is_written_as_the_reference_writes_it(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def written(encode: Callable[[object], bytes], value: object) -> bytes | None:
    """What an encoder makes of a value; None where it refuses it."""
    try:
        return encode(value)
    except ValueError:
        return None


@given(plain)
def test_plain_values_agree_also_where_the_reference_refuses(value: object) -> None:
    assert written(canonical, value) == written(rfc8785.dumps, value)


class Word(enum.StrEnum):
    """A word."""

    YES = "yes"


class Odd(enum.StrEnum):
    """A word whose value is another word."""

    ONE = "one"

    def __new__(cls, text: str) -> "Odd":
        made = str.__new__(cls, text)
        made._value_ = text + "!"
        return made


class Loud(int):
    """A number that prints as something else."""

    def __repr__(self) -> str:
        return "loud"

    __str__ = __repr__


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"\U00010000": 1, "\ue000": 2}, '{"\U00010000":1,"\ue000":2}'),
        ({"b": 1.0, "a": 1e21, "c": -0.0}, '{"a":1e+21,"b":1,"c":0}'),
        ((Word.YES, [True]), '["yes",[true]]'),
        ('\x00\x1f\x7f"\\\b\f\n\r\t\u2028', '"\\u0000\\u001f\x7f\\"\\\\\\b\\f\\n\\r\\t\u2028"'),
    ],
)
def test_what_two_encoders_might_write_differently(value: object, text: str) -> None:
    assert canonical(value) == text.encode()


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: 2}, {"a": b"x"}, {1, 2}])
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], lambda value: {"k": value}])
def test_what_json_cannot_hold_is_refused(value: object, wrap: Callable[[object], object]) -> None:
    assert written(canonical, wrap(value)) is None


@pytest.mark.parametrize(
    "value", [[Loud(3)], [Odd.ONE], {Odd.ONE: 1}, {quoted_name("b", None): 1, "a": 2}, {Word.YES: 1}], ids=repr
)
def test_a_subclass_never_takes_the_fast_road_to_another_text(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_equal_values_hash_alike_whatever_order_they_were_made_in() -> None:
    assert digest({"a": 1, "b": [2]}) == digest(dict(reversed({"a": 1, "b": [2]}.items())))
    assert digest({"a": 1}) != digest({"a": "1"})
