"""Where documents' originals lie: a port, and a folder of files named by what is in them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from legate_core.errors import Invalid, Unavailable

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """An original that was put away: SHA-256 (hex) of its bytes, and how many they are."""

    content: str
    size_bytes: int


class Source(Protocol):
    """What bytes are read from, piece by piece, until there are none."""

    def read(self, size: int, /) -> bytes: ...


class Originals(Protocol):
    """Keeps the bytes of documents. Equal bytes are kept once; every method may be repeated."""

    def put(self, source: Source, most_bytes: int) -> Stored:
        """Keep what this source holds. Raises `Invalid` for more bytes than that; then nothing is kept."""
        ...

    def path(self, content: str) -> Path:
        """A file with these bytes on this machine, for reading. Raises `Unavailable` where they are gone."""
        ...

    def discard(self, content: str) -> None:
        """Delete the original with these bytes."""
        ...

    def keep_only(self, contents: Collection[str], older_than_seconds: float) -> int:
        """Delete all other originals that are older than that, which nobody can still be about to use; how many."""
        ...

    def close(self) -> None:
        """Let go of every connection. Nothing is asked of it afterwards."""
        ...


class FolderOriginals:
    """Originals as files in one folder, each under its SHA-256; written beside and renamed, so never half there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Source, most_bytes: int) -> Stored:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(prefix="new-", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as target:
                while piece := source.read(_PIECE):
                    size += len(piece)
                    if size > most_bytes:
                        raise Invalid(
                            f"The file has more than {most_bytes // 1_000_000:,} million bytes. Split it, or leave it out."
                        )
                    digest.update(piece)
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            self._take(Path(name), digest.hexdigest())
        except OSError as error:
            raise Unavailable(
                f"The original cannot be kept ({error.strerror}). Free some space, then add the file again."
            ) from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)
        return Stored(digest.hexdigest(), size)

    def path(self, content: str) -> Path:
        path = self._place(content)
        if not path.is_file():
            raise Unavailable("The original of this document is gone. Add the file again.")
        return path

    def discard(self, content: str) -> None:
        self._place(content).unlink(missing_ok=True)

    def keep_only(self, contents: Collection[str], older_than_seconds: float) -> int:
        if not self._folder.is_dir():
            return 0
        kept = set(contents)
        others = [path for path in self._folder.glob("??/*") if path.name not in kept]
        others += list(self._folder.glob("new-*"))
        limit = time.time() - older_than_seconds
        count = 0
        for path in others:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= limit:
                    path.unlink()
                    count += 1
        return count

    def close(self) -> None:
        return

    def _take(self, fresh: Path, content: str) -> None:
        place = self._place(content)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        # Also where it is there already: its age says that somebody is about to use it.
        fresh.replace(place)

    def _place(self, content: str) -> Path:
        return self._folder / content[:2] / content
