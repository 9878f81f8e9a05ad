"""The terminal as a command sees it: results on stdout, progress on stderr, questions only where a person sits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from legate_core.cli.text import columns, cut, one_line, to_json, visible
from legate_core.crypto.secret import Secret

WIDTH_WITHOUT_TERMINAL = 100
NARROWEST, WIDEST = 40, 120

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_CLEAR_LINE = "\r\x1b[K"


@dataclass
class Result:
    """What a command found: `data` for machines, `lines` for people, and the code the process ends with."""

    data: Any
    lines: Sequence[str] = ()
    exit_code: int = 0


@dataclass
class Screen:
    """Where a command writes and asks. `is_json` picks the form of the result, `shows_progress` whether any is shown."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    source: TextIO = field(default_factory=lambda: sys.stdin)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    is_json: bool = False
    shows_progress: bool = False
    _has_line: bool = False

    @property
    def width(self) -> int:
        """Columns to write in: the terminal's, within reason."""
        if not self.out.isatty():
            return WIDTH_WITHOUT_TERMINAL
        return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))

    @property
    def has_person(self) -> bool:
        """Whether somebody can be asked: both ends are a terminal."""
        return self.source.isatty() and self.err.isatty()

    def style(self, text: str, *names: str) -> str:
        """The text in a style, where stdout is a terminal that shows colours and NO_COLOR is not set."""
        if not self.out.isatty() or self.environment.get("NO_COLOR") or self.environment.get("TERM") == "dumb":
            return text
        return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"

    def show(self, result: Result) -> None:
        """Write a result in the form that was asked for."""
        self.end_line()
        self.out.write((self._json(result.data) if self.is_json else "\n".join(result.lines)) + "\n")
        self.out.flush()

    def problem(self, data: Mapping[str, Any], message: str) -> None:
        """Write why nothing came of it: a sentence on stderr, or a problem object where JSON was asked for."""
        self.end_line()
        if self.is_json:
            self.out.write(self._json(data) + "\n")
            self.out.flush()
        else:
            self.note(message)

    def _json(self, data: Any) -> str:
        # A stream in memory names no encoding and carries everything.
        encoding = (getattr(self.out, "encoding", None) or "utf-8").lower().replace("_", "-")
        return to_json(data, is_ascii=encoding not in ("utf-8", "utf8"))

    def note(self, text: str) -> None:
        """A sentence on stderr, whether or not progress is shown."""
        self.end_line()
        self.err.write(visible(text) + "\n")
        self.err.flush()

    def progress(self, text: str, **data: Any) -> None:
        """A line about work in progress; one JSON value a line where JSON was asked for."""
        if not self.shows_progress:
            return
        self.end_line()
        line = json.dumps({"progress": text, **data}) if self.is_json else visible(text)
        self.err.write(line + "\n")
        self.err.flush()

    def moving(self, text: str, done: int, total: int) -> None:
        """Progress in numbers: one line that is written over where stderr is a terminal."""
        share = f" {100 * done // total} %" if total else ""
        if self.is_json:
            self.progress(text, done=done, total=total)
        elif not self.err.isatty():
            self.progress(f"{text}{share}")
        elif self.shows_progress:
            self.err.write(f"{_CLEAR_LINE}{cut(one_line(text), self.width - columns(share) - 1)}{share}")
            self.err.flush()
            self._has_line = True

    def end_line(self) -> None:
        """Wipe the line of moving progress."""
        if self._has_line:
            self.err.write(_CLEAR_LINE)
            self.err.flush()
            self._has_line = False

    def read(self) -> str:
        """Everything on stdin."""
        with interruptible():
            return self.source.read()

    def confirm(self, question: str) -> bool:
        """Ask a person yes or no; only *y* and *yes* are a yes. No without a person."""
        if not self.has_person:
            return False
        self.end_line()
        with interruptible():
            self.err.write(f"{visible(question)} [y/N] ")
            self.err.flush()
            return self.source.readline().strip().lower() in ("y", "yes")

    def ask_secret(self, prompt: str) -> Secret:
        """Ask a person for a secret without showing it. Call it only where `has_person`."""
        import getpass

        self.end_line()
        with interruptible():
            return Secret(getpass.getpass(f"{prompt}: ", stream=self.err))


@contextmanager
def interruptible() -> Generator[None]:
    """While inside, Ctrl-C ends a wait for the keyboard at once. The loop's own handler would only mark the task."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
