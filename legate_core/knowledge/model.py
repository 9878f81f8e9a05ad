"""What a knowledge base, a document, a chunk and a hit are, and the states a document goes through."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class DocumentState(enum.StrEnum):
    """Where a document stands. Only a *ready* one is found; a *removed* one leaves nothing but its row."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


UNREAD = frozenset({DocumentState.PENDING, DocumentState.PROCESSING})
"""The states in which somebody may wait for a document."""

MAX_FILE_BYTES = 200_000_000
MAX_FILES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where in its document something stands; what does not apply is 0 or empty. Pages, paragraphs, rows count from 1."""

    page: int = 0
    heading: tuple[str, ...] = ()
    paragraph: int = 0
    row: int = 0

    @property
    def words(self) -> str:
        """The place as a person would say it: its page, the headings above it, or its row."""
        parts = [f"page {self.page}"] if self.page else []
        if self.heading:
            parts.append(" › ".join(self.heading))  # noqa: RUF001  the sign is meant
        if self.row:
            parts.append(f"row {self.row}")
        elif self.paragraph and not parts:
            parts.append(f"paragraph {self.paragraph}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document. `text` is exactly the document's text from `start` to `end`; neighbours may overlap."""

    text: str
    start: int
    end: int
    anchor: Anchor
    tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of a file: its passages, and what a person should know about how it was read."""

    chunks: tuple[Chunk, ...]
    title: str = ""
    pages: int = 0
    notes: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class BaseRow:
    """One line of the list of knowledge bases."""

    id: str
    name: str
    documents: int
    ready: int
    failed: int
    chunks: int
    size_bytes: int
    embedder: str
    is_rebuilding: bool
    folders: tuple[str, ...]
    created_at: int
    indexed_at: int
    next_embedder: str = ""
    """The model of the index that is being built beside the one that answers; empty where none is."""
    hindrance: str = ""
    """Why that index cannot be built now, in words. It is tried again, and the one that answers is read into meanwhile."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One line of the list of documents. `reason` says in words why it failed, or what was noticed while reading it."""

    id: str
    base_id: str
    name: str
    kind: str
    origin: str
    state: str
    reason: str
    size_bytes: int
    pages: int
    chunks: int
    revision: int
    added_at: int
    changed_at: int
    used_at: int = 0
    """When an agent was last shown something of it; 0 where none was."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it is shown: its text and its place. `citation` is the mark an answer cites it by."""

    citation: str
    base_id: str
    document_id: str
    document: str
    revision: int
    position: int
    text: str
    start: int
    end: int
    page: int
    heading: tuple[str, ...]
    paragraph: int
    row: int

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return Anchor(self.page, self.heading, self.paragraph, self.row).words


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `highlights` are (start, end) of the words asked for, in its text; `by` says who found it:
    keywords, vectors, or both."""

    passage: Passage
    score: float
    highlights: tuple[tuple[int, int], ...]
    by: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `unread` documents of these bases were still being read and are not in it.

    `notice` says what was not as it should be, such as a search by keywords alone.
    """

    hits: tuple[Hit, ...]
    unread: int = 0
    notice: str = ""
