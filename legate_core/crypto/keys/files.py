"""Files that hold keys or what is known about them: after a crash they are the old ones or the new ones, whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from legate_core.errors import Unavailable
from legate_core.private import make_folder


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in the place of an earlier one, readable by its owner only; when this returns, it survives a crash."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        make_folder(path.parent)
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(fresh, path)
    except OSError as error:
        raise Unavailable(
            f"The keys at {path} cannot be written ({error.strerror}). "
            "Nothing was changed; check the folder and the disk, then try again."
        ) from error
    try:
        _sync_folder(path.parent)
    except OSError as error:
        raise Unavailable(
            f"The keys at {path} were written, but the disk does not say that they are safe ({error.strerror}). "
            "Check the disk before you close Legate."
        ) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder; there the replacement itself is durable.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
