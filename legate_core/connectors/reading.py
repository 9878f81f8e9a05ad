"""Text out of files in small windows: what a model may be shown of a file of any size and encoding."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from legate_core.connectors.relative import is_temporary, is_trash
from legate_core.connectors.rooted import Directory, opened, read_file
from legate_core.tools.spec import ToolFailed

HEAD_BYTES = 8_192
MAX_NAMES = 10_000
MAX_SEARCHED_FILES = 5_000
MAX_SEARCHED_BYTES = 64_000_000
MAX_FILE_SEARCH_BYTES = 4_000_000
MAX_LINE_CHARS = 240


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a file: its text, the bytes it covers, and how large the file is."""

    text: str
    start: int
    end: int
    size_bytes: int

    @property
    def is_last(self) -> bool:
        return self.end >= self.size_bytes


@dataclass(frozen=True, slots=True)
class Match:
    """A line that holds the text."""

    path: str
    line: int
    text: str


def window(directory: Directory, name: str, offset: int, limit: int) -> Window:
    """At most `limit` bytes of text from `offset`, never half a character. Binary files are refused in words."""
    with os.fdopen(read_file(directory, name), "rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        encoding = encoding_of(file.read(HEAD_BYTES))
        if encoding is None:
            raise ToolFailed(f"This is not a text file ({size_bytes:,} bytes), so it cannot be read as text.")
        file.seek(offset)
        data = file.read(limit)
    start = offset
    if encoding == "utf-8" and offset:
        while data and start - offset < 3 and data[0] & 0xC0 == 0x80:
            data, start = data[1:], start + 1
    elif encoding.startswith("utf-16") and offset % 2:
        data, start = data[1:], start + 1
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(data, final=start + len(data) >= size_bytes)
    held_back, _ = decoder.getstate()
    return Window(text.removeprefix("\ufeff"), start, start + len(data) - len(held_back), size_bytes)


def encoding_of(head: bytes) -> str | None:
    """How a file's text is written, judged by its first bytes; None for what is not text."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
        # Old Western text has letters above 127 and no control characters; anything else is some binary format.
        return "cp1252" if strange == 0 else None
    return "utf-8"


def names_of(directory: Directory, *, limit: int = MAX_NAMES) -> tuple[list[str], bool]:
    """The visible names in order, at most `limit`, and whether there are more. Legate's own are not shown."""
    names: list[str] = []
    for name in directory.names():
        if is_trash(name) or is_temporary(name):
            continue
        if len(names) >= limit:
            return sorted(names), True
        names.append(name)
    return sorted(names), False


@dataclass(slots=True)
class Search:
    """One bounded search for a text, upper and lower case alike."""

    wanted: str
    max_matches: int
    files: int = 0
    size_bytes: int = 0
    is_cut: bool = False

    def run(self, directory: Directory, prefix: str) -> list[Match]:
        """The first matches below this directory, in order of names."""
        matches: list[Match] = []
        for match in self._below(directory, prefix, 40):
            if len(matches) >= self.max_matches:
                self.is_cut = True
                break
            matches.append(match)
        return matches

    def _below(self, directory: Directory, prefix: str, depth: int) -> Iterator[Match]:
        names, more = names_of(directory)
        self.is_cut = self.is_cut or more
        for name in names:
            found = directory.status(name)
            if found is None:
                continue
            if stat.S_ISREG(found.st_mode):
                yield from self._in_file(directory, name, prefix + name, found.st_size)
            elif stat.S_ISDIR(found.st_mode) and depth:
                try:
                    with opened(directory, (name,)) as below:
                        yield from self._below(below, f"{prefix}{name}/", depth - 1)
                except (OSError, ToolFailed):
                    # A folder that may not be entered or vanished meanwhile does not end the search.
                    self.is_cut = True
            if self.files >= MAX_SEARCHED_FILES or self.size_bytes >= MAX_SEARCHED_BYTES:
                self.is_cut = True
                return

    def _in_file(self, directory: Directory, name: str, path: str, size_bytes: int) -> Iterator[Match]:
        wanted = self.wanted.casefold()
        if wanted in path.casefold():
            yield Match(path, 0, "(the name matches)")
        if size_bytes > MAX_FILE_SEARCH_BYTES:
            self.is_cut = True
            return
        try:
            with os.fdopen(read_file(directory, name), "rb") as file:
                data = file.read(MAX_FILE_SEARCH_BYTES)
        except (OSError, ToolFailed):
            self.is_cut = True
            return
        self.files += 1
        self.size_bytes += len(data)
        encoding = encoding_of(data[:HEAD_BYTES])
        if encoding is None:
            return
        for number, line in enumerate(data.decode(encoding, "replace").splitlines(), 1):
            if wanted in line.casefold():
                yield Match(path, number, line.strip()[:MAX_LINE_CHARS])
