"""`legate desktop` and `legate serve`: entry points of other packages, found by name and never imported by the core."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from legate_core.cli.options import Subparsers, UsageError, global_options
from legate_core.errors import Unavailable

GROUP = "legate.front_ends"
FRONT_ENDS = {
    "desktop": ("the window", "desktop"),
    "serve": ("the server of the HTTP API", "server"),
}
"""Each front end by its command: what it is, and the extra that it needs."""


def add(under: Subparsers) -> None:
    for name, (what, _extra) in FRONT_ENDS.items():
        # Its help is its own: it is handed on like every option that is not known here.
        parser = under.add_parser(name, help=f"open {what}" if name == "desktop" else f"run {what}", add_help=False)
        global_options(parser)


def start(name: str, options: Namespace, rest: Sequence[str]) -> int:
    """Run a front end to its end with what it was given; the code it ends with."""
    if options.progress:
        raise UsageError(f"'legate {name}' shows no progress. Leave --progress out.")
    main = _load(name)
    return int(main([*_handed_on(name, options), *rest]) or 0)


def _handed_on(name: str, options: Namespace) -> list[str]:
    """What of the options of every command is the front end's own matter. Problems and `--debug` are the command's."""
    found: list[str] = []
    if options.practice:
        found.append("--practice")
    if options.home is not None:
        found += ["--home", str(options.home)]
    if options.server:
        found += ["--server", options.server]
    if options.json and name == "serve":
        found.append("--json")
    return found


def _load(name: str) -> Any:
    what, extra = FRONT_ENDS[name]
    point = _entry_point(name)
    if point is None:
        raise Unavailable(f"This installation does not offer {what}. Install it with: pip install 'legate[{extra}]'")
    try:
        return point.load()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0].startswith("legate"):
            raise
        raise Unavailable(
            f"For {what} the package {error.name} is missing. Install it with: pip install 'legate[{extra}]'"
        ) from error


def _entry_point(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=GROUP, name=name)), None)
