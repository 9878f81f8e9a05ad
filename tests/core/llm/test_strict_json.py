"""JSON from a model is read with one meaning only, and what cannot be read is said, never raised."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.crypto.canonical import canonical
from legate_core.llm.base import ToolCall
from legate_core.llm.strict_json import JsonMistake, mended, parse_object, shown

BAD = [
    ("{", "character"),
    ("[]", "not a JSON object"),
    ('"x"', "not a JSON object"),
    ("null", "not a JSON object"),
    ('{"a": 1, "a": 2}', "'a' stands twice"),
    ('{"a": {"b": 1, "b": 1}}', "'b' stands twice"),
    ('{"a": NaN}', "NaN"),
    ('{"a": -Infinity}', "-Infinity"),
    ('{"a": 1e999}', "too large"),
    ('{"a": 9007199254740993}', "too large"),
    ('{"a": ' + "9" * 1_000_000 + "}", "too large"),
    ('{"a": "\\ud800"}', "half a character"),
    ('{"\\ud800": 1}', "half a character"),
    ('{"a": ' + "[" * 200 + "]" * 200 + "}", "nested deeper"),
    ("[" * 500_000, "nested deeper"),
    ("{'a': 1}", "character"),
    ('{"a": 1} and more', "character"),
    ("```json\n{}\n```", "character"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_has_no_single_meaning_is_refused(text: str, words: str):
    with pytest.raises(JsonMistake, match=words):
        parse_object(text)
    call = ToolCall.parsed("c1", "files.read", text)
    assert call.arguments is None
    assert words in call.error


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("  \n", {}),
        ("{}", {}),
        ('{"a": "[[[["}', {"a": "[[[["}),
        ('{"a": "\\"[{"}', {"a": '"[{'}),
        ('{"a": 9007199254740991, "b": -1.5, "c": [null, true]}', {"a": 2**53 - 1, "b": -1.5, "c": [None, True]}),
        ('{"a": "\\ud83c\\udf0d"}', {"a": "🌍"}),
    ],
)
def test_what_is_an_object_is_taken(text: str, value: object):
    assert parse_object(text) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON))
def test_what_is_written_is_read_back(value: dict[str, object]):
    if "Infinity" not in json.dumps(value):
        assert parse_object(shown(value)) == value


@given(st.text(alphabet='{}[]":,\\ud80c019eE.-+ antrufls \n\ud83c🌍') | st.text())
def test_no_text_raises_and_what_is_taken_can_be_hashed_and_stored(text: str):
    call = ToolCall.parsed("c1", "files.read", text)
    call.raw.encode("utf-8")
    if call.arguments is None:
        assert call.error
    else:
        canonical(dict(call.arguments))


@given(st.text())
def test_mending_leaves_whole_text_alone(text: str):
    assert mended(text) == text


def test_halves_are_joined_or_replaced():
    assert mended("\ud83c\udf0d") == "🌍"
    assert mended("a\udf0db") == "a\ufffdb"
