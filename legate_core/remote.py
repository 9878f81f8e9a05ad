"""The core behind HTTP: a `Client` whose every method speaks to a `legate serve`, with the same answers and errors."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from legate_core import wire
from legate_core.errors import Forbidden, Invalid, LegateError, NotFound, Unavailable, kinds
from legate_core.features import registry
from legate_core.kernel.messages import Command, Delivery, LiveQuery, Query, Recorded, Snapshot, Tick
from legate_core.kernel.registry import Door

if TYPE_CHECKING:
    import httpx

R = TypeVar("R")
Row = TypeVar("Row")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
SILENCE_SECONDS = 45.0
"""After three missed heartbeats a stream counts as lost."""

RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Waits between attempts to go on with a lost stream; after the last one its reader hears that the core is away."""

SIGN_OF_LIFE = "alive"
"""Said within the client for every piece of a stream after its greeting, heartbeats included."""

PROBLEM = "application/problem+json"


async def open_remote(url: str, token: str, *, is_patient: bool = False) -> RemoteClient:
    """A client of a server that answers and takes the token. Raises `Unavailable` or `Forbidden` where it does not.

    With `is_patient` a server that is away now is none: each request finds out for itself whether it came.
    """
    client = RemoteClient(url, token)
    try:
        try:
            await client.connect()
        except Unavailable:
            if not is_patient:
                raise
    except BaseException:
        await client.close()
        raise
    return client


