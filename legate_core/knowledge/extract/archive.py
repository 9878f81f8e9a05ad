"""Counts what an Office archive unpacks to before anything believes it: traps, passwords and damage end here, with a reason."""

from __future__ import annotations

import zipfile
from pathlib import Path

from legate_core.knowledge.extract.base import Unreadable

MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_RATIO = 250
RATIO_FROM_BYTES = 20_000_000
DAMAGED = "The file is no whole Word document. Open it in a word processor and save it again."
_PIECE = 1 << 20
_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check(path: Path) -> None:
    """Refuse what is no archive and what unpacks to more than any document: real bytes counted, nothing believed."""
    with open(path, "rb") as file:
        if file.read(8) == _ENCRYPTED:
            raise Unreadable(
                "The document is protected by a password or in the format of Word 97. Open it in a word processor and "
                "save it as an unprotected .docx."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise Unreadable(
                    f"The file is an archive of {len(members):,} parts, which no document has. It was not read."
                )
            if any(member.flag_bits & 1 for member in members):
                raise Unreadable("The file is protected by a password. Save it without one, then add it again.")
            unpacked = sum(_size(archive, member) for member in members if member.filename.endswith((".xml", ".rels")))
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError, LookupError) as error:
        raise Unreadable(DAMAGED) from error
    except Exception as error:
        # The decompressors have errors of their own, which share no base.
        if type(error).__module__ in ("zlib", "lzma", "_lzma"):
            raise Unreadable("The Word document is damaged inside. Add a whole copy of it.") from error
        raise
    packed = max(1, path.stat().st_size)
    if unpacked > RATIO_FROM_BYTES and unpacked / packed > MAX_RATIO:
        raise Unreadable(f"The file unpacks to {unpacked // packed} times its size, as traps do. It was not read.")


def _size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    size = 0
    with archive.open(member) as part:
        while piece := part.read(_PIECE):
            size += len(piece)
            if size > MAX_UNPACKED_BYTES:
                raise Unreadable("The file unpacks to more than any document holds, as traps do. It was not read.")
    return size
