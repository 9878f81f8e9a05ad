"""The facts of backups: that one was made, never where it lies."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("backup.made")
@dataclass(frozen=True, slots=True)
class BackupMade(Event):
    """Everything up to `entries` of the journal was copied into a file, with `files` beside the database."""

    entries: int
    files: int
    bytes: int
