"""`legate desktop` and `legate serve` are found by name, handed what was given, and missed in a sentence."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from legate_core.cli import front_ends
from tests.core.cli.terminal import legate


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the front end was handed, which says that it ended with 4."""
    handed: list[list[str]] = []

    class Point:
        def load(self) -> Any:
            return lambda arguments: handed.append(arguments) or 4

    monkeypatch.setattr(front_ends, "_entry_point", lambda _name: Point())
    return handed


def test_a_front_end_is_handed_the_options_and_everything_else(started: list[list[str]]) -> None:
    assert legate("--practice", "desktop", "--home", "/tmp/x", "--look", "dark").code == 4
    assert started == [["--practice", "--home", "/tmp/x", "--look", "dark"]]


def test_its_help_is_its_own(started: list[list[str]]) -> None:
    assert legate("serve", "--help").code == 4
    assert started == [["--help"]]


def test_the_entry_points_are_those_of_the_project() -> None:
    assert {name for name in front_ends.FRONT_ENDS if front_ends._entry_point(name)} == {"desktop", "serve"}


@pytest.mark.parametrize(("name", "extra"), [("desktop", "legate[desktop]"), ("serve", "legate[server]")])
def test_a_missing_extra_says_how_to_install_it(name: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_ends, "_entry_point", lambda _name: EntryPoint(name, "not_installed.app:main", "x"))
    done = legate(name)
    assert done.code == 8
    assert extra in done.err


def test_a_front_end_that_is_not_offered_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_ends, "_entry_point", lambda _name: None)
    done = legate("desktop", "--json")
    assert (done.code, done.json["type"]) == (8, "urn:legate:problem:unavailable")


def test_what_a_front_end_does_not_take_is_a_problem_like_every_other() -> None:
    for name in ("serve", "desktop"):
        done = legate(name, "--bogus", "--json")
        assert (done.code, done.json["type"]) == (2, "urn:legate:problem:invalid")
        assert f"'legate {name} --help' shows how it is written." in done.json["detail"]


def test_options_of_every_command_are_used_or_refused(started: list[list[str]]) -> None:
    assert legate("serve", "--json", "--debug").code == 4
    assert legate("desktop", "--json").code == 4
    assert started == [["--json"], []]
    refused = legate("serve", "--progress")
    assert refused.code == 2
    assert "Leave --progress out." in refused.err


def test_with_debug_what_a_front_end_logs_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def load(self) -> Any:
            return lambda _arguments: logging.getLogger("legate_core.x").info("a step") or 0

    monkeypatch.setattr(front_ends, "_entry_point", lambda _name: Point())
    assert "a step" in legate("serve", "--debug").err
    assert "a step" not in legate("serve").err
