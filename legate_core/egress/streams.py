"""A connected socket as httpcore's stream: plain or under TLS, with what it carries counted.

This module loads httpcore, so the broker imports it when the first request is made.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore

_BUFFER_BYTES = 65_536

Connect = Callable[[], Awaitable[socket.socket]]


@dataclass(slots=True)
class Meter:
    """What one request cost so far: did any of it leave, and how many bytes may still come back."""

    sent: bool = False
    may_read_bytes: int | None = None

    def take(self, size_bytes: int) -> None:
        """Account for bytes that came. `httpcore.ReadError` when there are more than may come."""
        if self.may_read_bytes is None:
            return
        self.may_read_bytes -= size_bytes
        if self.may_read_bytes < 0:
            raise httpcore.ReadError("the answer is larger than it may be")


class _Inbox(asyncio.StreamReader):
    """A reader that can say whether something came that nobody has asked for."""

    def __init__(self) -> None:
        super().__init__(limit=_BUFFER_BYTES)
        self.waiting_bytes = 0

    def feed_data(self, data: Any) -> None:
        self.waiting_bytes += len(data)
        super().feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        self.waiting_bytes -= len(data)
        return data


class Stream(httpcore.AsyncNetworkStream):
    """One connection. The socket becomes an asyncio transport at its first use, so that TLS finds it untouched."""

    def __init__(self, connected: socket.socket, meter: Meter, handshake_seconds: float) -> None:
        self._socket = connected
        self._meter = meter
        self._handshake_seconds = handshake_seconds
        self._inbox = _Inbox()
        self._writer: asyncio.StreamWriter | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _in_words(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                await self._opened()
                data = await self._inbox.read(max_bytes)
        self._meter.take(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        with _in_words(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                writer = await self._opened()
                # Said before it is done: of what was begun nobody can say that it did not leave.
                self._meter.sent = True
                writer.write(buffer)
                await writer.drain()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        """Begin TLS. The certificate must be good for `server_hostname`, whatever address it is spoken from."""
        with _in_words(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(self._handshake_seconds if timeout is None else timeout):
                await self._opened(ssl_context, server_hostname)
        return self

    async def aclose(self) -> None:
        """Let go at once. Whoever closes has all of the answer or wants no more of it."""
        if self._writer is None:
            self._socket.close()
        else:
            self._writer.transport.abort()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Of an idle connection: the other side closed it, or says something out of turn. Both end its use.
            return self._inbox.at_eof() or self._inbox.waiting_bytes > 0 or self._inbox.exception() is not None
        return None if self._writer is None else self._writer.get_extra_info(info)

    async def _opened(
        self, context: ssl.SSLContext | None = None, server_hostname: str | None = None
    ) -> asyncio.StreamWriter:
        if self._writer is None:
            loop = asyncio.get_running_loop()
            protocol = asyncio.StreamReaderProtocol(self._inbox, loop=loop)
            transport, _ = await loop.create_connection(
                lambda: protocol, sock=self._socket, ssl=context, server_hostname=server_hostname
            )
            self._writer = asyncio.StreamWriter(transport, protocol, self._inbox, loop)
        return self._writer


class Backend(httpcore.AsyncNetworkBackend):
    """httpcore's way to the network: whatever host it names, `connect` alone decides where the socket leads."""

    def __init__(self, connect: Connect, meter: Meter, handshake_seconds: float) -> None:
        self._connect = connect
        self._meter = meter
        self._handshake_seconds = handshake_seconds

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        with _in_words(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                return Stream(await self._connect(), self._meter, self._handshake_seconds)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("there is no road to a local socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextmanager
def _in_words(on_timeout: type[Exception], on_failure: type[Exception]) -> Generator[None]:
    """The system's errors as httpcore's. Refusals (`LegateError`) pass as they are."""
    try:
        yield
    except TimeoutError as error:
        raise on_timeout("no answer in time") from error
    except ssl.SSLCertVerificationError as error:
        raise on_failure(f"its certificate is not good: {error.verify_message.rstrip('.')}") from error
    except OSError as error:
        raise on_failure(error.strerror or error.__class__.__name__) from error
