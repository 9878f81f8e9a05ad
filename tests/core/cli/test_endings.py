"""Every way a command can end has its exit code and its sentence, and none has a trace."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legate_core import errors
from legate_core.cli import inbox
from legate_core.cli.screen import Result, Screen
from legate_core.errors import LegateError
from tests.core.cli.terminal import Person, legate, screen

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LegateError)]


@pytest.fixture
def inbox_does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Makes `legate inbox` answer, or raise, as given."""

    def become(outcome: Any) -> None:
        async def show(_options: Namespace, _screen: Screen) -> Result:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(inbox, "show", show)

    return become


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_ends_with_its_own_code_and_sentence(
    kind: type[LegateError], inbox_does: Callable[[Any], None]
) -> None:
    inbox_does(kind("It is away. Try again."))
    done = legate("inbox")
    assert (done.code, done.out, done.err) == (kind.exit_code, "", "It is away. Try again.\n")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_with_json_an_error_is_a_problem_object(kind: type[LegateError], inbox_does: Callable[[Any], None]) -> None:
    inbox_does(kind("It is away.", winner="kim", thing=object()))
    done = legate("--json", "inbox")
    assert done.json == {
        "type": f"urn:legate:problem:{kind.code}",
        "detail": "It is away.",
        "exit_code": kind.exit_code,
        "details": {"winner": "kim"},
    }
    assert done.err == ""


def test_a_result_ends_with_its_code(inbox_does: Callable[[Any], None]) -> None:
    inbox_does(Result({}, ["waits"], 10))
    assert legate("inbox").code == 10


def test_ctrl_c_ends_with_130_and_says_that_nothing_is_lost(inbox_does: Callable[[Any], None]) -> None:
    inbox_does(KeyboardInterrupt())
    done = legate("inbox")
    assert done.code == 130
    assert "on disk" in done.err
    assert legate("inbox", "--json").json["exit_code"] == 130


def test_a_fault_is_one_sentence_and_its_trace_is_kept(inbox_does: Callable[[Any], None], tmp_path: Path) -> None:
    inbox_does(ZeroDivisionError("by nought"))
    (tmp_path / "legate-home").mkdir()
    done = legate("inbox")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "ZeroDivisionError" in done.err
    kept = tmp_path / "legate-home" / "legate.log"
    assert str(kept) in done.err
    assert "by nought" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0


def test_the_trace_of_a_fault_in_practice_lies_with_the_practice_workspace(
    inbox_does: Callable[[Any], None], tmp_path: Path
) -> None:
    inbox_does(ZeroDivisionError("by nought"))
    home = tmp_path / "legate-home"
    (home / "practice-workspace").mkdir(parents=True)
    assert str(home / "practice-workspace" / "legate.log") in legate("inbox", "--practice").err
    assert [path.name for path in home.iterdir()] == ["practice-workspace"]


def test_a_fault_without_a_data_folder_makes_none(inbox_does: Callable[[Any], None], tmp_path: Path) -> None:
    inbox_does(ZeroDivisionError("by nought"))
    assert "--debug" in legate("inbox").err
    assert not (tmp_path / "legate-home").exists()


def test_debug_shows_the_trace(inbox_does: Callable[[Any], None]) -> None:
    inbox_does(ZeroDivisionError("by nought"))
    assert "Traceback" in legate("inbox", "--debug").err


class Closed(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def fileno(self) -> int:
        raise OSError


def test_a_broken_pipe_is_quiet(inbox_does: Callable[[Any], None]) -> None:
    inbox_does(Result({}, ["line"]))
    shown = screen()
    broken = Person(out=Closed(), err=shown.err, source=shown.source)
    assert legate_on(broken) == 141
    assert shown.err.getvalue() == ""  # type: ignore[attr-defined] # a stream in memory


def legate_on(shown: Person) -> int:
    from legate_core.cli.command_line import perform

    return perform(["inbox"], shown)


def test_a_server_and_a_data_folder_exclude_each_other() -> None:
    done = legate("runs", "--server", "http://127.0.0.1:1", "--practice")
    assert done.code == 2
    assert "Leave out" in done.err


def test_a_server_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", "t" * 43)
    done = legate("runs", "--server", "http://127.0.0.1:9")
    assert done.code == 8
    assert "cannot be reached" in done.err
