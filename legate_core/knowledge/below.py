"""Which files somebody means who names a file or a folder, and what of it could not be seen: the one way to look at a disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from legate_core.errors import Invalid
from legate_core.knowledge.readers import kind_of

MAX_FILES = 50_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a look found it."""

    path: str
    size_bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that a look could not see, or all below it, and why, in words."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a folder found. `disks` are the places where another disk begins, the folder itself the first of them,
    each with that disk's number; it stays the same for as long as the disk is there."""

    files: Sequence[Seen] = ()
    left_out: Sequence[LeftOut] = ()
    disks: Mapping[str, int] = field(default_factory=dict[str, int])


def look(folder: Path) -> Look | None:
    """The files of a folder and those below it that can be read, in order; None where the folder itself is not there.

    Hidden files and links are left out without a word: a link may lead anywhere, and the same file would be there twice.
    """
    path = str(folder)
    if not is_text(path):
        return Look(left_out=[_no_name(path)])
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        return Look(left_out=[_unread(path, error)])
    walk = _Walk()
    walk.below(path, -1, MAX_DEPTH)
    files = sorted(walk.files, key=lambda seen: seen.path)
    if len(files) > MAX_FILES:
        walk.left_out.append(LeftOut(path, f"Only {MAX_FILES} of its files are taken. Split it into several folders."))
    return Look(files[:MAX_FILES], walk.left_out, walk.disks)


class _Walk:
    """One way through a folder."""

    def __init__(self) -> None:
        self.files: list[Seen] = []
        self.left_out: list[LeftOut] = []
        self.disks: dict[str, int] = {}

    def below(self, folder: str, disk: int, depth: int) -> None:
        try:
            here, entries = _entries(folder)
        except OSError as error:
            # Also of one that went while it was looked at: it may have moved to where this look has been already.
            self.left_out.append(_unread(folder, error))
            return
        if here != disk:
            self.disks[folder] = here
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                self._entry(entry, here, depth)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.left_out.append(_unread(entry.path, error))

    def _entry(self, entry: os.DirEntry[str], disk: int, depth: int) -> None:
        if entry.is_symlink():
            return
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not (kind_of(entry.name) and entry.is_file(follow_symlinks=False)):
            return
        if not is_text(entry.name):
            self.left_out.append(_no_name(entry.path))
        elif is_folder and not depth:
            self.left_out.append(
                LeftOut(entry.path, f"It lies more than {MAX_DEPTH} folders deep. Move it further up.")
            )
        elif is_folder:
            self.below(entry.path, disk, depth - 1)
        else:
            found = entry.stat(follow_symlinks=False)
            self.files.append(Seen(entry.path, found.st_size, found.st_mtime_ns // 1000))


def _entries(folder: str) -> tuple[int, list[os.DirEntry[str]]]:
    """What lies in a folder, and the number of the disk it lies on. Raises `OSError` where the disk came or went meanwhile."""
    before = os.stat(folder).st_dev
    entries = list(os.scandir(folder))
    if os.stat(folder).st_dev != before:
        raise OSError(None, "its disk came or went meanwhile")
    return before, entries


def look_below(path: str) -> Look:
    """What is meant by a path: a file itself; of a folder every file in and below it that can be read, hidden ones and links
    left out."""
    found = look(Path(path))
    # A file that cannot be read is told when it is opened.
    return Look([Seen(path, 0, 0)]) if found is None else found


def files_below(path: str) -> list[str]:
    """The files that are meant by a path, without what had to be left out."""
    return [seen.path for seen in look_below(path).files]


def open_file(path: str) -> BinaryIO:
    """A file, to be read. Raises `Invalid` for anything else, and never waits for somebody who writes into a pipe."""
    if not is_text(path):
        raise Invalid("Its name is not written in UTF-8. Give it another name.")
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Invalid("This is no file. Choose a file, or a folder to watch.")
    return os.fdopen(handle, "rb")


def is_text(name: str) -> bool:
    """Whether a name is made of whole characters; one in another encoding is not, and no database can hold it."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def is_below(path: str, place: str) -> bool:
    """Whether a path is this place or lies below it."""
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)


def _unread(place: str, error: OSError) -> LeftOut:
    reason = error.strerror or type(error).__name__
    return LeftOut(place, f"It cannot be read ({reason}). Check its rights and its disk.")


def _no_name(place: str) -> LeftOut:
    shown = place.encode("utf-8", "replace").decode()
    return LeftOut(shown, "Its name is not written in UTF-8. Give it another name.")
