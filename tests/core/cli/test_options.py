"""How a command line is read: options before and after, files and stdin, times, and what is refused with the usage."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from legate_core.cli import command_line as line
from legate_core.cli.command_line import parse
from legate_core.cli.front_ends import FRONT_ENDS
from legate_core.cli.options import UsageError, given, object_of, until
from legate_core.errors import Invalid, kinds
from tests.core.cli.terminal import legate

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

COMMANDS = {
    "demo": [["x"], ["--keep"]],
    "run": [["a", "b", "c"], ["--wait=yes"]],
    "runs": [["a", "b"], ["--cancel"]],
    "inbox": [["a", "b"]],
    "approve": [[], ["a", "b"], ["a", "--amount", "much"]],
    "edit": [[], ["a", "--set"]],
    "reject": [[], ["a", "because"]],
    "doubt": [["a", "maybe"], ["a", "happened", "c"]],
    "agents": [["paint"], ["show"], ["create"], ["edit", "a"], ["publish"]],
    "rules": [["paint"], ["show"], ["add"], ["edit", "a"], ["delete"], ["settings", "--ask-every-effect", "perhaps"]],
    "vault": [["open"], ["add"], ["add", "a", "b"], ["replace"], ["delete"], ["seal", "now"]],
    "verify": [["x"]],
    "journal": [["a", "b"], ["--limit", "many"]],
    "backup": [[], ["a", "b"]],
    "restore": [[], ["a"], ["a", "b", "c"]],
    "retention": [["long"], ["1", "2"]],
    "doctor": [["x"]],
    "kb": [
        ["paint"],
        ["create"],
        ["add", "base"],
        ["search", "base"],
        ["search", "a", "b", "--limit", "many"],
        ["show"],
    ],
    "models": [
        ["paint"],
        ["limit"],
        ["limit", "much"],
        ["limit", "1", "--per", "year"],
        ["unlimit"],
        ["record", "run"],
    ],
}


def test_every_command_is_tried_with_wrong_arguments() -> None:
    known = {name for action in line.parser()._actions for name in (action.choices or ())}
    assert known == {*COMMANDS, *FRONT_ENDS}


@pytest.mark.parametrize(("command", "rest"), [(name, rest) for name, wrong in COMMANDS.items() for rest in wrong])
def test_wrong_arguments_end_with_2_and_say_where_the_help_is(command: str, rest: list[str]) -> None:
    done = legate(command, *rest)
    assert done.code == 2
    assert done.out == ""
    assert "--help" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("command", "rest"), [(name, wrong[0]) for name, wrong in COMMANDS.items()])
def test_with_json_a_wrong_command_line_is_a_problem_on_stdout(command: str, rest: list[str]) -> None:
    done = legate(command, *rest, "--json")
    assert (done.code, done.json["exit_code"], done.json["type"]) == (2, 2, "urn:legate:problem:invalid")
    assert done.err == ""


def test_a_word_that_is_none_is_refused_by_what_it_would_have_been() -> None:
    said = " ".join(legate("kb", "frobnicate").err.split())
    assert "Argument WORD: invalid choice: 'frobnicate'" in said
    assert said.endswith("'legate kb --help' shows how it is written.")


def test_without_a_command_the_usage_is_shown() -> None:
    done = legate()
    assert done.code == 2
    assert "legate --help" in done.err


@pytest.mark.parametrize("arguments", [["--bogus", "runs"], ["runs", "--bogus"], ["paint"], ["runs", "--js"]])
def test_unknown_and_shortened_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--home", "/tmp/x", "--practice", "agents", "list"],
        ["agents", "--json", "--home", "/tmp/x", "--practice", "list"],
        ["agents", "list", "--json", "--home", "/tmp/x", "--practice"],
        ["--json", "agents", "--home", "/tmp/x", "list", "--practice"],
    ],
)
def test_global_options_stand_before_and_after(arguments: list[str]) -> None:
    options, _ = parse(arguments)
    assert (options.json, options.home, options.practice, options.server) == (True, Path("/tmp/x"), True, "")


@pytest.mark.parametrize("name", [*COMMANDS, "--help"])
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        legate(name, "--help")
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_the_help_of_run_documents_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        legate("run", "--help")
    told = capsys.readouterr().out
    assert [code for code in ("0", "10", "11", "12", "13", "130") if not re.search(rf"\b{code}\b", told)] == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-12-31T18:00", datetime(2026, 12, 31, 18, 0, tzinfo=UTC)),
        ("2026-12-31T18:00+02:00", datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        ("30min", datetime(2026, 11, 24, 12, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 25, 0, 0, tzinfo=UTC)),
        ("7d", datetime(2026, 12, 1, 12, 0, tzinfo=UTC)),
        ("2 w", datetime(2026, 12, 8, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_date_a_moment_or_a_span(text: str, moment: datetime) -> None:
    assert until(text, NOW) == int(moment.timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "12", "-1d", "2026-11-23", "2020-01-01T10:00", "999999w"])
def test_no_time_and_a_time_that_has_passed_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"time"):
        until(text, NOW)


def test_an_argument_may_be_a_file_or_stdin(tmp_path: Path) -> None:
    (tmp_path / "task.txt").write_text("from a file", encoding="utf-8")
    assert given(f"@{tmp_path / 'task.txt'}", str) == "from a file"
    assert given("-", lambda: "from stdin") == "from stdin"
    assert given("as it is", lambda: "unread") == "as it is"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "bytes"):
        with pytest.raises(Invalid, match=name):
            given(f"@{tmp_path / name}", str)


@pytest.mark.parametrize("text", ["", "{", "[1]", "1", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="The rule"):
        object_of(text, "The rule")


def _commands(under: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in under._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, parser in action.choices.items():
                if name not in FRONT_ENDS:
                    yield parser
                    yield from _commands(parser)


def test_the_help_of_every_command_says_what_its_exit_codes_mean() -> None:
    codes = {kind.exit_code for kind in kinds().values()} | {0, line.INTERRUPTED, line.PIPE_CLOSED}
    found = {parser.prog: parser.format_help() for parser in _commands(line.parser())}
    assert len(found) > 20
    for name, text in found.items():
        told = {int(number) for number in re.findall(r"\b(\d+) [a-z]", text.partition("exit codes: ")[2])}
        assert told == codes, name
