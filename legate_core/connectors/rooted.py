"""Directories that cannot be left: every step opens one name and follows no link.

`FdDirectory` is the real thing: an open descriptor, and every operation is relative to it (`openat` and its family), so
that nobody can swap a folder for a link between the check and the act. `PathDirectory` is for systems without that
family (Windows): it checks every step and looks again after opening, which closes all but a race of microseconds with
another program of the same user.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from legate_core.connectors.relative import in_words
from legate_core.tools.spec import ToolFailed

NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
CLOEXEC = getattr(os, "O_CLOEXEC", 0)
NONBLOCK = getattr(os, "O_NONBLOCK", 0)
BINARY = getattr(os, "O_BINARY", 0)
READ = os.O_RDONLY | NOFOLLOW | CLOEXEC | NONBLOCK | BINARY
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC | BINARY


class Directory(ABC):
    """One open directory. Names are single names, checked by `relative`; nothing here follows a link."""

    @abstractmethod
    def descend(self, name: str) -> Self:
        """Open a directory in this one. A link raises `ToolFailed`, a missing one `FileNotFoundError`."""

    @abstractmethod
    def make(self, name: str) -> None:
        """Make a directory; it must not exist."""

    @abstractmethod
    def status(self, name: str) -> os.stat_result | None:
        """What the name is, the link itself if it is one; None when there is nothing."""

    @abstractmethod
    def open(self, name: str, flags: int) -> int:
        """A descriptor of a file in this directory."""

    @abstractmethod
    def link(self, name: str, target: Directory, as_name: str) -> None:
        """A second name for a file. Raises `FileExistsError` rather than replacing anything."""

    @abstractmethod
    def rename(self, name: str, target: Directory, as_name: str) -> None:
        """Give something a new name, replacing what bears it."""

    @abstractmethod
    def unlink(self, name: str) -> None:
        """Take away one name of a file."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """The names in this directory, as the system gives them, without end if need be."""

    @abstractmethod
    def sync(self) -> None:
        """Make new and changed names durable, where the system can."""

    @abstractmethod
    def close(self) -> None:
        """Give the directory back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FdDirectory(Directory):
    """A directory by descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def root(cls, path: Path) -> FdDirectory:
        """The chosen folder itself. It may be a link: a person chose it."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | CLOEXEC))

    def descend(self, name: str) -> FdDirectory:
        try:
            return FdDirectory(os.open(name, os.O_DIRECTORY | READ, dir_fd=self._descriptor))
        except FileNotFoundError:
            raise
        except OSError as error:
            # Linux says ENOTDIR for a link with O_DIRECTORY, other systems ELOOP or EMLINK.
            found = self.status(name)
            if found is None or stat.S_ISDIR(found.st_mode):
                raise
            raise ToolFailed(_not_a_folder(name, found)) from error

    def make(self, name: str) -> None:
        os.mkdir(name, 0o777, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int) -> int:
        return os.open(name, flags, 0o666, dir_fd=self._descriptor)

    def link(self, name: str, target: Directory, as_name: str) -> None:
        assert isinstance(target, FdDirectory)
        os.link(name, as_name, src_dir_fd=self._descriptor, dst_dir_fd=target._descriptor, follow_symlinks=False)

    def rename(self, name: str, target: Directory, as_name: str) -> None:
        assert isinstance(target, FdDirectory)
        os.replace(name, as_name, src_dir_fd=self._descriptor, dst_dir_fd=target._descriptor)

    def unlink(self, name: str) -> None:
        os.unlink(name, dir_fd=self._descriptor)

    def names(self) -> Iterator[str]:
        # Listed through a descriptor of its own: reading moves its position.
        own = os.open(".", os.O_RDONLY | os.O_DIRECTORY | CLOEXEC, dir_fd=self._descriptor)
        try:
            with os.scandir(own) as entries:
                for entry in entries:
                    yield entry.name
        finally:
            os.close(own)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class PathDirectory(Directory):
    """A directory by path, for systems where a descriptor cannot stand for one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def root(cls, path: Path) -> PathDirectory:
        """The chosen folder itself, links in its own path resolved once."""
        resolved = path.resolve(strict=True)
        if not resolved.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(path))
        return cls(resolved)

    def descend(self, name: str) -> PathDirectory:
        found = self.status(name)
        if found is None:
            raise FileNotFoundError(2, "No such file or directory", name)
        if not stat.S_ISDIR(found.st_mode) or _is_reparse_point(found):
            raise ToolFailed(_not_a_folder(name, found))
        return PathDirectory(self._inside() / name)

    def make(self, name: str) -> None:
        (self._inside() / name).mkdir()

    def status(self, name: str) -> os.stat_result | None:
        try:
            return (self._inside() / name).lstat()
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int) -> int:
        before = self.status(name)
        if before is not None and (stat.S_ISLNK(before.st_mode) or _is_reparse_point(before)):
            raise ToolFailed(f"{in_words(name)} is a link, and links are not followed.")
        descriptor = os.open(self._inside() / name, flags, 0o666)
        after = os.fstat(descriptor)
        if before is not None and (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
            os.close(descriptor)
            raise ToolFailed(f"{in_words(name)} was exchanged while it was opened. Try again.")
        return descriptor

    def link(self, name: str, target: Directory, as_name: str) -> None:
        assert isinstance(target, PathDirectory)
        os.link(self._inside() / name, target._inside() / as_name)

    def rename(self, name: str, target: Directory, as_name: str) -> None:
        assert isinstance(target, PathDirectory)
        os.replace(self._inside() / name, target._inside() / as_name)

    def unlink(self, name: str) -> None:
        (self._inside() / name).unlink()

    def names(self) -> Iterator[str]:
        with os.scandir(self._inside()) as entries:
            for entry in entries:
                yield entry.name

    def sync(self) -> None:
        """NTFS journals names itself; there is no call for it."""

    def close(self) -> None:
        """Nothing is held open."""

    def _inside(self) -> Path:
        """The path, after a look that none of its steps became a link meanwhile."""
        if self._path.resolve(strict=True) != self._path:
            raise ToolFailed("A folder on the way became a link, and links are not followed.")
        return self._path


HAS_DESCRIPTORS = {os.open, os.stat, os.mkdir, os.unlink, os.link, os.rename} <= os.supports_dir_fd and bool(NOFOLLOW)


def open_root(path: Path, *, by_descriptor: bool = HAS_DESCRIPTORS) -> Directory:
    """The chosen folder, by the safest means that this system has."""
    return FdDirectory.root(path) if by_descriptor else PathDirectory.root(path)


@contextmanager
def opened(root: Directory, parts: tuple[str, ...], *, create: bool = False) -> Generator[Directory]:
    """The directory at these names below the root, made on the way if asked. Closes what it opened, not the root."""
    current = root
    try:
        for name in parts:
            if create and current.status(name) is None:
                with suppress(FileExistsError):
                    current.make(name)
                    current.sync()
            below = current.descend(name)
            if current is not root:
                current.close()
            current = below
        yield current
    finally:
        if current is not root:
            current.close()


def read_file(directory: Directory, name: str) -> int:
    """A descriptor for reading a regular file. Links, pipes and devices are refused before they are opened."""
    found = directory.status(name)
    if found is None:
        raise FileNotFoundError(2, "No such file or directory", name)
    if not stat.S_ISREG(found.st_mode):
        raise ToolFailed(f"{in_words(name)} is {kind_of(found)}, not a file that can be read.")
    descriptor = directory.open(name, READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ToolFailed(f"{in_words(name)} was exchanged while it was opened. Try again.")
    return descriptor


def kind_of(found: os.stat_result) -> str:
    """What something is, in words."""
    if stat.S_ISLNK(found.st_mode) or _is_reparse_point(found):
        return "a link"
    if stat.S_ISDIR(found.st_mode):
        return "a folder"
    return "a file" if stat.S_ISREG(found.st_mode) else "a device or pipe"


def _not_a_folder(name: str, found: os.stat_result) -> str:
    what = kind_of(found)
    reason = "links are not followed" if what == "a link" else "not a folder"
    return f"{in_words(name)} is {what}; {reason}."


def _is_reparse_point(found: os.stat_result) -> bool:
    """Windows' junctions are directories to `lstat`, yet lead elsewhere."""
    return bool(getattr(found, "st_file_attributes", 0) & 0x400)
