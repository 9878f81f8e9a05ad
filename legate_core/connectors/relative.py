"""Paths as a model may write them: relative, plain, inside; everything else is refused in words."""

from __future__ import annotations

import os
import re
import unicodedata

from legate_core.tools.spec import ToolFailed

TRASH = ".legate-trash"
MAX_PATH_BYTES = 2_000
MAX_NAME_BYTES = 255
MAX_DEPTH = 40
TEMPORARY = re.compile(r"\.legate-[0-9a-f]{16}\.tmp")
SHORT_NAME = re.compile(r"[^.~]{1,6}~[0-9]{1,6}(?:\.[^.]{0,3})?")
WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"}
)


def parts_of(path: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """The names of a relative path; empty for the folder itself. `ToolFailed` for a path that leaves or confuses.

    A backslash is refused on every system: on Windows it parts names, and a path must mean the same everywhere.
    """
    shown = in_words(path)
    if "\\" in path:
        raise ToolFailed(f"The path {shown} contains a backslash. Write it with forward slashes.")
    if path.startswith("/"):
        raise ToolFailed(f"The path {shown} is absolute. Give a path inside the folder, like reports/may.txt.")
    try:
        size_bytes = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        raise ToolFailed(f"The path {shown} contains a broken character. Write it in plain Unicode.") from None
    if size_bytes > MAX_PATH_BYTES:
        raise ToolFailed(f"The path is {size_bytes:,} bytes long, at most {MAX_PATH_BYTES:,} are taken.")
    names = tuple(name for name in path.split("/") if name not in {"", "."})
    if len(names) > MAX_DEPTH:
        raise ToolFailed(f"The path {shown} is deeper than {MAX_DEPTH} folders.")
    for name in names:
        _check_name(name, shown, windows)
    if names and is_trash(names[0]):
        raise ToolFailed(f"{TRASH} is Legate's own and is left alone. Use files.restore to bring something back.")
    return names


def is_trash(name: str) -> bool:
    """Is this Legate's own folder, in any spelling that a file system may take for the same?

    Some ignore case, some compose letters, and HFS+ passes over invisible characters.
    """
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold() == TRASH


def is_temporary(name: str) -> bool:
    """Is this a file that Legate is about to write, and no name that somebody made up to be passed over?"""
    return TEMPORARY.fullmatch(name) is not None


def in_words(path: str) -> str:
    """A path for a message: quoted, escaped where it is not printable, never long."""
    text = repr(path)
    return text if len(text) <= 120 else text[:118] + "…'"


def _check_name(name: str, shown: str, windows: bool) -> None:
    if name == "..":
        raise ToolFailed(f"The path {shown} leaves the folder. Give a path inside it, without '..'.")
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in name):
        raise ToolFailed(f"The path {shown} contains a control character. Leave it out.")
    if len(name.encode("utf-8")) > MAX_NAME_BYTES:
        raise ToolFailed(f"A name in the path {shown} is longer than {MAX_NAME_BYTES} bytes.")
    if not windows:
        return
    # Windows opens devices by name, hidden streams by colon, and drops dots and spaces at the end.
    if set(name) & set('<>:"|?*') or name != name.rstrip(". "):
        raise ToolFailed(f"The path {shown} contains a name that Windows does not allow.")
    if SHORT_NAME.fullmatch(name):
        # NTFS gives every long name a short one, so that LEGATE~1 would be Legate's own folder.
        raise ToolFailed(f"The path {shown} contains a short name of Windows. Write the name whole.")
    if name.split(".")[0].strip().casefold() in WINDOWS_DEVICES:
        raise ToolFailed(f"The path {shown} names a Windows device. Choose another name.")
