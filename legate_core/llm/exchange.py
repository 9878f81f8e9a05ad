"""One question over HTTP, whatever the interface: streamed, bounded, retried, cancellable; no key left in any word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from legate_core.llm.assembly import Assembly
from legate_core.llm.base import ModelFailed, ModelRequest, Reply, TextDelta
from legate_core.llm.endpoint import Endpoint
from legate_core.llm.event_stream import EventStream, LineStream, TooLong
from legate_core.llm.keys import check_key
from legate_core.llm.retry import retry_after, wait_seconds
from legate_core.llm.server_errors import Asked, Trouble, from_status, trouble
from legate_core.llm.structured import check_reply, check_schema
from legate_core.llm.surroundings import Surroundings

if TYPE_CHECKING:
    import httpx

MAX_ERROR_BYTES = 64_000
STREAM_BYTES = 4_000_000
STREAM_BYTES_PER_TOKEN = 2_048
EVENT_TYPES = frozenset({"text/event-stream", "", "text/plain", "application/octet-stream"})
LINE_TYPES = frozenset({"application/x-ndjson", "application/jsonl", "application/ndjson"})

T = TypeVar("T")


def bearer(key: str) -> dict[str, str]:
    """The header in which most servers want their key."""
    return {"authorization": f"Bearer {key}"}


@dataclass(frozen=True, slots=True)
class Interface:
    """What sets one interface apart: where it is asked, how a question is written and how its answer is read."""

    path: str
    body: Callable[[ModelRequest, str], Mapping[str, Any]]
    assembly: Callable[[ModelRequest, Asked], Assembly]
    key_headers: Callable[[str], Mapping[str, str]] = bearer
    headers: Mapping[str, str] | None = None
    has_lines: bool = False
    """Whether answers are streamed as JSON in lines, also where their type says only JSON."""


@dataclass(frozen=True)
class ServedModel:
    """One model at one endpoint. Holds no connection and no key between calls."""

    model: str
    endpoint: Endpoint
    surroundings: Surroundings
    interface: Interface

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
        """Ask, again where that can help, until something of the answer has come; see `Model`."""
        if request.response_schema is not None:
            check_schema(request.response_schema)
        asked = Asked(self.endpoint.host, self.model, self._key())
        body = self.interface.body(request, self.model)
        attempt = 0
        while True:
            attempt += 1
            assembly = self.interface.assembly(request, asked)
            sent = partial(request.meter.runs, assembly.usage)
            try:
                async with aclosing(self._attempt(body, asked, assembly, sent)) as pieces:
                    async for piece in pieces:
                        yield TextDelta(piece)
                if rest := assembly.rest():
                    yield TextDelta(rest)
                reply = assembly.reply()
                break
            except Trouble as error:
                if not assembly.has_begun:
                    request.meter.rests()
                if (seconds := self._wait(error, assembly, attempt)) is None:
                    raise _final(error, assembly) from error
            await self.surroundings.sleep(seconds)
        # The connection is closed by now, so whoever stops listening after the reply leaves nothing open.
        check_reply(reply, request.response_schema)
        yield reply

    def _key(self) -> str:
        if not self.endpoint.secret:
            return ""
        key = self.surroundings.secret(self.endpoint.secret, self.endpoint.place).strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ModelFailed(
                "auth",
                f"The key for {self.endpoint.host} is empty or holds characters that no key has. "
                "Store it again in the vault.",
            )
        check_key(key, self.endpoint.host)
        return key

    def _wait(self, error: Trouble, assembly: Assembly, attempt: int) -> float | None:
        """Seconds until the next attempt, or None. What has begun is never begun again: it was shown, and is charged."""
        if not error.may_retry or assembly.has_begun:
            return None
        return wait_seconds(attempt, self.surroundings.jitter(), error.asked_seconds)

    async def _attempt(
        self, body: Mapping[str, Any], asked: Asked, assembly: Assembly, sent: Callable[[], None]
    ) -> AsyncGenerator[str, None]:
        """One request: the pieces of text of its answer. Raises `Trouble`."""
        async with self._answer(body, asked, sent) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200:
                date = response.headers.get("date")
                after = retry_after(response.headers.get("retry-after"), self.surroundings.now(), date)
                raise from_status(asked, response.status_code, await self._whole(response, asked), kind, after)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise trouble("bad_reply", f"{asked.host} compresses what it was asked not to. Choose another server.")
            if kind == "application/json" and not self.interface.has_lines:
                # Some servers cannot stream and say so by answering at once.
                if piece := assembly.feed(_json(await self._whole(response, asked, STREAM_BYTES), asked)):
                    yield piece
                if not assembly.has_begun and not assembly.is_finished:
                    raise trouble(
                        "bad_reply", f"{asked.host} sent no reply of a model. Check the base URL under Model."
                    )
                return
            if kind not in (
                EVENT_TYPES | LINE_TYPES | {"application/json"} if self.interface.has_lines else EVENT_TYPES
            ):
                what = "a web page" if "html" in kind else f"{kind[:60]}"
                raise trouble(
                    "bad_reply",
                    f"{asked.host} answered with {what} and no model's reply. Check the base URL under Model.",
                )
            async for piece in self._pieces(response, asked, assembly):
                yield piece

    async def _pieces(self, response: httpx.Response, asked: Asked, assembly: Assembly) -> AsyncGenerator[str, None]:
        """The text of a stream of events, until it says that it is done, ends, or goes past a bound."""
        events = LineStream() if self.interface.has_lines else EventStream()
        is_done = False
        async for chunk in self._chunks(response, asked, assembly):
            try:
                found = events.feed(chunk) if chunk else events.close()
            except TooLong as error:
                raise trouble(
                    "bad_reply", f"{asked.host} sends a line without an end. Choose another server."
                ) from error
            for data in found:
                if data.strip() == "[DONE]":
                    is_done = True
                    break
                if data.strip() and (piece := assembly.feed(_json(data.encode("utf-8", "replace"), asked))):
                    yield piece
            if is_done:
                break
        if not is_done and not assembly.is_finished:
            raise trouble("cut", f"{asked.host} broke its answer off. Try again.", may_retry=True)

    async def _chunks(self, response: httpx.Response, asked: Asked, assembly: Assembly) -> AsyncGenerator[bytes, None]:
        """The bytes of a body as they come, and an empty one at its end; bounded in time and size."""
        limits = self.endpoint.limits
        most = STREAM_BYTES + STREAM_BYTES_PER_TOKEN * assembly.max_tokens
        end = asyncio.get_running_loop().time() + limits.total_seconds
        chunks = response.aiter_raw()
        received = 0
        while True:
            # After the last word only the count of tokens is awaited, and not for long.
            idle = limits.tail_seconds if assembly.is_finished else limits.idle_seconds
            try:
                chunk = await self._within(*self._patience(idle, end), anext(chunks, b""), asked)
            except Trouble:
                if assembly.is_finished:
                    return
                raise
            received += len(chunk)
            if received > most:
                raise trouble(
                    "bad_reply",
                    f"{asked.host} does not stop sending; it was stopped after {received:,} bytes. Choose another server.",
                    usage=assembly.usage(),
                )
            yield chunk
            if not chunk:
                return

    @asynccontextmanager
    async def _answer(
        self, body: Mapping[str, Any], asked: Asked, sent: Callable[[], None]
    ) -> AsyncGenerator[httpx.Response, None]:
        """The answer's head, its connection closed at the end whatever happens. `sent` is told once the question goes out."""
        import httpx

        headers = {"accept": "text/event-stream, application/json", "accept-encoding": "identity"}
        headers |= self.interface.headers or {}
        if asked.key:
            headers |= self.interface.key_headers(asked.key)
        limits = self.endpoint.limits
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=self.surroundings.transport(self.endpoint.base_url),
                    trust_env=False,
                    follow_redirects=False,
                    timeout=httpx.Timeout(None, connect=limits.connect_seconds),
                )
            )
            url = f"{self.endpoint.base_url}{self.interface.path}"
            whole = client.build_request("POST", url, json=body, headers=headers)
            question = client.build_request("POST", url, content=_told(whole.content, sent), headers=whole.headers)
            silence = f"did not begin to answer for {limits.first_seconds:.0f} seconds"
            response = await self._within(limits.first_seconds, silence, client.send(question, stream=True), asked)
            stack.push_async_callback(response.aclose)
            yield response

    async def _whole(self, response: httpx.Response, asked: Asked, most: int = MAX_ERROR_BYTES) -> bytes:
        """A body that is not streamed, as far as the bounds in size and time."""
        limits = self.endpoint.limits
        end = asyncio.get_running_loop().time() + limits.total_seconds
        data = bytearray()
        chunks = response.aiter_raw()
        while len(data) < most:
            chunk = await self._within(*self._patience(limits.idle_seconds, end), anext(chunks, b""), asked)
            if not chunk:
                break
            data += chunk
        return bytes(data[:most])

    def _patience(self, idle_seconds: float, end: float) -> tuple[float, str]:
        """How long the next piece of a body is waited for, and what is said where it does not come in that time."""
        left = end - asyncio.get_running_loop().time()
        if left < idle_seconds:
            return left, f"did not come to the end of its answer in {self.endpoint.limits.total_seconds:.0f} seconds"
        return idle_seconds, f"has gone silent in mid-answer for {idle_seconds:.0f} seconds"

    async def _within(self, seconds: float, otherwise: str, step: Awaitable[T], asked: Asked) -> T:
        """One wait on the network, bounded; the library's errors become ours."""
        import httpx

        host = asked.host
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await step
        except TimeoutError as error:
            raise trouble("timeout", f"{host} {otherwise}. Try again, or choose another model.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            advice = "Start it" if self.endpoint.is_local else "Check the network and the base URL"
            raise trouble(
                "unavailable", f"{host} cannot be reached. {advice}, or choose another model.", may_retry=True
            ) from error
        except httpx.LocalProtocolError as error:
            raise trouble(
                "refused", f"The request to {host} cannot be written down. Check the key in the vault."
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise trouble("cut", f"{host} broke the connection off. Try again.", may_retry=True) from error


async def _told(body: bytes, sent: Callable[[], None]) -> AsyncGenerator[bytes, None]:
    """A body that tells when it goes out: it is only asked for once there is a connection."""
    sent()
    yield body


def _final(error: Trouble, assembly: Assembly) -> ModelFailed:
    """The failure as it leaves, with what the call used if it had begun, and when the server wants to be asked again."""
    failure = error.failure
    usage = assembly.usage() if failure.usage is None and assembly.has_begun else failure.usage
    return ModelFailed(failure.kind, failure.message, usage, error.asked_seconds)


def _json(data: bytes, asked: Asked) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise trouble("bad_reply", f"{asked.host} sent what is no JSON. Check the base URL under Model.") from error
