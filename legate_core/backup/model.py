"""What a backup holds and what is known of it: the manifest at its beginning, and which files are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from legate_core import typed
from legate_core.crypto.keys import KeyPort
from legate_core.errors import Damaged, Invalid
from legate_core.kernel.clock import Clock

FORMAT = 1
MANIFEST, DATABASE, KEYS = "legate-backup.json", "legate.db", "keys.json"
FOLDERS = ("originals", "runs")
"""What lies beside the database and is of the person. Vectors are left out: they are computed again from the text."""
SUFFIX = ".legate-backup"


@dataclass(frozen=True, slots=True)
class Source:
    """What a process keeps and would back up: its data folder, its database, its keys, and its clock. A port."""

    home: Path
    url: str
    keys: KeyPort
    clock: Clock

    @property
    def database(self) -> Path:
        """The database file. Raises `Invalid` for a database that is none."""
        if not self.url.startswith("sqlite:"):
            raise Invalid(
                "This database is a server's, and is backed up with the server's own tools: 'pg_dump' for PostgreSQL. "
                "Keep the keys with it."
            )
        return self.home / DATABASE


@dataclass(frozen=True, slots=True)
class Manifest:
    """The first thing in a backup. `files` counts what lies beside the database."""

    format: int
    made_at: int
    version: str
    workspace_id: str
    entries: int
    files: int

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self)


def read_manifest(data: bytes) -> Manifest:
    """The manifest of a backup. Raises `Invalid` for one of a newer Legate, `Damaged` for what is none."""
    try:
        manifest = typed.decode(data, Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged("This file is under a passphrase, but it is no backup of Legate. Choose another file.") from error
    if manifest.format > FORMAT:
        raise Invalid("This backup was made by a newer Legate. Update this one, then restore it.")
    return manifest


def files_of(home: Path) -> Iterator[tuple[str, Path]]:
    """Every file that is taken, by its name in the backup. Links are not followed and not taken."""
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(home).as_posix(), path


def place_of(name: str) -> PurePosixPath:
    """Where a name of the backup may be put. Raises `Damaged` for one that leads elsewhere."""
    path = PurePosixPath(name)
    is_inside = path.parts and path.parts[0] in FOLDERS and len(path.parts) > 1
    if path.is_absolute() or ".." in path.parts or "\\" in name or not (is_inside or name in (DATABASE, KEYS)):
        raise Damaged(
            "The backup holds a file that no Legate puts there, so nothing of it is used. Choose another file."
        )
    return path