class RemoteClient:
    """The core of a server, for whoever bears its token. Made without connecting; the first request does that.

    Raises `Invalid` for an address that would send the token in the clear beyond this machine.
    """

    def __init__(self, url: str, token: str, *, retry_seconds: Sequence[float] = RETRY_SECONDS) -> None:
        self.url = check_url(url)
        self._token = check_token(token)
        self._retry_seconds = tuple(retry_seconds)
        self._http: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"RemoteClient({self.url!r})"

    async def connect(self) -> str:
        """Ask the server whether it takes the token; the version it is of."""
        answer = await self._answer(wire.Parts("GET", "/session", (), None))
        if not isinstance(answer, dict) or "version" not in answer:
            raise self._strange()
        return str(cast("dict[str, Any]", answer)["version"])

    async def send(self, command: Command[R]) -> R:
        return cast(R, await self._request(command))

    async def ask(self, query: Query[R]) -> R:
        if isinstance(query, LiveQuery):
            live = cast("LiveQuery[Any]", query)
            return cast(R, dict((await self.snapshot(live)).rows))
        return cast(R, await self._request(query))

    async def snapshot(self, query: LiveQuery[Row]) -> Snapshot[Row]:
        data = await self._answer(_form(registry.of(query)).take_apart(query))
        return self._snapshot(query, data)

    async def events(self, query: LiveQuery[Row], cursor: str) -> AsyncIterator[Delivery]:
        """Batches of events after a cursor. A lost connection is taken up again from the last batch; a cursor that the
        server refuses ends in a `reset`."""
        door = registry.of(query)
        parts = _form(door).take_apart(query)
        async with aclosing(self._resumed(parts, cursor)) as events:
            async for name, data in events:
                if name == "reset":
                    yield Delivery((), cursor, reset=True)
                    return
                if name == "events":
                    cursor = data["cursor"]
                    yield Delivery(tuple(_recorded(fact) for fact in data["events"]), cursor)

    async def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        """What a run streams right now. What passes while a connection is lost is lost too."""
        message = registry.stream_of(run_id)
        async with aclosing(self._resumed(_form(registry.of(message)).take_apart(message), "")) as events:
            async for name, data in events:
                if name == "tick":
                    yield wire.decode(Tick, data, is_request=False)

    async def close(self) -> None:
        """Let go of every connection. The server and its core run on."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _request(self, message: object) -> Any:
        door = registry.of(message)
        data = await self._answer(_form(door).take_apart(message))
        return self._decode(wire.answer_type(door.message), data)

    async def _answer(self, parts: wire.Parts) -> Any:
        """The JSON a server answers with; None where it has nothing to say."""
        with self._in_words():
            answer = await self._connection().request(
                parts.method,
                f"{self.url}/v1{parts.path}",
                params=parts.query,
                content=None if parts.body is None else wire.to_bytes(parts.body),
                headers={"accept": "application/json", "content-type": "application/json"},
            )
        if not answer.is_success:
            raise self._error(answer.status_code, answer.headers.get("content-type", ""), answer.content)
        return self._json(answer.content) if answer.status_code != 204 else None

    async def _resumed(self, parts: wire.Parts, cursor: str) -> AsyncGenerator[tuple[str, Any], None]:
        """The events of a stream, over as many connections as it takes."""
        failures = 0
        while True:
            try:
                async with aclosing(self._events(parts, cursor)) as events:
                    async for event_id, name, data in events:
                        failures = 0
                        cursor = event_id or cursor
                        yield name, data
                # The server ended the stream in good order, as it does when it stops.
                raise self._away("The connection ended.")
            except Unavailable:
                if failures >= len(self._retry_seconds):
                    raise
                await asyncio.sleep(self._retry_seconds[failures])
                failures += 1

    async def _events(self, parts: wire.Parts, cursor: str) -> AsyncGenerator[tuple[str, str, Any], None]:
        headers = {"accept": "text/event-stream"} | ({"last-event-id": cursor} if cursor else {})
        with self._in_words():
            async with self._stream(parts, headers) as answer:
                if answer.status_code == 410:
                    yield "", "reset", {}
                    return
                if not answer.is_success:
                    content = await answer.aread()
                    raise self._error(answer.status_code, answer.headers.get("content-type", ""), content)
                frames, has_greeted = Frames(), False
                async for chunk in answer.aiter_bytes():
                    if has_greeted:
                        yield "", SIGN_OF_LIFE, None
                    has_greeted = True
                    for event_id, name, text in frames.feed(chunk):
                        data = self._json(text)
                        if name == "problem":
                            raise self._from_problem(data)
                        yield event_id, name, data

    @asynccontextmanager
    async def _stream(self, parts: wire.Parts, headers: Mapping[str, str]) -> AsyncGenerator[httpx.Response]:
        import httpx

        timeout = httpx.Timeout(CONNECT_SECONDS, read=SILENCE_SECONDS)
        connection = self._connection()
        async with connection.stream(
            parts.method, f"{self.url}/v1{parts.path}", params=parts.query, headers=headers, timeout=timeout
        ) as answer:
            yield answer

    def _connection(self) -> httpx.AsyncClient:
        import httpx

        if self._http is None:
            self._http = httpx.AsyncClient(
                headers={"authorization": f"Bearer {self._token}"},
                timeout=httpx.Timeout(CONNECT_SECONDS, read=ANSWER_SECONDS),
                # Each open stream holds a connection, and a page follows several queries.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
                # Neither a proxy of the environment nor another host gets to see the token.
                trust_env=False,
                follow_redirects=False,
            )
        return self._http

    def _snapshot(self, query: LiveQuery[Row], data: Any) -> Snapshot[Row]:
        if not isinstance(data, dict) or not {"rows", "cursor"} <= set(cast("dict[str, Any]", data)):
            raise self._strange()
        rows = self._decode(wire.answer_type(type(query)), data["rows"])
        return Snapshot(rows, str(cast("dict[str, Any]", data)["cursor"]))

    def _decode(self, kind: Any, data: Any) -> Any:
        try:
            return wire.decode(kind, data, is_request=False)
        except LegateError as error:
            raise self._strange() from error

    def _json(self, content: bytes) -> Any:
        try:
            return wire.from_bytes(content)
        except Invalid as error:
            raise self._strange() from error

    def _error(self, status: int, media_type: str, content: bytes) -> LegateError:
        if media_type.partition(";")[0].strip() != PROBLEM:
            return self._strange()
        return self._from_problem(self._json(content))

    def _from_problem(self, data: Any) -> LegateError:
        """The error a problem was made from."""
        if not isinstance(data, dict):
            return self._strange()
        problem = cast("dict[str, Any]", data)
        code = str(problem.get("type", "")).rpartition(":")[2]
        kind = kinds().get(code) or _BY_STATUS.get(cast(int, problem.get("status")), LegateError)
        details = problem.get("details")
        error = kind(str(problem.get("detail", "")))
        error.details = cast("dict[str, object]", details) if isinstance(details, dict) else {}
        return error

    @contextmanager
    def _in_words(self) -> Generator[None]:
        """What the HTTP library raises becomes `Unavailable`, so that nothing else leaves the client."""
        import httpx

        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise self._away(f"{type(error).__name__}: {error}") from error

    def _away(self, why: str) -> Unavailable:
        return Unavailable(
            f"The Legate server at {self.url} cannot be reached. Check that it runs and that the address is right, "
            "then try again.",
            reason=why,
        )

    def _strange(self) -> Unavailable:
        return Unavailable(
            f"What answers at {self.url} does not speak as this version of Legate does. Check the address, and that "
            "server and client are of the same version."
        )


class Frames:
    """Puts server-sent events together from chunks that end anywhere. Lines end in a line feed, as this server's do."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}

    def feed(self, chunk: bytes) -> Iterator[tuple[str, str, bytes]]:
        """Id, name and data of every event that is now complete."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line:
                name, _, value = line.partition(b":")
                self._fields[name] = value.removeprefix(b" ")
            elif b"data" in self._fields:
                fields, self._fields = self._fields, {}
                yield fields.get(b"id", b"").decode(), fields.get(b"event", b"message").decode(), fields[b"data"]
            else:
                self._fields = {}


def check_url(url: str) -> str:
    """The server's address without a slash at its end. Raises `Invalid` unless the token is safe on the way to it."""
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise Invalid(
            f"{url!r} is no address of a server. Write it as https://host or http://127.0.0.1:8080."
        ) from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise Invalid(f"{url!r} is no address of a server. Write it as https://host or http://127.0.0.1:8080.")
    if parts.scheme == "http" and not _is_here(host):
        raise Invalid(f"The token would travel to {host} unprotected. Use https:// for a server on another machine.")
    return parts.geturl()


def check_token(token: str) -> str:
    """The token. Raises `Invalid` for one that no header can carry."""
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise Invalid("The server's token is missing or has characters no token has. Give it in LEGATE_TOKEN.")
    return token


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _form(door: Door) -> wire.Form[Any]:
    if not door.public:
        raise Forbidden(f"{door.name} is for the engine itself; nobody may send it.")
    return wire.Form(door.message, door.route)


_BY_STATUS: Mapping[int, type[LegateError]] = {
    401: Forbidden,
    404: NotFound,
    405: NotFound,
    413: Invalid,
    415: Invalid,
    421: Forbidden,
    503: Unavailable,
}
"""Errors that only a server has, as the nearest error of the core."""


def _recorded(fact: Mapping[str, Any]) -> Recorded:
    """An event as a remote reader has it: without its place in the journal, which would show the gaps."""
    return Recorded(0, fact["name"], fact["body"], fact["actor"], fact["cause"], fact["at"])
