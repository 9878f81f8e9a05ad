"""One process owns a data folder: an advisory lock that the operating system releases when the process dies."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO

from legate_core.errors import Locked, Unavailable
from legate_core.private import close_to_others, make_folder
from legate_core.settings import PRACTICE_WORKSPACE, THROW_AWAY

LOCK_FILE = "owner.lock"

DATABASE_FILES = ("legate.db", "legate.db-wal", "legate.db-shm")

MARKS = (LOCK_FILE, DATABASE_FILES[0], THROW_AWAY, PRACTICE_WORKSPACE)
"""What tells a data folder from any other: only one that holds some of it, or nothing at all, is closed to others."""


class Ownership:
    """Holds the data folder from `acquire` to `release`. A second process gets `Locked` with the owner's pid.

    `closed` are the places that were open to others on this machine and were closed to them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.closed: tuple[Path, ...] = ()
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the folder or raise `Locked`; creates the folder, readable by its owner only."""
        try:
            make_folder(self.folder)
            self.closed = _closed(self.folder)
            handle = os.open(self.folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(
                f"The data folder {self.folder} cannot be used ({error.strerror}). "
                "Check its permissions or choose another with LEGATE_HOME."
            ) from error
        file = os.fdopen(handle, "r+", encoding="utf-8")
        if not _try_lock(file):
            owner = _owner(file)
            file.close()
            raise Locked(
                f"The data folder {self.folder} is in use by another Legate{owner}. "
                "Close it first, or choose another folder with LEGATE_HOME.",
                in_use=True,
            )
        try:
            _say_who(file.fileno())
        except OSError as error:
            file.close()
            raise Unavailable(
                f"The data folder {self.folder} cannot be written ({error.strerror}), so it is not opened, not "
                "even to be read. Nothing was changed; free some space, check the disk, then try again."
            ) from error
        self._file = file

    def release(self) -> None:
        """Let go of the folder. Calling it twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _closed(folder: Path) -> tuple[Path, ...]:
    """Close a data folder to others, its database with it; for the practice workspace also the folder that holds it."""
    within = [folder / name for name in DATABASE_FILES]
    around = [folder, folder.parent] if folder.name == PRACTICE_WORKSPACE else [folder]
    return tuple(place for place in [*filter(_is_legates, around), *within] if close_to_others(place))


def _is_legates(folder: Path) -> bool:
    """Never a person's whole home, even where they chose it for their data."""
    if folder == Path.home():
        return False
    return any((folder / mark).exists() for mark in MARKS) or next(folder.iterdir(), None) is None


def _say_who(handle: int) -> None:
    """Leave this process's id for whoever comes second. Without a buffer, which would try again when it is closed."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, json.dumps({"pid": os.getpid()}).encode())


def _owner(file: IO[str]) -> str:
    try:
        return f" (process {json.load(file)['pid']})"
    except (ValueError, KeyError, OSError):
        return ""


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[str]) -> bool:
        try:
            # The byte far behind the content, so that a second process may still read whose lock it is.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
