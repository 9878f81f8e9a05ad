"""A small core for tests of the server: a real kernel on a real database, with the doors of all rooms and no engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import httpx

from legate_core.agents.model import AgentDefinition
from legate_core.client import LocalClient
from legate_core.crypto.bodies import BodyKeyRing
from legate_core.features import features
from legate_core.identity import bootstrap
from legate_core.identity.authorize import MatrixAuthorizer, Sessions
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import Context
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.payloads import BodyKeys
from legate_core.storage.engine import Database
from legate_core.tools.catalog import Catalog
from legate_server.app import Application, Server, listen, url_of

TOKEN = "a-token-for-tests-only-0123456789"
WORKSPACE = "ws_tests"
OWNER = "per_tests"


@dataclass
class SmallCore:
    """A kernel and its Owner's client."""

    kernel: Kernel
    client: LocalClient


@asynccontextmanager
async def small_core(database_url: str) -> AsyncIterator[SmallCore]:
    """A core in a fresh database, closed afterwards."""
    features()
    kernel = Kernel(
        Database(database_url), BodyKeys(BodyKeyRing(bytes(32))), MatrixAuthorizer(Sessions()), ManualClock()
    )
    kernel.ports.add(Catalog, Catalog())
    try:

        def create(ctx: Context) -> None:
            bootstrap.create_personal_workspace(ctx, OWNER, "Kim", name="Tests")

        await kernel.change(kernel.system(WORKSPACE), create, "first start")
        yield SmallCore(kernel, LocalClient(kernel, bootstrap.owner_of(WORKSPACE, OWNER)))
    finally:
        await kernel.close()


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
