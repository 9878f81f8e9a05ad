"""Results on stdout, progress on stderr, colours and questions only before a person."""

from __future__ import annotations

import json

import pytest

from legate_core.cli.screen import Result
from tests.core.cli.terminal import Person, Stream, screen


def written(shown: Person) -> tuple[str, str]:
    assert isinstance(shown.out, Stream)
    assert isinstance(shown.err, Stream)
    return shown.out.getvalue(), shown.err.getvalue()


def test_a_result_is_lines_for_people_and_one_value_for_machines() -> None:
    people, machines = screen(), screen()
    machines.is_json = True
    for shown in (people, machines):
        shown.show(Result({"found": 1}, ["one", "two"]))
    assert written(people) == ("one\ntwo\n", "")
    assert json.loads(written(machines)[0]) == {"found": 1}


def test_progress_is_silent_unless_it_is_wanted() -> None:
    shown = screen()
    shown.progress("working")
    shown.moving("counting", 1, 2)
    assert written(shown) == ("", "")


def test_progress_is_a_line_on_stderr() -> None:
    shown = screen()
    shown.shows_progress = True
    shown.progress("read \x1b[2J")
    assert written(shown) == ("", "read ⟨U+001B⟩[2J\n")


def test_progress_beside_json_is_json_lines() -> None:
    shown = screen()
    shown.is_json = shown.shows_progress = True
    shown.progress("step", step=3)
    shown.moving("entries", 1, 4)
    assert [json.loads(line) for line in written(shown)[1].splitlines()] == [
        {"progress": "step", "step": 3},
        {"progress": "entries", "done": 1, "total": 4},
    ]


def test_a_moving_line_is_wiped_before_anything_else_is_written() -> None:
    shown = screen(is_terminal=True)
    shown.shows_progress = True
    shown.moving("reading", 1, 4)
    shown.show(Result({}, ["done"]))
    assert written(shown) == ("done\n", "\r\x1b[Kreading 25 %\r\x1b[K")


@pytest.mark.parametrize(
    ("is_terminal", "environment", "is_coloured"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    is_terminal: bool, environment: dict[str, str], is_coloured: bool
) -> None:
    styled = screen(is_terminal=is_terminal, **environment).style("x", "red")
    assert (styled == "\x1b[31mx\x1b[0m") is is_coloured
    assert "x" in styled


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("y\n", True), ("Yes\n", True), ("\n", False), ("", False), ("yep\n", False)]
)
def test_only_yes_is_yes(typed: str, is_yes: bool) -> None:
    assert screen(typed=typed, is_terminal=True).confirm("Sure?") is is_yes


def test_nobody_there_is_a_no() -> None:
    shown = screen(typed="y\n")
    assert shown.confirm("Sure?") is False
    assert written(shown) == ("", "")
