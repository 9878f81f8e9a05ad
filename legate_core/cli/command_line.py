"""From a command line to an exit code: parse, perform, and put every fault into a sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from importlib.metadata import PackageNotFoundError, version

from legate_core.cli import (
    agents,
    answers,
    backup,
    demo,
    doctor,
    front_ends,
    inbox,
    journal,
    knowledge,
    models,
    rules,
    runs,
    vault,
)
from legate_core.cli.logs import trace_of, watch_logs
from legate_core.cli.options import GLOBAL_DEFAULTS, Parser, UsageError, global_options
from legate_core.cli.screen import Result, Screen
from legate_core.errors import LegateError

INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports of a program whose reader went away."""

NOUNS = (demo, runs, inbox, answers, agents, knowledge, models, rules, vault, journal, backup, doctor, front_ends)


def parser() -> Parser:
    """The parser of the whole command line."""
    whole = Parser(
        prog="legate",
        description="A trustworthy deputy: agents that ask before they act, and can prove what they did.",
        epilog="'legate COMMAND --help' says more. 'legate demo' shows everything in a minute, without key or network.",
    )
    whole.add_argument("--version", action="version", version=f"legate {_version()}")
    global_options(whole)
    under = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for noun in NOUNS:
        noun.add(under)
    return whole


def _version() -> str:
    try:
        return version("legate")
    except PackageNotFoundError:
        return "(not installed)"


def parse(arguments: Sequence[str]) -> tuple[Namespace, list[str]]:
    """The options of a command line, and what a front end is handed on. Raises `UsageError`."""
    whole = parser()
    options, rest = whole.parse_known_args(list(arguments))
    for name, default in GLOBAL_DEFAULTS.items():
        if not hasattr(options, name):
            setattr(options, name, default)
    if options.command is None:
        raise UsageError("Say what to do. 'legate --help' lists the commands.", whole.format_usage().strip())
    if rest and options.command not in front_ends.FRONT_ENDS:
        raise UsageError(
            f"Nothing here takes {rest[0][:60]!r}. 'legate {options.command} --help' shows how it is written."
        )
    return options, rest


def perform(arguments: Sequence[str], screen: Screen) -> int:
    """Run one command line to its exit code. Nothing but `SystemExit` of `--help` and `--version` leaves it."""
    screen.is_json = "--json" in arguments
    try:
        return _perform(arguments, screen)
    except BrokenPipeError:
        _let_go_of(screen)
        return PIPE_CLOSED


def _perform(arguments: Sequence[str], screen: Screen) -> int:
    options = Namespace(**GLOBAL_DEFAULTS)
    try:
        options, rest = parse(arguments)
        screen.is_json = options.json
        screen.shows_progress = options.progress or screen.err.isatty()
        if options.command in front_ends.FRONT_ENDS:
            with watch_logs(options, screen) if options.debug else nullcontext():
                return front_ends.start(options.command, options, rest)
        with watch_logs(options, screen):
            result: Result = asyncio.run(options.perform(options, screen))
        screen.show(result)
        return result.exit_code
    except LegateError as error:
        return _refused(error, options, screen)
    except KeyboardInterrupt:
        screen.problem(_problem("interrupted", INTERRUPTED, _STOPPED), _STOPPED)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        where = trace_of(error, options, screen)
        sentence = f"Something went wrong inside Legate ({type(error).__name__}). {where}"
        screen.problem(_problem("internal", LegateError.exit_code, sentence), sentence)
        return LegateError.exit_code


_STOPPED = "Stopped. What was under way is on disk and goes on when Legate runs again."


def _refused(error: LegateError, options: Namespace, screen: Screen) -> int:
    if options.debug:
        trace_of(error, options, screen)
    message = f"{error.usage}\n{error.message}" if isinstance(error, UsageError) and error.usage else error.message
    screen.problem(_problem(error.code, error.exit_code, error.message, error.details), message)
    return error.exit_code


def _problem(code: str, exit_code: int, detail: str, details: dict[str, object] | None = None) -> dict[str, object]:
    """A problem as the HTTP API words it (RFC 9457), with the exit code."""
    found: dict[str, object] = {"type": f"urn:legate:problem:{code}", "detail": detail, "exit_code": exit_code}
    if details:
        found["details"] = {name: value for name, value in details.items() if _is_plain(value)}
    return found


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | None) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)  # pyright: ignore[reportUnknownVariableType] JSON
    )


def _let_go_of(screen: Screen) -> None:
    """The reader of stdout is gone: let nothing be written there any more, not at exit either."""
    with suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, screen.out.fileno())
        os.close(sink)
    sys.stderr.flush()
