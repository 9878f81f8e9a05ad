"""The command line: `legate`, one more front end of the core.

Results go to stdout, everything else to stderr. Each noun has a module; `main` parses, performs and says what went wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from legate_core.cli.command_line import perform
from legate_core.cli.screen import Screen

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `legate` with these arguments (those of the process otherwise); the code the process shall end with."""
    return perform(sys.argv[1:] if arguments is None else list(arguments), Screen())
