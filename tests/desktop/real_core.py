"""A data folder with an agent that asks, and this process as a client of whichever window holds it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from legate_core.agents.commands import CreateAgent, PublishAgent
from legate_core.app import open_local
from legate_core.approvals.queries import DecidedApprovals, PendingApprovals
from legate_core.link.client import LinkClient
from legate_core.practice.workspace import SAMPLE, deputy, practice_task
from legate_core.runs.commands import StartRun
from legate_core.runs.queries import Runs
from legate_core.settings import THROW_AWAY, Settings
from tests.desktop.real_desktop import wait_until


class RealCore:
    """The folder, laid out before the first window opens it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700, parents=True)
        (home / THROW_AWAY).write_text("for tests\n", encoding="utf-8")
        shutil.copytree(SAMPLE, home / "practice")
        self.here(self._lay_out)

    async def _lay_out(self, client: Any) -> None:
        agent_id = await client.send(CreateAgent(deputy(self.home / "practice")))
        await client.send(PublishAgent(agent_id))

    def here(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Do something with the core in this process; no window may hold it."""

        async def whole() -> Any:
            core = await open_local(Settings(self.home, keys="memory", is_throw_away=True), is_worker=False)
            try:
                return await work(core.client)
            finally:
                await core.close()

        return asyncio.run(whole())

    def do(self, work: Callable[[LinkClient], Coroutine[Any, Any, Any]]) -> Any:
        """Do something through the window that holds the folder."""

        async def whole() -> Any:
            client = LinkClient(self.home)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(whole())

    def is_held(self) -> bool:
        """Whether a window holds the folder and listens."""
        from legate_core.link.places import Nobody

        try:
            self.do(lambda client: client.connect())
        except Nobody:
            return False
        return True

    def begin(self) -> str:
        """Give the agent its task."""
        return self.send(StartRun(*practice_task()))

    def send(self, command: Any) -> Any:
        return self.do(lambda client: client.send(command))

    def ask(self, query: Any) -> Any:
        return self.do(lambda client: client.ask(query))

    def pending(self) -> list[Any]:
        """What waits."""
        return list(self.ask(PendingApprovals()).values())

    def decided(self) -> dict[str, Any]:
        """What was decided."""
        return self.ask(DecidedApprovals())

    def runs(self) -> dict[str, Any]:
        return self.ask(Runs())

    def next_question(self, besides: frozenset[str] = frozenset()) -> Any:
        """The next question that is none of these."""
        return wait_until(
            lambda: next((row for row in self.pending() if row.id not in besides), None), "a question came"
        )
