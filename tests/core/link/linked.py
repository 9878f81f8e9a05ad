"""An owner over a client that the test scripts, and raw connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legate_core.kernel.messages import Delivery, Snapshot, Tick
from legate_core.link import frames, places
from legate_core.link.client import LinkClient
from legate_core.link.owner import Listener, Show, serve_link
from legate_core.settings import Settings

PATIENCE_SECONDS = 30.0


@dataclass
class Scripted:
    """A client that answers as it is told and keeps what it heard."""

    answer: Callable[[Any], Any] = lambda message: None
    heard: list[Any] = field(default_factory=list[Any])
    is_listened_to: asyncio.Event = field(default_factory=asyncio.Event)
    listening: int = 0
    gate: asyncio.Event | None = None
    """What a command waits for, where a test holds it."""

    async def send(self, command: Any) -> Any:
        self.heard.append(command)
        if self.gate is not None:
            self.is_listened_to.set()
            await self.gate.wait()
        return self.answer(command)

    async def ask(self, query: Any) -> Any:
        self.heard.append(query)
        return self.answer(query)

    async def snapshot(self, query: Any) -> Snapshot[Any]:
        self.heard.append(query)
        return Snapshot(self.answer(query), "7")

    async def events(self, query: Any, cursor: str) -> AsyncIterator[Delivery]:
        self.listening += 1
        self.is_listened_to.set()
        try:
            self.heard.append((query, cursor))
            await asyncio.Event().wait()
            yield Delivery((), cursor)
        finally:
            self.listening -= 1

    async def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        self.listening += 1
        self.is_listened_to.set()
        try:
            for item in self.answer(run_id):
                yield item
        finally:
            self.listening -= 1

    async def close(self) -> None:
        raise AssertionError("nobody but the owner closes its core")


@dataclass
class Pair:
    """An owner and a client of it."""

    core: Scripted
    listener: Listener
    client: LinkClient
    home: Path


@asynccontextmanager
async def pair(home: Path, on_show: Show | None = None, **settings: Any) -> AsyncGenerator[Pair]:
    core = Scripted()
    listener = await serve_link(Settings(home, **settings), core, on_show=on_show)
    client = LinkClient(home)
    try:
        yield Pair(core, listener, client, home)
    finally:
        await client.close()
        await listener.close()


@asynccontextmanager
async def raw(home: Path) -> AsyncGenerator[Callable[[bytes], Any]]:
    """Says bytes and hears the next frame."""
    reader, writer = await places.connect(home)

    async def say(data: bytes) -> Any:
        writer.write(data)
        await writer.drain()
        return await asyncio.wait_for(frames.read(reader), PATIENCE_SECONDS)

    try:
        yield say
    finally:
        writer.close()
        await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on until a condition holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0)
