"""The owner's end: answers whoever of the same person connects, as the client it stands before.

A connection carries one request at a time; a stream keeps its connection until either end closes it, so that a reader
that goes away is noticed and a slow one slows down nobody but itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from importlib.metadata import version
from typing import Any, cast

from legate_core import wire
from legate_core.client import Client
from legate_core.errors import Forbidden, Invalid, LegateError, NotFound, Unavailable
from legate_core.features import registry
from legate_core.kernel.messages import LiveQuery
from legate_core.kernel.registry import INTERNAL, Door
from legate_core.link import faults, frames, peers, places
from legate_core.link.frames import Frame
from legate_core.link.hello import Owner, fingerprint
from legate_core.settings import Settings

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 256
CLOSING_SECONDS = 5.0
"""How long requests under way may take to end, once the owner closes."""

Show = Callable[[str, str], None]
"""Brings the window to the front: the link to open (or nothing), and the token with which the desktop lets it come."""


async def serve_link(settings: Settings, client: Client, *, on_show: Show | None = None) -> Listener:
    """Listen for this person's other processes. The caller owns the data folder and closes the listener before it.

    `on_show` is called on this event loop; without it there is no window here, and a second start opens its own.
    """
    listener = Listener(settings, client, on_show)
    await listener.open()
    return listener


class Listener:
    """Answers connections, each with one request at a time."""

    def __init__(self, settings: Settings, client: Client, on_show: Show | None = None) -> None:
        self._settings = settings
        self._client = client
        self._on_show = on_show
        self._doors: dict[str, Door] = {door.name: door for door in registry}
        self._resting: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        self._place: places.Place | None = None
        self.streams = 0
        """How many streams are open."""

    async def open(self) -> None:
        self._place = await places.listen(self._settings.home, self._serve)

    async def close(self) -> None:
        """Take no more requests, end the streams, and let what is under way come to its end."""
        if self._place is not None:
            self._place.close()
            self._place = None
        for task in self._resting:
            task.cancel()
        if self._working:
            await asyncio.wait(self._working, timeout=CLOSING_SECONDS)
        left = [*self._resting, *self._working]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._resting.add(task)
        try:
            refusal = await self._refusal(writer)
            while (request := await frames.read(reader)) is not None:
                if refusal is not None:
                    # Said after the request was read: a connection closed on unread words may lose the answer.
                    raise refusal
                if not await self._answer(request, reader, writer, task):
                    break
        except LegateError as error:
            await _say(writer, faults.problem(error))
        except asyncio.CancelledError:
            # Only `close` cancels; the other end sees the connection closed.
            log.debug("a connection was closed with its owner")
        except ConnectionError as error:
            log.debug("a connection was lost: %s", error)
        finally:
            self._resting.discard(task)
            writer.close()

    async def _refusal(self, writer: asyncio.StreamWriter) -> LegateError | None:
        """Why the other end may not be answered, if it may not."""
        try:
            await asyncio.to_thread(peers.check, places.peer_of(writer, is_server=True), os.getpid())
        except (LegateError, OSError) as error:
            return error if isinstance(error, LegateError) else _unexpected(error)
        if len(self._resting) + len(self._working) > MOST_CONNECTIONS:
            return Unavailable(f"{MOST_CONNECTIONS} connections are open already. Close some, then try again.")
        return None

    async def _answer(
        self, request: Frame, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[Any]
    ) -> bool:
        """Answer one request; whether the connection may carry another."""
        work = request.get("do")
        if work in ("events", "ticks"):
            await self._stream(self._items(request), reader, writer)
            return False
        self._resting.discard(task)
        self._working.add(task)
        try:
            answer = await self._answered(request)
        finally:
            self._working.discard(task)
            self._resting.add(task)
        await _say(writer, answer)
        return self._place is not None

    async def _answered(self, request: Frame) -> Frame:
        try:
            return {"answer": await self._perform(request)}
        except LegateError as error:
            return faults.problem(error)
        except Exception as error:
            return faults.problem(_unexpected(error))

    async def _perform(self, request: Frame) -> Any:
        match request.get("do"):
            case "hello":
                return self._hello()
            case "show":
                return self._show(request)
            case "send":
                return wire.encode(await self._client.send(self._message(request, "command")))
            case "ask":
                return wire.encode(await self._client.ask(self._message(request, "query", "live")))
            case "snapshot":
                found = await self._client.snapshot(cast("LiveQuery[Any]", self._message(request, "live")))
                return {"rows": wire.encode(found.rows), "cursor": found.cursor}
            case _:
                raise Invalid(
                    "This Legate does not know that request. Restart Legate, so that both are of one version."
                )

    def _hello(self) -> Frame:
        has_window = self._on_show is not None
        return wire.encode(Owner(version("legate"), os.getpid(), has_window, fingerprint(self._settings)))

    def _show(self, request: Frame) -> bool:
        if self._on_show is None:
            return False
        self._on_show(str(request.get("link", "")), str(request.get("token", "")))
        return True

    def _message(self, request: Frame, *kinds: str) -> Any:
        """The message in a request. Raises what the same message would meet at any other door."""
        name = str(request.get("message"))
        door = self._doors.get(name)
        if door is None:
            raise NotFound(f"This Legate knows no {name[:80]}. Restart Legate, so that both are of one version.")
        # Doors without a route are for whoever sits at this computer, and nobody else can reach this socket.
        if door.permission == INTERNAL:
            raise Forbidden(f"{door.name} is for the engine itself; nobody may send it.")
        if door.kind not in kinds:
            raise Invalid(f"{door.name} is a {door.kind}. Ask for it as one.")
        return wire.decode(door.message, request.get("body"))

    async def _items(self, request: Frame) -> AsyncGenerator[Frame]:
        """What a stream says, as frames."""
        if request.get("do") == "ticks":
            async with aclosing(_generator(self._client.ticks(str(request.get("run_id"))))) as ticks:
                async for tick in ticks:
                    yield {"tick": wire.encode(tick)}
            return
        query, cursor = self._message(request, "live"), str(request.get("cursor"))
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
            raise Invalid("This cursor was not given out here. Take a fresh snapshot.", field="cursor")
        async with aclosing(_generator(self._client.events(query, cursor))) as deliveries:
            async for delivery in deliveries:
                yield {"delivery": wire.encode(delivery)}

    async def _stream(
        self, items: AsyncGenerator[Frame], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Say the items as they come, until they end or the reader leaves: while it listens it says nothing."""
        self.streams += 1
        saying = asyncio.ensure_future(_say_all(items, writer))
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({saying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (saying, leaving):
                task.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)
            self.streams -= 1


async def _say_all(items: AsyncGenerator[Frame], writer: asyncio.StreamWriter) -> None:
    try:
        async with aclosing(items):
            async for item in items:
                await _say(writer, item)
        last: Frame = {"end": True}
    except LegateError as error:
        last = faults.problem(error)
    except ConnectionError:
        raise
    except Exception as error:
        last = faults.problem(_unexpected(error))
    await _say(writer, last)


async def _say(writer: asyncio.StreamWriter, frame: Frame) -> None:
    writer.write(frames.pack(frame))
    await writer.drain()


def _generator(iterator: Any) -> Any:
    """An iterator of a client; all of them are generators, and closing one at once is what ends its listening."""
    return iterator


def _unexpected(error: BaseException) -> LegateError:
    """What the other end learns of an error nobody expected: that it happened. The log has the rest."""
    log.error("a request over the link failed", exc_info=error)
    return LegateError("Something went wrong inside Legate. Look into the log of the Legate that is open.")
