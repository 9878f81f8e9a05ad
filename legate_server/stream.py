"""Streams: what a live query or a run says from now on, as server-sent events over plain HTTP.

A stream is another form of the resource it follows, so it has the resource's address and is asked for by
`Accept: text/event-stream`: one route, one permission, one set of parameters, and a browser's EventSource asks that way
by itself. It goes on from `Last-Event-ID` or `?cursor=`; without either it begins with a snapshot.

Events (`event:` / `data:`): `snapshot` {rows, cursor}, `events` {events, cursor}, `tick` {…}, `reset` {} (take a fresh
snapshot), `problem` {…} (the stream ends). An event does not say its place in the journal and a cursor is sealed, so
that what a reader may not see leaves no gap to count.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import logging
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from legate_core import LegateError, wire
from legate_server import problems

if TYPE_CHECKING:
    from legate_core import Client

log = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
MAX_STREAMS = 100
HEARTBEAT = b": still here\n\n"
GREETING = b": connected\n\n"

_NONCE_BYTES = 12
_CURSOR_LENGTH = 32


class Cursors:
    """Seals cursors: each is good for one query, under one token, and tells its reader nothing.

    The key comes from the token, so that a stream goes on after a restart of the server.
    """

    def __init__(self, token: str) -> None:
        self._aead = AESGCM(hmac.digest(token.encode(), b"legate/server/cursor/1", "sha256"))

    def seal(self, query: Any, cursor: str) -> str:
        """A cursor as its reader gets it."""
        nonce = os.urandom(_NONCE_BYTES)
        # Filled up, since a longer number would show a longer journal.
        sealed = self._aead.encrypt(nonce, cursor.ljust(_CURSOR_LENGTH).encode(), _bound(query))
        return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, query: Any, sealed: str) -> str:
        """The cursor behind a sealed one. Raises `CursorRefused` for anything not sealed here for this query."""
        try:
            raw = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            return self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(query)).decode().rstrip()
        except (InvalidTag, ValueError) as error:
            raise problems.CursorRefused(
                "This cursor was not given out for this question. Ask without a cursor and start from the snapshot."
            ) from error


def _bound(query: Any) -> bytes:
    """What a cursor belongs to: the question, whichever of its rows are asked for."""
    whole = dataclasses.replace(query, ids=None)
    return type(query).__name__.encode() + b"|" + wire.to_bytes(whole)


class Streams:
    """The open streams of one server, so that they can be counted and ended together."""

    def __init__(self, heartbeat_seconds: float = HEARTBEAT_SECONDS, limit: int = MAX_STREAMS) -> None:
        self.heartbeat_seconds = heartbeat_seconds
        self.limit = limit
        self.open = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream; none is opened from now on."""
        self._closing.set()

    async def closed(self) -> None:
        """Wait until streams have to end."""
        await self._closing.wait()

    def enter(self) -> None:
        """Count one more. Raises `TooManyStreams` at the limit and when the server is closing."""
        if self._closing.is_set():
            raise problems.TooManyStreams("The server is shutting down. Connect again in a moment.")
        if self.open >= self.limit:
            raise problems.TooManyStreams(f"{self.limit} streams are open already. Close one, then try again.")
        self.open += 1

    def leave(self) -> None:
        self.open -= 1


def frame(name: str, data: Any, cursor: str = "") -> bytes:
    """One server-sent event. JSON text holds no line break, so `data` is one line."""
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {name}\ndata: ".encode() + wire.to_bytes(data) + b"\n\n"


async def follow(client: Client, query: Any, cursors: Cursors, sealed: str | None) -> AsyncGenerator[bytes, None]:
    """The frames of a live query from a cursor on; from a snapshot where there is none.

    Returns once it is certain that this reader may have them; what is refused is refused here, not in the stream.
    """
    if sealed is None:
        snapshot = await client.snapshot(query)
        return _frames(client, query, cursors, snapshot.cursor, snapshot)
    # Asks for no row: this is for the permission and for what the query itself refuses.
    await client.snapshot(dataclasses.replace(query, ids=()))
    return _frames(client, query, cursors, cursors.open(query, sealed), None)


async def _frames(
    client: Client, query: Any, cursors: Cursors, cursor: str, snapshot: Any | None
) -> AsyncGenerator[bytes, None]:
    if snapshot is not None:
        sealed = cursors.seal(query, cursor)
        yield frame("snapshot", {"rows": snapshot.rows, "cursor": sealed}, sealed)
    async with aclosing(_generator(client.events(query, cursor))) as deliveries:
        async for delivery in deliveries:
            if delivery.reset:
                yield frame("reset", {})
                return
            if delivery.events:
                sealed = cursors.seal(query, delivery.cursor)
                yield frame("events", {"events": [_event(fact) for fact in delivery.events], "cursor": sealed}, sealed)


async def ticks(client: Client, run_id: str) -> AsyncGenerator[bytes, None]:
    """The frames of what a run streams right now."""
    async with aclosing(_generator(client.ticks(run_id))) as found:
        async for tick in found:
            yield frame("tick", tick)


def _event(fact: Any) -> dict[str, Any]:
    return {"name": fact.name, "body": fact.body, "actor": fact.actor, "cause": fact.cause, "at": fact.at}


def _generator(iterator: AsyncIterator[Any]) -> Any:
    """An iterator of a client; all of them are generators, and closing one at once is what ends its listening."""
    return iterator


class EventStream(Response):
    """Sends frames as they come and a heartbeat between them, until the reader leaves, the server closes or they end."""

    media_type = MEDIA_TYPE

    def __init__(self, streams: Streams, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        # Without a length the server sends chunks.
        del self.headers["content-length"]
        self._streams = streams
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.enter()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": GREETING, "more_body": True})
            writer = asyncio.create_task(self._write(send))
            leaver = asyncio.create_task(_has_left(receive))
            closer = asyncio.create_task(self._streams.closed())
            try:
                await asyncio.wait({writer, leaver, closer}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _end(writer, leaver, closer)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.leave()

    async def _write(self, send: Send) -> None:
        try:
            async with aclosing(self._frames) as frames, aclosing(_with_heartbeats(frames, self._streams)) as beating:
                async for data in beating:
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        except LegateError as error:
            await self._fail(send, error)
        except Exception as error:
            await self._fail(send, problems.unexpected(error, "a stream"))

    async def _fail(self, send: Send, error: LegateError) -> None:
        data = frame("problem", problems.body(error))
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _with_heartbeats(frames: AsyncGenerator[bytes, None], streams: Streams) -> AsyncGenerator[bytes, None]:
    """The frames, and a comment whenever nothing came for a while: a silent connection and a dead one look alike."""
    while True:
        coming = asyncio.ensure_future(anext(frames))
        try:
            while not (await asyncio.wait({coming}, timeout=streams.heartbeat_seconds))[0]:
                yield HEARTBEAT
            data = coming.result()
        except StopAsyncIteration:
            return
        finally:
            await _end(coming)
        yield data


async def _has_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs and wait until all of it has let go."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and isinstance(task.exception(), Exception):
            log.debug("a stream ended with %r", task.exception())
