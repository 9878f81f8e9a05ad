"""What a reader gives: blocks with their anchors, or a reason in words why there are none; and the limits on both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from legate_core.knowledge.chunk import Block
from legate_core.knowledge.model import Anchor

MAX_TEXT_CHARS = 12_000_000
MAX_BLOCKS = 400_000
MAX_HEADING_CHARS = 200
MAX_HEADING_DEPTH = 6


class Unreadable(Exception):
    """This file cannot be read; the message says why and what to do, for a person."""


@dataclass(frozen=True)
class Extracted:
    """A file's text in blocks. `notes` say what a person should know, `about` what the file says of itself."""

    blocks: tuple[Block, ...]
    title: str = ""
    pages: int = 0
    notes: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict[str, str])


class Outline:
    """The headings above the place where a reader is."""

    def __init__(self) -> None:
        self._levels: list[int] = []
        self._words: list[str] = []

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self._words[:MAX_HEADING_DEPTH])

    def enter(self, level: int, words: str) -> tuple[str, ...]:
        """A heading of this level; the path to it, itself included."""
        while self._levels and self._levels[-1] >= level:
            self._levels.pop()
            self._words.pop()
        self._levels.append(level)
        self._words.append(" ".join(words.split())[:MAX_HEADING_CHARS])
        return self.path


class Writer:
    """Collects blocks and counts: paragraphs as they come, and how much it is already."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.outline = Outline()
        self._chars = 0
        self._paragraph = 0

    def heading(self, level: int, words: str, *, page: int = 0) -> None:
        """A heading, and the section it opens."""
        words = " ".join(words.split())
        if words:
            self._add(Block(words, Anchor(page, self.outline.enter(level, words)), is_heading=True))

    def paragraph(self, text: str, *, page: int = 0) -> None:
        """A paragraph; blank ones are none."""
        if text.strip():
            self._paragraph += 1
            self._add(Block(text.strip(), Anchor(page, self.outline.path, self._paragraph)))

    def row(self, text: str, number: int, *, page: int = 0) -> None:
        """One row of a table."""
        if text.strip():
            self._add(Block(text.strip(), Anchor(page, self.outline.path, 0, number)))

    def _add(self, block: Block) -> None:
        self._chars += len(block.text)
        if self._chars > MAX_TEXT_CHARS or len(self.blocks) >= MAX_BLOCKS:
            raise Unreadable(
                f"The file holds more text than is read from one ({MAX_TEXT_CHARS // 1_000_000} million characters). "
                "Split it into smaller files."
            )
        self.blocks.append(block)


def row_of(names: Iterable[str], cells: Iterable[str]) -> str:
    """A table's row as text that stands for itself: each cell with its column's name, where it has one."""
    named = _filled(names)
    parts: list[str] = []
    for cell in cells:
        name = next(named)
        words = " ".join(cell.split())
        if words:
            parts.append(f"{name}: {words}" if name and name != words else words)
    return "; ".join(parts)


def _filled(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield " ".join(name.split())[:MAX_HEADING_CHARS]
    while True:
        yield ""
