"""Folders and files that are nobody else's: made so, and closed again where they were left open.

On Windows a person's application data is theirs already, so there modes mean nothing and nothing is changed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Make a folder with every level above it that is missing, each for its owner only.

    `Path.mkdir` gives its mode to the last level alone; those above would be open to everybody.
    """
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for level in reversed(missing):
        # Another process may have made it meanwhile.
        with contextlib.suppress(FileExistsError):
            os.mkdir(level, FOLDER_MODE)


def make_file(path: Path) -> None:
    """Make an empty file for its owner only; one that is there stays as it is."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE))


def close_to_others(place: Path) -> bool:
    """Take from a folder or file what others may do with it. Whether there was something to take, and it was taken.

    Somebody else's place is left alone, and so is one that is meant for everybody, as `/tmp` is.
    """
    if os.name != "posix":
        return False
    try:
        found = place.stat()
        is_mine = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
        if not is_mine or not found.st_mode & OTHERS:
            return False
        place.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return False
    except OSError as error:
        # Some file systems know no modes. The doctor says of a folder that it is open.
        log.info("%s cannot be closed to others: %s", place, error)
        return False
    log.warning("%s was open to others on this machine, and is not any more", place)
    return True
