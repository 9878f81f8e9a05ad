"""How another program starts Legate's window, written the way that each place wants it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def start_command(*options: str) -> list[str]:
    """The command that starts the window with these options: this interpreter, wherever it was installed."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *options]
    return [sys.executable, "-m", "legate_desktop.app", *options]


def as_exec(command: Sequence[str], *places: str) -> str:
    """A command as the Exec line of a desktop file, with field codes such as %u at its end."""
    return " ".join([*(_quoted(word) for word in command), *places])


def as_command_line(command: Sequence[str]) -> str:
    """A command as Windows keeps it."""
    return subprocess.list2cmdline(command)


def _quoted(word: str) -> str:
    """Quoted as the Desktop Entry Specification asks for: twice, once for the value and once for the argument."""
    inner = word
    for char in '\\"`$':
        inner = inner.replace(char, f"\\{char}")
    return '"' + inner.replace("\\", "\\\\").replace("%", "%%") + '"'
