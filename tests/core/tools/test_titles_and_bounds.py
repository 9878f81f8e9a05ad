"""What a person and a model are shown of a call and its result: short, one line, never misleading."""

from dataclasses import replace

import pytest

from legate_core.tools.bounds import MAX_CONTENT_CHARS, bounded, cut
from legate_core.tools.spec import Argument, Effect, Observation, ToolSpec
from legate_core.tools.titles import in_a_sentence, title_of

SPEC = ToolSpec(
    name="mail.send",
    description="Send.",
    effect=Effect.SEND,
    parameters={"type": "object", "properties": {"to": {}, "subject": {}, "count": {"default": 3}}},
    title="send {count} mails about {subject} to {to}",
)


def test_a_title_shows_the_values_and_defaults():
    shown = title_of(SPEC, {"to": ["kim@example.com", "lee@example.com"], "subject": "Refund"})
    assert shown == "send 3 mails about Refund to kim@example.com, lee@example.com"


def test_an_outline_leaves_out_what_is_content_and_nothing_else():
    spec = replace(SPEC, arguments={"subject": Argument(role="content")})
    given = {"to": "kim@example.com", "subject": "Your diagnosis"}
    assert title_of(spec, given, with_content=False) == "send 3 mails about … to kim@example.com"
    assert title_of(spec, given) == "send 3 mails about Your diagnosis to kim@example.com"


def test_a_value_that_looks_like_a_place_stays_text():
    assert title_of(SPEC, {"subject": "{to} {count}", "to": "x"}) == "send 3 mails about {to} {count} to x"


def test_a_tool_without_title_is_called_by_name():
    bare = ToolSpec(name="x.y", description="", effect=Effect.SEND, parameters={"type": "object", "properties": {}})
    assert title_of(bare, {}) == "call x.y"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\r\nb\tc", "a b c"),
        ("kim\u202emoc.elpmaxe@", "kim moc.elpmaxe@"),
        ("x" * 200, "x" * 79 + "…"),
        (7, "7"),
        ({"a": [1]}, '{"a": [1]}'),
        ([1, 2], "[1, 2]"),
        (None, "null"),
    ],
)
def test_values_in_a_sentence(value: object, shown: str):
    assert in_a_sentence(value) == shown


def test_a_hundred_megabytes_are_cut():
    seen = bounded(Observation("x" * 100_000_000, "tool"))
    assert len(seen.content) == MAX_CONTENT_CHARS
    assert "100,000,000 characters in all" in seen.content


def test_short_text_is_left_alone():
    observation = Observation("fine", "tool")
    assert bounded(observation) is observation
    assert cut("fine") == "fine"


def test_lone_surrogates_become_visible():
    assert bounded(Observation("a\udcffb", "s\udcff")).content == "a?b"
