"""What the window says: hostile text made visible, times and counts in words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_desktop.json_text import as_text
from legate_desktop.words import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    counted,
    duration,
    is_hidden,
    long_age,
    one_line,
    plural,
    short_age,
    short_hash,
    time_left,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u202egpj.exe", "pay⟨U+202E⟩gpj.exe"),
        ("a\u200bb\u200db\ufeff", "a⟨U+200B⟩b⟨U+200D⟩b⟨U+FEFF⟩"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("line\r\nnext\rover", "line\nnext⟨U+000D⟩over"),
        ("\u2066left\u2069", "⟨U+2066⟩left⟨U+2069⟩"),
        ("a\u3164b\u2800c", "a⟨U+3164⟩b⟨U+2800⟩c"),
        ("z" + "\u0301" * 5, "z" + "\u0301" * 3 + "⟨U+0301⟩" * 2),
        ("no\u00a0break and thin\u2009space", "no\u00a0break and thin⟨U+2009⟩space"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("Größe, příliš, 価格 ✓", "Größe, příliš, 価格 ✓"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_what_hides_is_shown_by_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_hidden_survives(text: str) -> None:
    assert not any(is_hidden(char) for char in visible(text) if char not in "\n\t")
    assert not any(is_hidden(char) or char in "\n\t" for char in one_line(text))


@given(st.text())
def test_the_number_of_lines_stays(text: str) -> None:
    assert visible(text).count("\n") == text.count("\n")


@given(st.dictionaries(st.text(), st.text()))
def test_the_editor_shows_nothing_hidden_and_loses_nothing(value: dict[str, str]) -> None:
    import json

    text = as_text(value)
    assert json.loads(text) == value
    assert all(char == "\n" or unicodedata.category(char) not in ("Cf", "Cc", "Co") for char in text)


def test_a_huge_text_costs_a_row_no_more_than_its_room() -> None:
    assert len(one_line("x" * 5_000_000)) == 1_001


@pytest.mark.parametrize(
    ("milliseconds", "short", "long", "left"),
    [
        (0, "0s", "0 seconds", "now"),
        (SECOND, "1s", "1 second", "1 s"),
        (MINUTE, "1m", "1 minute", "1 m"),
        (2 * HOUR + 5 * MINUTE, "2h", "2 hours", "2 h 5 m"),
        (DAY + HOUR, "1d", "1 day", "1 d 1 h"),
    ],
)
def test_times_are_said_in_words(milliseconds: int, short: str, long: str, left: str) -> None:
    assert (short_age(milliseconds), long_age(milliseconds), time_left(milliseconds)) == (short, long, left)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(-5, "0 ms"), (140, "140 ms"), (8_400, "8.4 s"), (134_000, "2 m 14 s"), (3 * HOUR + 2 * MINUTE, "3 h 2 m")],
)
def test_durations_are_said_in_the_unit_that_matters(milliseconds: int, words: str) -> None:
    assert duration(milliseconds) == words


def test_counts_stop_where_they_stop_being_read() -> None:
    assert [counted(n) for n in (0, 1_234, 9_999, 10_000)] == ["0", "1,234", "9,999", "9,999+"]
    assert [plural("%n answer(s)", n) for n in (0, 1, 2)] == ["0 answers", "1 answer", "2 answers"]


def test_a_hash_is_cut_in_the_middle_and_a_short_one_is_not() -> None:
    assert short_hash("9f2c41" + "0" * 54 + "e1a7") == "9f2c41…e1a7"
    assert short_hash("9f2c41") == "9f2c41"


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)), st.booleans())
def test_the_short_way_for_plain_text_is_the_long_way(text: str, keep_lines: bool) -> None:
    # A letter that is never plain sends the text the long way.
    by_letter = visible(text + "\u200b", keep_lines=keep_lines).removesuffix("⟨U+200B⟩")
    assert visible(text, keep_lines=keep_lines) == by_letter
