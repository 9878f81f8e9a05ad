"""An HTTP transport to one configured endpoint: that scheme, host and port, and no other place.

This module loads httpx, so the broker imports it when the first transport is made.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import httpcore
import httpx

from legate_core.egress.addresses import host_in_url, read_host
from legate_core.egress.dialing import Unreachable
from legate_core.egress.streams import Backend, Connect, Meter
from legate_core.egress.target import DEFAULT_PORTS, Target
from legate_core.errors import Forbidden

# For a client that set no time-out for connecting.
_HANDSHAKE_SECONDS = 30.0
_WORDS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (Unreachable, httpx.ConnectError),
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
)


class EndpointTransport(httpx.AsyncBaseTransport):
    """What a client of httpx is given. Trouble on the way is httpx's own errors; a refusal is a `LegateError`.

    A client that follows redirects comes back here with the next address, so one that leads elsewhere is refused here,
    before the headers (and the key in them) go anywhere.
    """

    def __init__(
        self, endpoint: Target, connect: Connect, context: ssl.SSLContext | None, admit: Callable[[], None]
    ) -> None:
        self._endpoint = endpoint
        self._admit = admit
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=32,
            max_keepalive_connections=8,
            keepalive_expiry=30.0,
            retries=0,
            network_backend=Backend(connect, Meter(), _HANDSHAKE_SECONDS),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._check(request.url)
        self._admit()
        assert isinstance(request.stream, AsyncIterable)
        extensions = cast(Mapping[str, Any], request.extensions)  # pyright: ignore[reportUnknownMemberType]
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=self._endpoint.scheme.encode(),
                host=str(self._endpoint.host).encode("ascii"),
                port=self._endpoint.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            # Only the time-outs: another name for TLS is not the caller's to choose.
            extensions={"timeout": extensions.get("timeout", {})},
        )
        with _in_httpx_words():
            response = await self._pool.handle_async_request(asked)
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    async def aclose(self) -> None:
        await self._pool.aclose()

    def _check(self, url: httpx.URL) -> None:
        port = url.port or DEFAULT_PORTS.get(url.scheme)
        if (url.scheme, read_host(url.raw_host.decode("ascii")), port) != self._endpoint.origin:
            scheme, host, port = self._endpoint.origin
            raise Forbidden(
                f"This connection is only for {scheme}://{host_in_url(host)}:{port}, and was to go to {url.host}. "
                "Enter the other address in the settings if it is meant."
            )


class _Body(httpx.AsyncByteStream):
    """The body as it comes, for streams that last as long as a model speaks."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_httpx_words():
            async for data in self._response.aiter_stream():
                yield data

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _in_httpx_words() -> Generator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _WORDS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise
