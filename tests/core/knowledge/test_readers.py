"""Files read in real processes: hostile ones end with a reason, and the one after them is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from legate_core.knowledge.embed.base import Kind, Tokenizer
from legate_core.knowledge.embed.local import TOKENIZER
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.readers import Readers, kind_of
from legate_core.processes.child import Broke
from tests.fakes import papers

pytestmark = pytest.mark.slow
KIND = Kind("test-1", 8, Tokenizer(str(TOKENIZER)), 256, frozenset({"en"}))


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    made = Readers(1, seconds=60)
    yield made
    await made.close()


async def read(readers: Readers, folder: Path, name: str, data: bytes) -> str:
    """What a reader makes of a file: its words, or the reason after an exclamation mark."""
    path = folder / name
    path.write_bytes(data)
    try:
        found = await readers.read(str(path), kind_of(name), len(data), KIND)
    except Unreadable as refused:
        return f"!{refused}"
    return " ".join(chunk.text for chunk in found.chunks)


async def test_hostile_files_end_with_a_reason_and_the_next_file_is_read(readers: Readers, tmp_path: Path) -> None:
    hostile = {
        "bomb.docx": papers.bomb(),
        "laughs.docx": papers.laughs(),
        "endless.pdf": papers.endless_pdf(),
        "locked.pdf": papers.pdf(["x"], password="p"),
        "deep.html": b"<div>" * 200_000 + b"bottom",
        "binary.txt": bytes(range(256)) * 40,
    }
    for number, (name, data) in enumerate(hostile.items()):
        outcome = await read(readers, tmp_path, name, data)
        assert outcome.endswith(".") or "bottom" in outcome or len(outcome) < 100, name
        assert await read(readers, tmp_path, f"good{number}.md", b"# Good\n\nWords of a good file.") == (
            "Good\n\nWords of a good file."
        )


async def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    readers = Readers(1, seconds=0.0)
    try:
        outcome = await read(readers, tmp_path, "slow.md", b"# Words\n" * 200_000)
        assert outcome.startswith("!Reading it took longer than")
    finally:
        await readers.close()


async def test_a_file_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    readers = Readers(1, memory_bytes=700_000_000)
    try:
        outcome = await read(readers, tmp_path, "large.html", b"<p>" + b"word " * 9_500_000)
        assert outcome.startswith("!")
        assert outcome.endswith(".")
        assert await read(readers, tmp_path, "small.txt", b"Words.") == "Words."
    finally:
        await readers.close()


async def test_passages_are_measured_by_the_embedders_own_tokenizer(readers: Readers, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("Antidisestablishmentarianism is discussed at length here. " * 200)
    found = await readers.read(str(path), "text", 1, KIND)
    assert len(found.chunks) > 5
    assert max(chunk.tokens for chunk in found.chunks) <= 224
    assert min(chunk.tokens for chunk in found.chunks[:-1]) > 150


async def test_a_pdf_on_which_one_library_breaks_is_read_by_the_other(tmp_path: Path) -> None:
    """Asked for both the reader hangs, alone the first hangs too, and the second reads."""
    readers = Readers(1)
    asked: list[str] = []

    class Pool:
        async def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
            asked.append(message.get("only", "both"))
            if asked[-1] != "pypdf":
                raise Broke("overdue" if asked[-1] == "both" else "died", "It was not done.")
            return {"failed": "The PDF holds no text. Print it again."}

        async def close(self) -> None:
            """Nothing to close."""

    readers._pools[KIND.tokenizer.path] = cast("Any", Pool())
    with pytest.raises(Unreadable, match="holds no text"):
        await readers.read(str(tmp_path / "a.pdf"), "pdf", 1, KIND)
    assert asked == ["both", "pdfium", "pypdf"]
