"""A server's words about what went wrong: cut, in one line, and without the key in any spelling."""

import base64
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.llm.server_errors import MAX_WORDS, Asked, from_error, from_status

KEY = "sk-test/0123+456789=abcdef"
ASKED = Asked("models.example", "m-1", KEY)


@pytest.mark.parametrize("spelling", [KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode()])
@pytest.mark.parametrize("shape", ["{}", "Bearer {}", "{}{}", "x" * 270 + "{}"])
def test_no_spelling_of_the_key_is_shown(spelling: str, shape: str):
    shown = from_error(ASKED, 401, {"message": shape.replace("{}", spelling)}).failure.message
    assert spelling.rstrip("=") not in shown
    assert spelling[:12] not in shown, "not even its beginning, where the words are cut"


def test_words_are_cut_and_made_one_line():
    shown = ASKED.words("a\nb\x1b[31m\u202ec" + "d" * 1000)
    assert len(shown) == MAX_WORDS
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"error": {"message": "one"}}', "application/json", "one"),
        (b'{"error": "two"}', "application/json", "two"),
        (b'{"detail": "three"}', "application/json", "three"),
        (b'{"message": "four"}', "application/json", "four"),
        (b'{"error": {"message": "Provider", "metadata": {"raw": "five"}}}', "application/json", "five"),
        (b"six", "text/plain", "six"),
        (b"<html>seven</html>", "", "a web page"),
        (b"", "", "(400)"),
        (b"\xff\xfe", "", "(400)"),
        (b'["x"]', "application/json", "(400)"),
    ],
)
def test_the_servers_words_are_found(body: bytes, kind: str, words: str):
    failure = from_status(ASKED, 400, body, kind, None).failure
    assert words in failure.message
    assert failure.kind == "refused"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "code", "type", "metadata", "raw", "detail"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.integers(300, 599), JSON)
def test_any_error_becomes_a_sentence_for_a_person(status: int, error: Any):
    failure = from_error(ASKED, status, error).failure
    assert failure.message.endswith(".")
    assert failure.message.isprintable()
    assert len(failure.message) < MAX_WORDS + 300
