"""Reads files in bounded processes, and puts whatever goes wrong there into a sentence a person can act on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from legate_core.knowledge.embed.base import Kind
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.model import Anchor, Chunk, Reading
from legate_core.processes.child import Broke, Program
from legate_core.processes.pool import Pool

log = logging.getLogger(__name__)

KINDS: Mapping[str, str] = {
    ".txt": "text", ".text": "text", ".log": "text", ".rst": "text",
    ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "csv", ".tsv": "csv",
    ".eml": "mail",
    ".mbox": "mailbox",
}  # fmt: skip
"""The formats that are read, by the ending of a file's name."""

MEMORY_BYTES = 2_000_000_000
FILES_EACH = 500
"""A process is replaced after so many: its start takes as long as reading a hundred small files."""
DRAWING_SECONDS = 20.0
PASSAGE_TOKENS = 220
OVERLAP_TOKENS = 32


def kind_of(name: str) -> str:
    """The kind of a file by its name; empty for one that is not read."""
    dot = name.rfind(".")
    return KINDS.get(name[dot:].lower(), "") if dot >= 0 else ""


class Readers:
    """Processes that read files, a few for each tokenizer that passages are measured with."""

    def __init__(self, size: int, *, seconds: float = 60.0, memory_bytes: int = MEMORY_BYTES) -> None:
        self._size = size
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._pools: dict[str, Pool] = {}

    async def read(self, path: str, kind: str, size_bytes: int, embedder: Kind) -> Reading:
        """A file's passages. Raises `Unreadable` with the reason."""
        # Room for the words that say where a passage stands, which are embedded with it.
        most = min(PASSAGE_TOKENS, embedder.most_tokens * 7 // 8)
        message = {
            "path": path,
            "kind": kind,
            "tokenizer": embedder.tokenizer.path,
            "most_tokens": most,
            "overlap_tokens": min(OVERLAP_TOKENS, most // 4),
        }
        pool = self._pool(embedder.tokenizer.path)
        seconds = self._seconds + size_bytes / 1_000_000
        try:
            answer = await pool.ask(message, seconds)
        except Broke as error:
            if kind != "pdf":
                raise Unreadable(_in_words(error, seconds)) from error
            answer = await self._one_library_alone(pool, message, error, seconds)
        if "failed" in answer:
            raise Unreadable(answer["failed"])
        return reading_of(answer)

    async def draw(self, path: str, page: int, width: int, passage: str) -> Mapping[str, Any]:
        """A page of a PDF as a picture, with the boxes of a passage on it. Raises `Unreadable` with the reason."""
        message = {"path": path, "page": page, "width": width, "passage": passage}
        # Any process that reads will do; it goes before what waits to be read, because a person looks on.
        pool = next(iter(self._pools.values()), None) or self._pool("")
        try:
            answer = await pool.ask(message, DRAWING_SECONDS, urgent=True)
        except Broke as error:
            raise Unreadable(f"Page {page} could not be drawn ({error.kind}). Read its text instead.") from error
        if "failed" in answer:
            raise Unreadable(answer["failed"])
        return answer

    async def close(self) -> None:
        """End every process."""
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    async def _one_library_alone(
        self, pool: Pool, message: dict[str, Any], first: Broke, seconds: float
    ) -> dict[str, Any]:
        """What either library makes of a PDF on which one of them broke or hung; which one it was, nobody can tell."""
        for library, share in (("pdfium", 3), ("pypdf", 1)):
            try:
                return await pool.ask({**message, "only": library}, seconds / share)
            except Broke as error:
                log.info("%s alone could not read a PDF either: %s", library, error.kind)
        raise Unreadable(_in_words(first, seconds))

    def _pool(self, tokenizer: str) -> Pool:
        if tokenizer not in self._pools:
            config = {"tokenizers": [tokenizer], "memory_bytes": self._memory_bytes}
            program = Program("legate_core.knowledge.extract.read:serve", config)
            self._pools[tokenizer] = Pool(lambda: program, self._size, asks_each=FILES_EACH)
        return self._pools[tokenizer]


def _in_words(error: Broke, seconds: float) -> str:
    again = "Open it in the program it comes from, save it again, and add that; or leave it out."
    if error.kind == "overdue":
        return f"Reading it took longer than {seconds:.0f} seconds, so it was stopped. {again}"
    if error.kind == "memory":
        return f"Reading it needs more memory than a file may have. Split it into smaller files. {again}"
    if error.kind == "depth":
        return f"It is nested deeper than any sensible file. {again}"
    if error.kind == "died":
        return f"The reader ended while reading it, so it is probably damaged. {again}"
    return f"It is damaged in a way that the reader does not know ({error.kind}). {again}"


def reading_of(answer: Mapping[str, Any]) -> Reading:
    """A reader's answer as passages."""
    chunks = tuple(
        Chunk(text, start, end, Anchor(page, tuple(heading), paragraph, row), tokens)
        for text, start, end, page, heading, paragraph, row, tokens in answer["chunks"]
    )
    return Reading(chunks, answer["title"], answer["pages"], tuple(answer["notes"]), answer["about"])
