"""Which files somebody means who names a file or a folder: the rules are those by which a watched folder is looked at."""

from __future__ import annotations

from pathlib import Path

from legate_core.knowledge.watch import look


def files_below(path: str) -> list[str]:
    """A file itself; of a folder every file in and below it that can be read, hidden ones and links left out."""
    seen = look(Path(path))
    return [path] if seen is None else [item.path for item in seen]
