"""What a terminal is given to show: nothing hidden, nothing that steers it, nothing wider than it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.cli.text import columns, cut, money, one_line, span, table, to_json, visible, wrap


def steers_nothing(line: str) -> bool:
    """Printable; a space that does not break is one, whatever Python says."""
    return line.replace("\u00a0", " ").replace("\u202f", " ").isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcödé, 漢字, 🙂", "plain, ünïcödé, 漢字, 🙂"),
        ("\x1b[2Jgone", "⟨U+001B⟩[2Jgone"),
        ("gro\u202egnp.exe", "gro⟨U+202E⟩gnp.exe"),
        ("a\u200bb\u2066c\ufeff", "a⟨U+200B⟩b⟨U+2066⟩c⟨U+FEFF⟩"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("bell\a back\b del\x7f", "bell⟨U+0007⟩ back⟨U+0008⟩ del⟨U+007F⟩"),
        ("two\r\nlines\nand\ta tab", "two\nlines\nand    a tab"),
        ("over\rwritten", "over⟨U+000D⟩written"),
        ("wide\u2003space, filler\u3164", "wide⟨U+2003⟩space, filler⟨U+3164⟩"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "⟨U+0301⟩⟨U+0301⟩"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_what_hides_or_steers_is_shown_by_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_cell_is_one_line() -> None:
    assert one_line("  two\n\nlines \t here\u2028") == "two lines here⟨U+2028⟩"


@given(st.text(max_size=300), st.integers(30, 120))
def test_wrapped_text_fits_and_hides_nothing(text: str, width: int) -> None:
    lines = wrap(text, width, indent="  ")
    assert all(columns(line) <= width for line in lines)
    assert all(steers_nothing(line) for line in lines)
    assert "".join("".join(lines).split()) == "".join(visible(text).split())


def test_a_word_longer_than_the_line_is_broken_and_stays_whole() -> None:
    assert wrap("see " + "x" * 50, 24) == ["see", "x" * 24, "x" * 24, "xx"]


@given(st.text(max_size=60), st.integers(1, 40))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert columns(cut(visible(text), width)) <= width


def test_what_is_cut_says_so() -> None:
    assert cut("a mail to Kim", 8) == "a mail…"
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("fits", 4) == "fits"


def test_a_table_gives_the_room_there_is_to_the_column_that_grows() -> None:
    lines = table(("id", "says"), [("a-1", "short"), ("b-22", "a very long\nsentence that cannot fit")], 30)
    assert lines == ["id    says", "a-1   short", "b-22  a very long sentence th…"]


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(-5, "0 s"), (999, "0 s"), (26_000, "26 s"), (240_000, "4 min"), (3 * 3_600_000, "3 h"), (172_800_000, "2 d")],
)
def test_a_span_is_told_in_its_largest_unit(milliseconds: int, words: str) -> None:
    assert span(milliseconds) == words


def test_money_is_told_without_empty_digits() -> None:
    assert [money(0), money(1_500_000), money(120), money(2_000_000)] == ["", "1.5", "0.0001", "2"]


@given(st.recursive(st.text() | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_json_on_the_terminal_is_the_same_json_and_steers_nothing(data: object) -> None:
    text = to_json(data)
    assert json.loads(text) == data
    assert all(steers_nothing(line) for line in text.split("\n"))
