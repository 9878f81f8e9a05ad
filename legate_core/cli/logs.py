"""What the engine logs while a command runs: kept in a file of the data folder, shown where it was asked for."""

from __future__ import annotations

import logging
import os
import traceback
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from legate_core.cli.screen import Screen
from legate_core.errors import LegateError
from legate_core.settings import from_environment, practice_home

LOG_FILE = "legate.log"
LARGEST_BYTES = 2_000_000
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def watch_logs(options: Namespace, screen: Screen) -> Generator[None]:
    """While inside, errors of the engine are said on stderr in a line; with `--debug` everything is shown."""
    root = logging.getLogger()
    level, handler = root.level, _Notes(screen, is_debug=options.debug)
    root.addHandler(handler)
    if options.debug:
        root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class _Notes(logging.Handler):
    """Says what the engine logs without the trace, which means nothing to whoever reads it here."""

    def __init__(self, screen: Screen, *, is_debug: bool) -> None:
        super().__init__(logging.DEBUG if is_debug else logging.ERROR)
        self._screen = screen
        self._is_debug = is_debug
        self.setFormatter(logging.Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._is_debug:
                self._screen.note(self.format(record))
            elif record.name.startswith("legate"):
                self._screen.note(f"Meanwhile: {record.getMessage().rstrip('.')}.")
        except Exception:
            self.handleError(record)


def trace_of(error: BaseException, options: Namespace, screen: Screen) -> str:
    """Keep the trace of a fault, or show it with `--debug`; a sentence that says where it is."""
    text = "".join(traceback.format_exception(error))
    if options.debug:
        screen.note(text.rstrip())
        return "Please report it with the trace above."
    path = _write(options, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{text}\n")
    if path is None:
        return "Run it again with --debug to see the trace, and report it."
    return f"Please report it with the trace in {path}, or run it again with --debug to see it here."


def _write(options: Namespace, text: str) -> Path | None:
    """Append to the log of the data folder, where there is one; nothing of a fault is worth a second fault."""
    try:
        home = practice_home(options.home) if options.practice else from_environment(home=options.home).home
        path = home / LOG_FILE
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if path.exists() and path.stat().st_size > LARGEST_BYTES:
            flags |= os.O_TRUNC
        with open(os.open(path, flags, 0o600), "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except (OSError, LegateError):
        return None
    return path
