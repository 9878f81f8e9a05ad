"""The options of every command, before or after its name, and what a word of an option means."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn, cast

from legate_core.errors import Invalid

GLOBAL_DEFAULTS: Mapping[str, Any] = {
    "home": None,
    "practice": False,
    "server": "",
    "json": False,
    "progress": False,
    "debug": False,
}

_SPAN = re.compile(r"(\d{1,6})\s*(min|h|d|w)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


CODES = (
    "exit codes: 0 done, unless it says otherwise above; 1 a fault, 2 the command or its input is wrong, 3 not found,\n"
    "4 conflict, 5 not permitted, 6 locked, 7 damaged, 8 unavailable, 9 a limit, 130 interrupted, 141 nobody read on."
)
"""What every command may end with, said by the help of each."""


class UsageError(Invalid):
    """The command line itself is wrong. `usage` says how it is written."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving, and takes no abbreviations, which would change with time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        raise UsageError(f"{sentence}. '{self.prog} --help' shows how it is written.", self.format_usage().strip())


Subparsers = Any
"""What `add_subparsers` returns; argparse keeps its type to itself."""


def global_options(parser: argparse.ArgumentParser) -> None:
    """The options that stand before and after the command. Their defaults are set once, after parsing."""
    group = parser.add_argument_group("everywhere")

    def add(*names: str, **options: Any) -> None:
        group.add_argument(*names, default=argparse.SUPPRESS, **options)

    add("--home", type=Path, metavar="PATH", help="the data folder (default: LEGATE_HOME, or the system's place)")
    add("--practice", action="store_true", help="use the practice workspace: no key, no network, nothing to break")
    add("--server", metavar="URL", help="speak to a 'legate serve'; its token is read from LEGATE_TOKEN")
    add("--json", action="store_true", help="write the result, or the problem, as one JSON value on stdout")
    add("--progress", action="store_true", help="show progress on stderr, also where that is no terminal")
    add("--debug", action="store_true", help="show the trace of a fault, and what is logged")


def add_command(
    under: Subparsers, name: str, summary: str, run: Callable[..., Any] | None = None, *, more: str = ""
) -> Parser:
    """A command with the options of every command. `run` performs it; `more` is said by its help."""
    parser: Parser = under.add_parser(
        name,
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}." + (f"\n\n{more}" if more else ""),
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler="error",
    )
    if run is not None:
        parser.set_defaults(perform=run)
    global_options(parser)
    return parser


def add_words(parser: Parser, dest: str = "word") -> Subparsers:
    """Room for the words of a noun: `legate agents publish`. Without one, the noun itself is performed."""
    return parser.add_subparsers(dest=dest, metavar="WORD", title="words", parser_class=Parser)


def given(text: str, read: Callable[[], str]) -> str:
    """What an argument gives: itself, the file behind `@file`, or for `-` what `read` finds on stdin."""
    if text == "-":
        return read()
    if not text.startswith("@"):
        return text
    return read_text(Path(text[1:]).expanduser())


def read_text(path: Path) -> str:
    """A file that a person named. Raises `Invalid` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise Invalid(f"The file {path} cannot be read ({reason}). Check its name.") from error


def json_of(text: str, what: str) -> Any:
    """A JSON value that a person gave. Raises `Invalid` that says where it breaks."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what} is not JSON: {error}. Correct it, then try again.") from error


def object_of(text: str, what: str) -> dict[str, Any]:
    """A JSON object that a person gave."""
    data = json_of(text, what)
    if not isinstance(data, dict):
        raise Invalid(f'{what} must be a JSON object, like {{"name": "value"}}.')
    return cast("dict[str, Any]", data)


def until(text: str, now: datetime | None = None) -> int:
    """A moment in milliseconds: a date (its whole day), a date with a time, or a span from now (30min, 12h, 7d, 2w)."""
    here = now or datetime.now().astimezone()
    found = _SPAN.fullmatch(text.strip())
    try:
        if found:
            moment = here + int(found[1]) * _UNITS[found[2]]
        else:
            moment = datetime.fromisoformat(text.strip())
            if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text.strip()):
                moment = datetime.combine(moment.date(), time(23, 59, 59))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=here.tzinfo)
        milliseconds = int(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            f"{text[:40]!r} is no time. Write a date (2026-12-31), a date with a time (2026-12-31T18:00), or a span "
            "(30min, 12h, 7d, 2w)."
        ) from error
    if milliseconds <= here.timestamp() * 1000:
        raise Invalid(f"{text[:40]!r} has passed already. Give a time to come.")
    return milliseconds


def switch(text: str) -> bool:
    """on or off, for argparse."""
    words = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is neither on nor off")
    return words[text.lower()]
