"""The client's end: a `Client` whose core runs in another process of the same person, with the same answers and errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar, cast

from legate_core import wire
from legate_core.errors import Conflict, Invalid, Unavailable
from legate_core.kernel.messages import Command, Delivery, LiveQuery, Query, Snapshot, Tick
from legate_core.link import faults, frames, places
from legate_core.link.frames import Frame
from legate_core.link.hello import Owner, fingerprint
from legate_core.settings import Settings

R = TypeVar("R")
Row = TypeVar("Row")

MOST_IDLE = 4
"""Connections kept for the next request; a burst opens more and closes them again."""


async def open_link(settings: Settings) -> LinkClient | None:
    """A client of the process that owns the data folder; None where none listens.

    Raises `Forbidden` where the owner refuses this process, and `Conflict` where it works on another database than the
    one that these settings name: a command must not change a database that nobody meant.
    """
    client = LinkClient(settings.home)
    try:
        owner = await client.connect()
        if settings.database_url and owner.database != fingerprint(settings):
            raise Conflict(
                f"The Legate that is open (process {owner.pid}) works on another database than LEGATE_DATABASE_URL names. "
                "Close it, or choose another data folder with LEGATE_HOME."
            )
    except places.Nobody:
        return None
    except BaseException:
        await client.close()
        raise
    return client


class LinkClient:
    """The core of whichever process owns the data folder at the moment of a request."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._idle: list[_Connection] = []
        self._is_closed = False

    def __repr__(self) -> str:
        return f"LinkClient({str(self.home)!r})"

    async def connect(self) -> Owner:
        """Ask the owner who it is. Raises `Nobody` where none listens."""
        connection = await _Connection.open(self.home)
        try:
            answer = await self._over(connection, {"do": "hello"})
        except Unavailable as error:
            if error.details.get("hung_up"):
                # It was on its way out: whoever wants the folder now takes it, or is told who has it.
                raise places.Nobody from error
            raise
        owner: Owner = self._decode(Owner, answer)
        return owner

    async def send(self, command: Command[R]) -> R:
        answer = await self._request({"do": "send", **_said(command)})
        return cast(R, self._decode(wire.answer_type(type(command)), answer))

    async def ask(self, query: Query[R]) -> R:
        answer = await self._request({"do": "ask", **_said(query)})
        return cast(R, self._decode(wire.answer_type(type(query)), answer))

    async def snapshot(self, query: LiveQuery[Row]) -> Snapshot[Row]:
        answer = await self._request({"do": "snapshot", **_said(query)})
        rows = self._decode(wire.answer_type(type(query)), answer["rows"])
        return Snapshot(rows, str(answer["cursor"]))

    async def events(self, query: LiveQuery[Row], cursor: str) -> AsyncIterator[Delivery]:
        """Batches of events after a cursor. Raises `Unavailable` when the owner goes."""
        async with aclosing(self._stream({"do": "events", "cursor": cursor, **_said(query)})) as items:
            async for item in items:
                yield self._decode(Delivery, item["delivery"])

    async def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        """What a run streams right now."""
        async with aclosing(self._stream({"do": "ticks", "run_id": run_id})) as items:
            async for item in items:
                yield self._decode(Tick, item["tick"])

    async def show(self, link: str = "", token: str = "") -> bool:
        """Have the owner bring its window to the front and open a link in it; False where it has no window."""
        return bool(await self._request({"do": "show", "link": link, "token": token}))

    async def close(self) -> None:
        """Let go of every connection. The owner and its core run on."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    async def _request(self, request: Frame) -> Any:
        return await self._over(await self._connection(), request)

    async def _over(self, connection: _Connection, request: Frame) -> Any:
        """The answer to a request over one connection, which is kept for the next one."""
        try:
            answer = await connection.call(request)
        except BaseException:
            # Cut off in the middle: what comes over it next would be taken for another answer.
            connection.close()
            raise
        if answer is None:
            connection.close()
            raise self._gone()
        if self._is_closed or len(self._idle) >= MOST_IDLE or "problem" in answer:
            connection.close()
        else:
            self._idle.append(connection)
        return _answer_in(answer)

    async def _stream(self, request: Frame) -> AsyncGenerator[Frame]:
        connection = await self._connection()
        try:
            await connection.say(request)
            while (item := await connection.hear()) is not None:
                if "problem" in item:
                    raise faults.error_of(item["problem"])
                if "end" in item:
                    return
                yield item
            raise self._gone()
        finally:
            connection.close()

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
            connection.close()
        try:
            return await _Connection.open(self.home)
        except places.Nobody as error:
            raise self._gone() from error

    def _decode(self, kind: Any, data: Any) -> Any:
        try:
            return wire.decode(kind, data, is_request=False)
        except Invalid as error:
            raise Unavailable(
                "The Legate that is open answers as another version does. Restart it, so that both are of one version."
            ) from error

    def _gone(self) -> Unavailable:
        return Unavailable(
            f"The Legate that held {self.home} has gone. What was answered is kept; open Legate again, then look there "
            "before you repeat anything.",
            hung_up=True,
        )


def _said(message: object) -> Frame:
    return {"message": type(message).__name__, "body": wire.encode(message, with_secrets=True)}


def _answer_in(frame: Frame) -> Any:
    if "problem" in frame:
        raise faults.error_of(frame["problem"])
    return frame.get("answer")


class _Connection:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, home: Path) -> _Connection:
        return cls(*await places.connect(home))

    @property
    def is_open(self) -> bool:
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def call(self, request: Frame) -> Frame | None:
        """The frame that answers; None where the other end went first."""
        await self.say(request)
        return await self.hear()

    async def say(self, frame: Frame) -> None:
        self._writer.write(frames.pack(frame))
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise Unavailable(
                "The Legate that is open hung up. Look there before you repeat anything.", hung_up=True
            ) from error

    async def hear(self) -> Frame | None:
        return await frames.read(self._reader)

    def close(self) -> None:
        self._writer.close()
