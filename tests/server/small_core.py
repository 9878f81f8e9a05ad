"""A core for tests of the server and its clients: whole, on a real database, with nothing that is kept."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from legate_core.agents.model import AgentDefinition
from legate_core.app import open_local
from legate_core.client import LocalClient
from legate_core.kernel.context import Actor
from legate_core.kernel.dispatch import Kernel
from legate_core.settings import Settings
from legate_server.app import Application, Server, listen, url_of

TOKEN = "a-token-for-tests-only-0123456789"


class CountingClient(LocalClient):
    """A local client that knows how many of its streams are open."""

    listening = 0

    async def events(self, query: Any, cursor: str) -> AsyncIterator[Any]:
        async with aclosing(self._counted(super().events(query, cursor))) as stream:
            async for delivery in stream:
                yield delivery

    async def ticks(self, run_id: str) -> AsyncIterator[Any]:
        async with aclosing(self._counted(super().ticks(run_id))) as stream:
            async for tick in stream:
                yield tick

    async def _counted(self, stream: Any) -> AsyncGenerator[Any, None]:
        self.listening += 1
        try:
            async with aclosing(stream):
                async for item in stream:
                    yield item
        finally:
            self.listening -= 1


@dataclass
class SmallCore:
    """A core with its kernel and its Owner's client."""

    kernel: Kernel
    client: CountingClient

    def system(self) -> Actor:
        """The engine itself, in the Owner's workspace."""
        return self.kernel.system(self.client.actor.workspace_id)


@asynccontextmanager
async def small_core(database_url: str) -> AsyncIterator[SmallCore]:
    """A core on a fresh database, composed as for a person, in a data folder that is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="legate-test-") as home:
        opened = await open_local(Settings(Path(home), database_url, keys="memory", is_throw_away=True))
        try:
            yield SmallCore(opened.kernel, CountingClient(opened.kernel, opened.owner))
        finally:
            await opened.close()


@dataclass
class Running:
    """A server in this event loop, on a port of its own."""

    url: str
    app: Application
    server: Server
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """Ask it to stop, as a signal does, and wait until it has."""
        self.server.should_exit = True
        await self.task


@asynccontextmanager
async def running(app: Application, port: int = 0) -> AsyncIterator[Running]:
    """Serve an application on loopback until the block is left."""
    with closing(listen("127.0.0.1", port)) as listening:
        listening.listen()
        server = Server(app, "127.0.0.1", 0)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        found = Running(url_of(listening), app, server, task)
        try:
            yield found
        finally:
            await found.stop()


@asynccontextmanager
async def browser(app: Any, token: str | None = TOKEN, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that reaches the application without a socket."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8080", headers=headers, **options
    ) as client:
        yield client


def definition(name: str = "Reply desk", **changes: Any) -> AgentDefinition:
    """An agent's definition that is valid."""
    given: dict[str, Any] = {
        "purpose": "Answers mail.",
        "instructions": "Answer politely.",
        "model": {"provider": "scripted"},
    }
    return AgentDefinition(name, **(given | changes))
