"""One request and its answer over one fresh connection, every part of it bounded.

This module loads httpcore, so the broker imports it when the first request is made.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpcore

from legate_core.egress.body import Body, BodyDamaged
from legate_core.egress.limits import Limits
from legate_core.egress.streams import Backend, Connect, Meter
from legate_core.egress.target import Target
from legate_core.errors import Unavailable

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# h11 reads ahead: what stands behind the head in the same packets is counted before the head is known to be whole.
_READ_AHEAD_BYTES = 131_072


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, cut to size. `headers` have lower-case names and hold no cookies."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


class Answer:
    """An answer of which the head has come. The body is read when it is asked for, or never."""

    def __init__(self, response: httpcore.Response, target: Target, method: str, limits: Limits, meter: Meter) -> None:
        self._response = response
        self._target = target
        self._method = method
        self._limits = limits
        self._meter = meter
        self.headers = _headers(response)

    @property
    def location(self) -> str | None:
        """Where a redirect points; None when the answer is none."""
        return self.headers.get("location") if self._response.status in REDIRECTS else None

    async def read(self) -> Fetched:
        """The answer with as much of its body as may be had."""
        data, is_cut = b"", False
        if self._method != "HEAD":
            try:
                data, is_cut = await self._body()
            except BodyDamaged as error:
                raise Unavailable(f"The answer of {self._target.host} {error}. Try another address.") from error
        return Fetched(self._response.status, self._target.url, self.headers, data, is_cut)

    async def _body(self) -> tuple[bytes, bool]:
        body = Body(self.headers.get("content-encoding", ""), self._limits.body_bytes)
        # Framing of chunks costs a little more than the chunks; with chunks of one byte, six times as much.
        self._meter.may_read_bytes = 8 * self._limits.body_bytes + self._limits.head_bytes
        async for data in self._response.aiter_stream():
            body.add(data)
            if body.is_cut:
                break
        return body.whole(), body.is_cut


@asynccontextmanager
async def asked(
    method: str, target: Target, connect: Connect, context: ssl.SSLContext | None, limits: Limits, meter: Meter
) -> AsyncGenerator[Answer]:
    """Send one request and give its answer. The connection is closed at the end of the block, whatever happened."""
    backend = Backend(connect, meter, limits.connect_seconds)
    connection = httpcore.AsyncHTTPConnection(
        origin=_origin(target), ssl_context=context, network_backend=backend, retries=0
    )
    meter.may_read_bytes = limits.head_bytes + _READ_AHEAD_BYTES
    with _in_words(target):
        try:
            response = await connection.handle_async_request(_request(method, target))
            try:
                _check_head(response, target, limits)
                yield Answer(response, target, method, limits, meter)
            finally:
                await response.aclose()
        finally:
            await connection.aclose()


def _origin(target: Target) -> httpcore.Origin:
    return httpcore.Origin(target.scheme.encode(), str(target.host).encode("ascii"), target.port)


def _request(method: str, target: Target) -> httpcore.Request:
    """Nothing of this person or computer is in it: no cookie, no credentials, no page it came from."""
    url = httpcore.URL(
        scheme=target.scheme.encode(),
        host=str(target.host).encode("ascii"),
        port=target.port,
        target=target.path.encode("ascii"),
    )
    headers = [
        (b"Host", target.authority.encode("ascii")),
        (b"User-Agent", b"Legate"),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"gzip"),
        (b"Connection", b"close"),
    ]
    return httpcore.Request(method.encode("ascii"), url, headers=headers)


def _check_head(response: httpcore.Response, target: Target, limits: Limits) -> None:
    size_bytes = sum(len(name) + len(value) + 4 for name, value in response.headers)
    if size_bytes > limits.head_bytes:
        raise Unavailable(f"The head of the answer of {target.host} is too large. Try another address.")
    if not 200 <= response.status < 600:
        raise Unavailable(f"{target.host} answered with the odd status {response.status}. Try another address.")


def _headers(response: httpcore.Response) -> dict[str, str]:
    """By lower-case name; what came twice is joined, as RFC 9110 has it. A cookie is a secret of nobody here."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("ascii").lower(), _text(raw_value)
        if name == "location":
            # Two places to go on to are no place.
            value = value if headers.get(name, value) == value else ""
            headers[name] = value
        elif name not in {"set-cookie", "set-cookie2"}:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


@contextmanager
def _in_words(target: Target) -> Generator[None]:
    """What httpcore finds wrong with an answer, as an error a person may see."""
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise Unavailable(f"{target.host} does not answer in time. Try again later.") from error
    except httpcore.ConnectError as error:
        raise Unavailable(f"There is no safe connection to {target.host}: {error}. Try another address.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise Unavailable(f"The answer of {target.host} cannot be read: {error}. Try again later.") from error
