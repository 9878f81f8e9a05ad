"""Drop a folder on the window, ask, open the passage on its page: real files, the real model, no network.

On a core in this process, on one that another process's part of this machine owns, and on one behind the server.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_core.app import open_local
from legate_core.link.owner import serve_link
from legate_core.settings import THROW_AWAY, from_environment
from legate_desktop.live import Bridge
from legate_desktop.opening import opener
from legate_desktop.pages.knowledge import PAGE
from legate_desktop.pages.knowledge.dialogs import AddDialog
from legate_desktop.pages.knowledge.page import KnowledgePage
from legate_desktop.practice import Practice
from legate_desktop.shell.context import PageContext
from tests.fakes import papers
from tests.flows.test_window import TOKEN, Served

WAIT_MS = 120_000
QUESTION = "Do I get my money back for a broken lamp?"
PAGES = [
    "Lamps by Halden.\nThe Fjord lamp stands on an oak foot.",
    "Returns.\nA cracked lamp is paid back in full within five working days.",
]
PLACES = ("local", "link", pytest.param("remote", marks=pytest.mark.postgresql))
pytestmark = pytest.mark.slow


def folder_of_papers(place: Path) -> Path:
    """A PDF, a DOCX, an HTML page, a mail and a Markdown file, with one PDF that nobody can read."""
    folder = place / "papers"
    folder.mkdir()
    (folder / "lamps.pdf").write_bytes(papers.pdf(PAGES))
    (folder / "locked.pdf").write_bytes(papers.pdf(["Secret."], password="p"))
    (folder / "letter.docx").write_bytes(papers.docx([("Heading 1", "Warranty"), ("", "Two years on every bulb.")]))
    (folder / "care.html").write_text("<h1>Care</h1><p>Wipe brass with a dry cloth.</p>")
    (folder / "order.eml").write_bytes(papers.mail("Order 17", "Two floor lamps for the harbour office, please."))
    (folder / "hours.md").write_text("# Hours\n\nThe shop is open on weekdays from nine to five.\n")
    return folder


class Owner:
    """A core that owns a data folder and lets other processes of this person in, in a thread of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="owner")

    def start(self) -> None:
        self._thread.start()
        assert self._is_up.wait(30), "the owner did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        core = await open_local(from_environment(home=self._home))
        link = await serve_link(core.settings, core.client)
        self._is_up.set()
        await self._stopping.wait()
        await link.close()
        await core.close()


@contextmanager
def bridge_to(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Bridge]:
    """A bridge to a core of this kind, with nothing in it."""
    if kind == "remote":
        served = Served(folder, request.getfixturevalue("postgres_url"))
        served.start()
        try:
            yield Bridge(opener(server=served.url))
        finally:
            served.stop()
        return
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / THROW_AWAY).write_text("for tests\n", encoding="utf-8")
    owner = Owner(home) if kind == "link" else None
    if owner is not None:
        owner.start()
    try:
        yield Bridge(opener(home=home))
    finally:
        if owner is not None:
            owner.stop()


@pytest.mark.parametrize("kind", PLACES)
def test_a_folder_is_dropped_asked_and_opened_at_its_page(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", TOKEN)
    monkeypatch.setenv("LEGATE_KEYS", "memory")
    folder = folder_of_papers(tmp_path)
    with bridge_to(kind, request, tmp_path) as bridge:
        context = PageContext(bridge, Practice(bridge))
        context.home = None if kind == "remote" else tmp_path / "home"
        context.wanted.connect(lambda _page_id, place: page.show_place(place))
        PAGE.start(context)
        page = PAGE.build(context)
        assert isinstance(page, KnowledgePage)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        page.show()
        bridge.ready.connect(context.engine_opened)
        with qtbot.waitSignal(bridge.ready, timeout=WAIT_MS):
            bridge.start()
        try:
            drop_a_folder(qtbot, page, folder, follows=kind != "remote")
            read_it(qtbot, page)
            ask_and_open(qtbot, page)
        finally:
            assert bridge.stop()


def drop_a_folder(qtbot: QtBot, page: KnowledgePage, folder: Path, *, follows: bool) -> None:
    """Into a base of its own, which follows it where the core is on this machine."""
    qtbot.waitUntil(lambda: not page.state.is_loading, timeout=WAIT_MS)
    assert page.takes_files([folder]) == "Add to a knowledge base: 1 folder"
    page.take_files([folder])
    (dialog,) = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, AddDialog)]
    assert dialog.new_name == "papers"
    assert dialog.follow.isVisible() == follows
    dialog.follow.setChecked(follows)
    dialog.try_to_send()


def read_it(qtbot: QtBot, page: KnowledgePage) -> None:
    """Five documents are ready, and the sixth says why not."""

    def states() -> list[str]:
        return sorted(row.state for row in page.state.documents)

    qtbot.waitUntil(lambda: states() == ["failed", *["ready"] * 5], timeout=WAIT_MS)
    (failed,) = [row for row in page.state.documents if row.state == "failed"]
    assert (failed.name, "password" in failed.reason) == ("locked.pdf", True)
    base = page.state.selected
    assert base is not None
    assert base.name == "papers"
    assert [job.id for job in page.state.jobs()] == ["failed"]


def ask_and_open(qtbot: QtBot, page: KnowledgePage) -> None:
    """The best hit is the second page of the PDF, and that is what is shown, with the passage marked on it."""
    page.turn_to("ask")
    qtbot.keyClicks(page.pane.ask.question, QUESTION)
    qtbot.keyClick(page.pane.ask.question, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(page.asking.hits), timeout=WAIT_MS)
    best = page.asking.hits[0]
    assert (best.document, best.page) == ("lamps.pdf", 2)
    assert "lamp" in [best.text[start:end] for start, end in best.marks]
    assert page.asking.notices == ()
    qtbot.keyClick(page.pane.ask.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.opened.picture is not None, timeout=WAIT_MS)
    assert page.document.shows_page
    assert page.document.picture_words.toPlainText() == "Page 2 of 2"
    assert len(page.document.picture.paper.marks) >= 2
    assert page.document.text.marked_text()[0].replace("\u2029", " ").endswith("within five working days.")
