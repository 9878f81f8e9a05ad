"""The command line: `legate`, one more front end of the core.

Results go to stdout, everything else to stderr. Each noun has a module; `main` parses, performs and says what went wrong.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from legate_core.cli.command_line import perform
from legate_core.cli.screen import Screen

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `legate` with these arguments (those of the process otherwise); the code the process shall end with."""
    for stream in (sys.stdout, sys.stderr):
        # What an old encoding cannot say is spelled out rather than a fault. Replaced streams may not know how.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return perform(sys.argv[1:] if arguments is None else list(arguments), Screen())
