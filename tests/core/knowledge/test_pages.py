"""Pages of a PDF as pictures: drawn in the sealed process, with the passage marked where it stands."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from legate_core.errors import Invalid
from legate_core.knowledge.below import files_below
from legate_core.knowledge.commands import ReindexBase
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.extract.page import drawn
from legate_core.knowledge.pages import DocumentPage, PageImages
from legate_core.knowledge.queries import KnowledgeBases, OpenDocument
from legate_core.knowledge.readers import Readers
from tests.core.knowledge.conftest import Library
from tests.fakes import papers

PAGES = ["Lamps.\nThe Fjord lamp stands on oak.", "Returns.\nA cracked lamp is paid back\nwithin five working days."]


@pytest.fixture
async def drawing(library: Library) -> AsyncIterator[Library]:
    readers = Readers(1)
    library.kernel.ports.add(PageImages, PageImages(library.kernel, library.originals, readers))
    yield library
    await readers.close()


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_a_page_is_drawn_with_its_passage_marked_and_what_cannot_be_drawn_is_said(drawing: Library) -> None:
    base_id = await drawing.base()
    paths = (drawing.write("lamps.pdf", papers.pdf(PAGES)), drawing.write("notes.md", "# Notes\n\nNo page here."))
    (pdf, notes) = (await drawing.add(base_id, *paths)).new
    await drawing.read()
    view = await drawing.ask(OpenDocument(pdf))
    passage = next(item for item in view.passages if item.page == 2)
    page = await drawing.ask(DocumentPage(pdf, 2, 600, passage.position))
    assert (page.page, page.pages, page.width) == (2, 2, 600)
    assert size_of(page.png) == (page.width, page.height)
    assert len(page.marks) >= 2
    assert all(0 <= left < right <= 600 and 0 <= top < bottom <= page.height for left, top, right, bottom in page.marks)
    assert (await drawing.ask(DocumentPage(pdf, 1, 600))).marks == ()
    for message, words in (
        (DocumentPage(pdf, 9), "no page 9"),
        (DocumentPage(notes, 1), "Only PDF"),
        (DocumentPage(pdf, 1, 20_000), "pixels wide"),
    ):
        with pytest.raises(Invalid, match=words):
            await drawing.ask(message)


async def test_a_base_says_which_model_its_second_index_is_built_with(library: Library) -> None:
    base_id = await library.base()
    await library.add(base_id, library.write("a.md", "# A\n\nThe lamp is bright."))
    await library.read()
    await library.send(ReindexBase(base_id, {"provider": "ollama", "base_url": "http://127.0.0.1:9", "model": "nomic"}))
    row = (await library.ask(KnowledgeBases()))[base_id]
    assert (row.is_rebuilding, row.embedder, row.next_embedder) == (True, "hashing", "nomic")
    await library.send(ReindexBase(base_id, {"provider": "hashing", "dimensions": 32}))
    await library.read()
    row = (await library.ask(KnowledgeBases()))[base_id]
    assert (row.is_rebuilding, row.embedder, row.next_embedder) == (False, "hashing", "")


@pytest.mark.parametrize(
    ("passage", "marks"),
    [
        ("A cracked lamp is paid back within five working days.", 2),
        ("a CRACKED lamp is paid-back within five working days", 2),
        ("A cracked lamp is paid back within five working days. " + "It goes on over the page. " * 9, 2),
        ("2.5. A heading of the outline\nReturns.\nA cracked lamp is paid back within five working days.", 2),
        ("Of another column altogether.\n\nA cracked lamp is paid back", 1),
        ("Lamp", 1),
        ("Nothing of this stands there.", 0),
        ("", 0),
        ("…", 0),
    ],
)
def test_a_passage_is_found_by_its_letters(tmp_path: Path, passage: str, marks: int) -> None:
    path = tmp_path / "lamps.pdf"
    path.write_bytes(papers.pdf(PAGES))
    assert len(drawn(path, 2, 400, passage)["marks"]) == marks


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"%PDF-1.7 and no more", "damaged"), (papers.pdf(["Secret."], password="p"), "password")],
    ids=["damaged", "protected"],
)
def test_a_file_that_cannot_be_drawn_says_why(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "odd.pdf"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=words):
        drawn(path, 1, 400, "")


def test_a_folder_means_the_files_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("a.md", "b.exe", ".hidden.md", "below/c.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "link.md").symlink_to(tmp_path / "a.md")
    assert files_below(str(tmp_path)) == [str(tmp_path / "a.md"), str(tmp_path / "below" / "c.txt")]
    assert files_below(str(tmp_path / "b.exe")) == [str(tmp_path / "b.exe")]
