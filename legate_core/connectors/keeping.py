"""Changes to files that lose nothing: new names only, earlier versions kept, deleted things in a trash.

What fails before anything changed is `ToolFailed`. What fails later is the system's own error, so that the action is in
doubt and its probe is asked.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from legate_core.connectors.relative import TRASH, in_words, parts_of
from legate_core.connectors.rooted import NEW, Directory, kind_of, opened, read_file
from legate_core.tools.spec import ToolFailed

MAX_FILE_BYTES = 4_000_000
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES, errno.EINVAL}
RECORD = "where-it-was.json"
ITEM = "item"
ENTRY = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the trash: what it is called there, and where it was."""

    name: str
    was_at: str


@contextmanager
def plainly(doing: str) -> Generator[None]:
    """Turn the system's errors into a sentence. Only for steps after which nothing has changed."""
    try:
        yield
    except FileNotFoundError as error:
        raise ToolFailed(f"Could not {doing}: it is not there. Use files.list to see what is.") from error
    except FileExistsError as error:
        raise ToolFailed(f"Could not {doing}: the name is taken. Choose another name.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ToolFailed(f"Could not {doing}: {reason}. Nothing was changed.") from error


@contextmanager
def entered(root: Directory, parts: tuple[str, ...], doing: str, *, create: bool = False) -> Generator[Directory]:
    """`opened`, with words for what fails on the way in; what fails inside the block is the block's own."""
    with ExitStack() as stack:
        with plainly(doing):
            directory = stack.enter_context(opened(root, parts, create=create))
        yield directory


def digest_of(directory: Directory, name: str) -> str | None:
    """SHA-256 (hex) of a regular file, or None when there is none of that name."""
    found = directory.status(name)
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    with os.fdopen(read_file(directory, name), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_new(directory: Directory, name: str, data: bytes) -> bool:
    """Write a file whose name is free, whole or not at all; False when the name is taken, which then keeps its file."""
    with plainly(f"write {in_words(name)}"):
        temporary = _write_temporary(directory, data)
    try:
        directory.link(temporary, directory, name)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise ToolFailed(f"Could not write {in_words(name)}: {error.strerror}. Nothing was changed.") from error
        # FAT and some network file systems know no second name: write under the name itself, still never replacing.
        return _write_in_place(directory, name, data)
    finally:
        with suppress(OSError):
            directory.unlink(temporary)
    directory.sync()
    return True


def write_over(root: Directory, parts: tuple[str, ...], data: bytes, key: str) -> Entry:
    """Replace a file and keep the earlier version in the trash. At every moment the name bears a whole file."""
    *above, name = parts
    with entered(root, tuple(above), f"write {in_words(name)}") as directory:
        with plainly(f"write {in_words(name)}"):
            before = directory.status(name)
            if before is None or not stat.S_ISREG(before.st_mode):
                raise ToolFailed(f"{in_words(name)} is no longer a file that can be replaced. Look again.")
            temporary = _write_temporary(directory, data)
        try:
            with plainly(f"keep the earlier version of {in_words(name)}"):
                entry, item = _new_entry(root, parts, key)
                with item:
                    directory.link(name, item, name)
                    kept = item.status(name)
                    item.sync()
            if kept is None or (kept.st_dev, kept.st_ino) != (before.st_dev, before.st_ino):
                raise ToolFailed(f"{in_words(name)} changed while it was being replaced. Read it again, then decide.")
            directory.rename(temporary, directory, name)
        finally:
            with suppress(OSError):
                directory.unlink(temporary)
        directory.sync()
    return entry


def move(root: Directory, source: tuple[str, ...], target: tuple[str, ...]) -> None:
    """Give a file or folder a new place below the same root; nothing is ever replaced."""
    doing = f"move {in_words(source[-1])}"
    with entered(root, source[:-1], doing) as here, entered(root, target[:-1], doing, create=True) as there:
        _move_item(here, source[-1], there, target[-1])


def trash(root: Directory, parts: tuple[str, ...], key: str) -> Entry:
    """Move a file or folder into the trash of its root, where it stays until a person empties it."""
    with entered(root, parts[:-1], f"put {in_words(parts[-1])} into the trash") as here:
        if (found := here.status(parts[-1])) is None:
            raise ToolFailed(f"There is nothing at {in_words('/'.join(parts))}. Use files.list to see what is.")
        _refuse_links(parts[-1], found)
        with plainly(f"put {in_words(parts[-1])} into the trash"):
            entry, item = _new_entry(root, parts, key)
        with item:
            _move_item(here, parts[-1], item, parts[-1])
    return entry


def restore(root: Directory, entry_name: str) -> str:
    """Bring something back from the trash to where it was, if that place is free; says where that is."""
    if not ENTRY.fullmatch(entry_name):
        raise ToolFailed(
            f"{in_words(entry_name)} is not the name of something in the trash. It was shown when it went in."
        )
    with plainly(f"restore {entry_name}"), opened(root, (TRASH, entry_name)) as entry:
        was_at = _recorded(entry)
        parts = parts_of(was_at)
        with opened(entry, (ITEM,)) as item:
            if item.status(parts[-1]) is None:
                raise ToolFailed(f"{entry_name} was restored already.")
    doing = f"restore {entry_name}"
    with (
        entered(root, (TRASH, entry_name, ITEM), doing) as item,
        entered(root, parts[:-1], doing, create=True) as there,
    ):
        _move_item(item, parts[-1], there, parts[-1])
    return was_at


def entry_for(root: Directory, key: str) -> Entry | None:
    """What the action with this idempotency key put into the trash, if it did."""
    if root.status(TRASH) is None:
        return None
    suffix = _key_suffix(key)
    with opened(root, (TRASH,)) as kept:
        for name in kept.names():
            if not (ENTRY.fullmatch(name) and name.endswith(suffix)):
                continue
            with opened(kept, (name, ITEM)) as item:
                if (inside := next(item.names(), None)) is not None:
                    return Entry(name, inside)
    return None


def _new_entry(root: Directory, parts: tuple[str, ...], key: str) -> tuple[Entry, Directory]:
    """A fresh place in the trash with its record written first, so that nothing lies there without one."""
    entry = Entry(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + _key_suffix(key), "/".join(parts))
    with opened(root, (TRASH,), create=True) as kept:
        kept.make(entry.name)
        with opened(kept, (entry.name,)) as place:
            write_new(place, RECORD, json.dumps({"path": entry.was_at}).encode())
            place.make(ITEM)
            place.sync()
            item = place.descend(ITEM)
        kept.sync()
    return entry, item


def _recorded(entry: Directory) -> str:
    try:
        with os.fdopen(read_file(entry, RECORD), "rb") as file:
            return str(json.loads(file.read(64_000))["path"])
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailed("The trash's own record of where this was is damaged. Move it back by hand.") from error


def _key_suffix(key: str) -> str:
    return "-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _move_item(here: Directory, name: str, there: Directory, as_name: str) -> None:
    """Move without replacing. A file gets its second name first and loses the first one then, so it is never lost."""
    with plainly(f"move {in_words(name)}"):
        found = here.status(name)
        if found is None:
            raise FileNotFoundError
        _refuse_links(name, found)
        if there.status(as_name) is not None:
            raise FileExistsError
        linked = stat.S_ISREG(found.st_mode) and _linked(here, name, there, as_name)
        if not linked:
            # Folders have no second name. At worst this replaces an empty folder made in this very moment.
            here.rename(name, there, as_name)
    if linked:
        here.unlink(name)
    there.sync()
    here.sync()


def _linked(here: Directory, name: str, there: Directory, as_name: str) -> bool:
    try:
        here.link(name, there, as_name)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return False
    return True


def _refuse_links(name: str, found: os.stat_result) -> None:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)) or kind_of(found) == "a link":
        raise ToolFailed(f"{in_words(name)} is {kind_of(found)}, and those are left alone.")


def _write_temporary(directory: Directory, data: bytes) -> str:
    name = f".legate-{secrets.token_hex(8)}.tmp"
    descriptor = directory.open(name, NEW)
    try:
        _write_all(descriptor, data)
    except OSError:
        with suppress(OSError):
            directory.unlink(name)
        raise
    return name


def _write_in_place(directory: Directory, name: str, data: bytes) -> bool:
    try:
        descriptor = directory.open(name, NEW)
    except FileExistsError:
        return False
    try:
        _write_all(descriptor, data)
    except OSError as error:
        with suppress(OSError):
            directory.unlink(name)
        raise ToolFailed(f"Could not write {in_words(name)}: {error.strerror}. Nothing was changed.") from error
    directory.sync()
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    """Write, make durable, close."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
