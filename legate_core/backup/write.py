"""Writing a backup: a consistent copy of the database, the keys under the backup's passphrase, and the files beside it."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from legate_core.backup.model import DATABASE, FORMAT, KEYS, MANIFEST, Manifest, Source, files_of
from legate_core.crypto.age import AgeWriter
from legate_core.crypto.keys import BODIES, DEVICE, KeyPort, master_name, note_name
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Unavailable
from legate_core.identity.bootstrap import OWNER, PERSONAL

MIN_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written. `files` lie in it beside the database; `left_out` vanished while it was written."""

    path: str
    entries: int
    files: int
    left_out: int
    bytes: int


def write_backup(source: Source, path: Path, passphrase: Secret, *, overwrite: bool = False) -> Backup:
    """Write everything into a file that takes its name only once it is whole.

    Raises `Invalid` for a place or passphrase that cannot be, `Locked` while the keys are locked, `Unavailable` where the
    disk refuses; then no file was made. The engine goes on meanwhile: what it writes after the copy is not in it.
    """
    if len(passphrase.reveal()) < MIN_CHARACTERS:
        raise Invalid(
            f"The passphrase of a backup has at least {MIN_CHARACTERS} characters; a few words are best. Choose a longer one."
        )
    database, now = source.database, source.clock.now()
    _check_place(source.home, path, overwrite=overwrite)
    fresh = path.with_name(f"{path.name}.part")
    try:
        # The copy is as readable as the database itself, so it is made in the data folder, and never at the place chosen.
        with tempfile.TemporaryDirectory(prefix="backup-", dir=source.home) as scratch:
            copy = Path(scratch) / DATABASE
            _copy(database, copy)
            manifest, masters = _told(copy, now)
            held = _held(source.keys, Path(scratch), manifest.workspace_id, masters, passphrase)
            taken = list(files_of(source.home))
            manifest = Manifest(FORMAT, now, manifest.version, manifest.workspace_id, manifest.entries, len(taken))
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                left_out = _write(target, passphrase, manifest, [(KEYS, held), (DATABASE, copy)], taken)
                target.flush()
                os.fsync(target.fileno())
                size = target.tell()
        os.replace(fresh, path)
    except OSError as error:
        raise Unavailable(
            f"The backup cannot be written to {path} ({error.strerror or error}). Free some space or choose another place."
        ) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return Backup(str(path), manifest.entries, len(taken) - left_out, left_out, size)


def _check_place(home: Path, path: Path, *, overwrite: bool) -> None:
    if not path.is_absolute():
        raise Invalid(f"Say the whole path of the backup, not {str(path)!r}.")
    if path.resolve().is_relative_to(home.resolve()):
        raise Invalid("A backup in the data folder is lost with it. Choose a place outside, best on another disk.")
    if path.is_dir() or (path.exists() and not overwrite):
        raise Invalid(f"There is something at {path} already. Choose another name.")
    if not path.parent.is_dir():
        raise Invalid(f"There is no folder {path.parent}. Make it, or choose another place.")


def _copy(database: Path, copy: Path) -> None:
    """The database as it is at one moment, with whatever its write-ahead log holds; nobody has to stop writing."""
    try:
        with (
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(copy)) as target,
        ):
            original.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise Unavailable(
            f"The database cannot be copied ({error}). Free some space, run 'legate doctor', then try again."
        ) from error


def _told(copy: Path, now: int) -> tuple[Manifest, list[int]]:
    """What the copy says of itself, and the master keys that its secrets lie under."""
    with closing(sqlite3.connect(copy)) as connection:
        remembered = dict(connection.execute("SELECT key, value FROM installation").fetchall())
        workspace_id = str(remembered.get(PERSONAL, ""))
        if not workspace_id or not remembered.get(OWNER):
            raise Damaged("The database holds no workspace, so there is nothing to back up. Run 'legate doctor'.")
        entries = int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])
        masters = [int(row[0]) for row in connection.execute("SELECT DISTINCT master FROM secret_record")]
    return Manifest(FORMAT, now, _version(), workspace_id, entries, 0), masters


def _held(keys: KeyPort, folder: Path, workspace_id: str, masters: Iterable[int], passphrase: Secret) -> Path:
    """Every key that the copy needs, under the backup's passphrase: a file that a data folder can live with as it is."""
    held = PassphraseKeys(folder)
    held.unlock(passphrase)
    for name in dict.fromkeys(
        (BODIES, DEVICE, master_name(1), *map(master_name, sorted(masters)), note_name(workspace_id))
    ):
        value = keys.get(name)
        if value is not None:
            held.put(name, value)
        elif name in (BODIES, DEVICE):
            raise Damaged(f"The key {name!r} is missing, so a backup could not be read. Run 'legate doctor'.")
    return held.path


def _write(
    target: IO[bytes],
    passphrase: Secret,
    manifest: Manifest,
    first: Iterable[tuple[str, Path]],
    taken: Iterable[tuple[str, Path]],
) -> int:
    """The archive; how many files were gone by the time they were to be read."""
    left_out = 0
    with AgeWriter(target, passphrase) as sealed, tarfile.open(fileobj=sealed, mode="w|") as archive:
        _put_bytes(archive, MANIFEST, manifest.to_bytes())
        for name, path in first:
            _put_file(archive, name, path)
        for name, path in taken:
            try:
                _put_file(archive, name, path)
            except FileNotFoundError:
                left_out += 1
    return left_out


def _put_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mode = 0o600
    archive.addfile(entry, io.BytesIO(data))


def _put_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """One file at its length of this moment. One that shrinks meanwhile ends the backup: what would be cut is no copy."""
    with path.open("rb") as file:
        entry = tarfile.TarInfo(name)
        entry.size = os.fstat(file.fileno()).st_size
        entry.mode = 0o600
        archive.addfile(entry, file)


def _version() -> str:
    try:
        return version("legate")
    except PackageNotFoundError:
        # A packaged Legate carries no metadata.
        return "(bundled)"
