"""The window's page of approvals on real cores: in this process on SQLite, and behind the server on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import legate_core as core
from legate_desktop.live import Bridge
from legate_desktop.loop import Opener
from legate_desktop.opening import opener
from legate_desktop.pages.approvals import PAGE
from legate_desktop.pages.approvals.page import ApprovalsPage
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.practice import Practice
from legate_desktop.shell.context import PageContext

TOKEN = "a-token-that-is-long-enough-for-a-test"
SAMPLE = Path(core.__file__).parents[1] / "resources" / "sample" / "practice"
WAIT_MS = 30_000


class Served:
    """A core on PostgreSQL with the practice deputy in it, behind `legate serve`, in a thread of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.url = ""
        self._is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="served")

    def start(self) -> None:
        self._thread.start()
        assert self._is_up.wait(30), "the server did not start"

    def stop(self) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        from legate_core.app import open_local
        from legate_core.practice.workspace import deputy
        from legate_core.settings import from_environment, throw_away
        from legate_server.app import create_app
        from tests.server.small_core import running

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        shutil.copytree(SAMPLE, self.folder / "files")
        settings = throw_away(from_environment({}, self.folder / "home"))
        opened = await open_local(replace(settings, database_url=self.database_url))
        try:
            agent_id = await opened.client.send(core.CreateAgent(deputy(self.folder / "files")))
            await opened.client.send(core.PublishAgent(agent_id))
            async with running(create_app(opened.client, TOKEN)) as served:
                self.url = served.url
                self._is_up.set()
                await self._stop.wait()
        finally:
            await opened.close()


@contextmanager
def place(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Opener]:
    if kind == "local":
        yield opener(practice=True, home=folder)
        return
    served = Served(folder, request.getfixturevalue("postgres_url"))
    served.start()
    try:
        yield opener(server=served.url)
    finally:
        served.stop()


PLACES = ("local", pytest.param("remote", marks=pytest.mark.postgresql))


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
def test_a_person_answers_by_key_takes_it_back_and_answers_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LEGATE_TOKEN", TOKEN)
    with place(kind, request, tmp_path) as open_core:
        bridge = Bridge(open_core)
        context = PageContext(bridge, Practice(bridge))
        PAGE.start(context)
        page = PAGE.build(context)
        assert isinstance(page, ApprovalsPage)
        qtbot.addWidget(page)
        page.resize(1200, 800)
        page.show()
        state = context.state(ApprovalsState)
        bridge.ready.connect(context.engine_opened)
        with qtbot.waitSignal(bridge.ready, timeout=WAIT_MS):
            bridge.start()
        try:
            name, task = core.practice_task()
            bridge.send(core.StartRun(name, task), lambda run_id: None, lambda message, is_away: None)
            qtbot.waitUntil(lambda: state.waiting_count == 1 and state.card is not None, timeout=WAIT_MS)
            first = state.selected_id
            assert "mara.lindqvist@postbox.example" in state.card.sentence
            assert page.list.model().rowCount() == 1

            qtbot.waitUntil(lambda: not state.is_inert(), timeout=WAIT_MS)
            qtbot.keyClick(page.list, Qt.Key.Key_A)
            qtbot.waitUntil(lambda: state.waiting_count == 0 and state.undoable_id == first, timeout=WAIT_MS)
            state.undo()
            qtbot.waitUntil(lambda: state.waiting_count == 1 and state.card is not None, timeout=WAIT_MS)
            assert state.selected_id == first

            qtbot.waitUntil(lambda: not state.is_inert() and not state.why_not(), timeout=WAIT_MS)
            qtbot.keyClick(page.list, Qt.Key.Key_A)
            # The answer is held for as long as it can be taken back; then the deputy goes on to the next customer.
            qtbot.waitUntil(lambda: state.card is not None and "t.brandt@" in state.card.sentence, timeout=WAIT_MS)
        finally:
            assert bridge.stop()
