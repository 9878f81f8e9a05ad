"""Models behind POST /chat/completions, the interface most servers speak: streamed, bounded, retried, cancellable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from legate_core.errors import Invalid
from legate_core.llm.base import ModelFailed, ModelRequest, Reply, TextDelta
from legate_core.llm.chat_reply import Assembly
from legate_core.llm.chat_request import body_of
from legate_core.llm.endpoint import Endpoint, endpoint_of
from legate_core.llm.event_stream import EventStream, TooLong
from legate_core.llm.pricing import Price, free, listed, own_price
from legate_core.llm.retry import retry_after, wait_seconds
from legate_core.llm.server_errors import Asked, Trouble, from_status, trouble
from legate_core.llm.structured import check_reply, check_schema
from legate_core.llm.surroundings import Key, ModelSettings, Surroundings, output_limit, refuse_unknown, text_of

if TYPE_CHECKING:
    import httpx

MAX_ERROR_BYTES = 64_000
STREAM_BYTES = 4_000_000
STREAM_BYTES_PER_TOKEN = 2_048
EVENT_TYPES = frozenset({"text/event-stream", "", "text/plain", "application/octet-stream"})
SETTINGS = frozenset({"model", "base_url", "secret", "price", "max_tokens", "temperature", "time_limits"})

T = TypeVar("T")


def nothing_more(request: ModelRequest) -> dict[str, Any]:
    """A server that wants no more than the common body."""
    return {}


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where servers of one interface differ."""

    limit_field: str = "max_tokens"
    reads_cost: bool = False
    more: Callable[[ModelRequest], dict[str, Any]] = nothing_more


@dataclass(frozen=True)
class OpenAICompatibleModel:
    """One model at one endpoint. Holds no connection and no key between calls."""

    model: str
    endpoint: Endpoint
    surroundings: Surroundings
    dialect: Dialect = Dialect()

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
        """Ask, again where that can help, until something of the answer has come; see `Model`."""
        if request.response_schema is not None:
            check_schema(request.response_schema)
        asked = Asked(self.endpoint.host, self.model, self._key())
        body = {**body_of(request, self.model, self.dialect.limit_field), **self.dialect.more(request)}
        attempt = 0
        while True:
            attempt += 1
            assembly = Assembly(request, asked, self.dialect.reads_cost)
            try:
                async with aclosing(self._attempt(body, asked, assembly)) as pieces:
                    async for piece in pieces:
                        yield TextDelta(piece)
                if rest := assembly.rest():
                    yield TextDelta(rest)
                reply = assembly.reply()
                break
            except Trouble as error:
                if (seconds := self._wait(error, assembly, attempt)) is None:
                    raise _final(error, assembly) from error
            await self.surroundings.sleep(seconds)
        # The connection is closed by now, so whoever stops listening after the reply leaves nothing open.
        check_reply(reply, request.response_schema)
        yield reply

    def _key(self) -> str:
        if not self.endpoint.secret:
            return ""
        key = self.surroundings.secret(self.endpoint.secret, self.endpoint.host).strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ModelFailed(
                "auth",
                f"The key for {self.endpoint.host} is empty or holds characters that no key has. "
                "Store it again in the vault.",
            )
        return key

    def _wait(self, error: Trouble, assembly: Assembly, attempt: int) -> float | None:
        """Seconds until the next attempt, or None. What has begun is never begun again: it was shown, and is charged."""
        if not error.may_retry or assembly.has_begun:
            return None
        return wait_seconds(attempt, self.surroundings.jitter(), error.asked_seconds)

    async def _attempt(self, body: dict[str, Any], asked: Asked, assembly: Assembly) -> AsyncGenerator[str, None]:
        """One request: the pieces of text of its answer. Raises `Trouble`."""
        async with self._answer(body, asked) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200:
                after = retry_after(response.headers.get("retry-after"), self.surroundings.now())
                raise from_status(asked, response.status_code, await self._whole(response, asked), kind, after)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise trouble("bad_reply", f"{asked.host} compresses what it was asked not to. Choose another server.")
            if kind == "application/json":
                # Some servers cannot stream and say so by answering at once.
                if piece := assembly.feed(_json(await self._whole(response, asked, STREAM_BYTES), asked)):
                    yield piece
                if not assembly.has_begun and not assembly.is_finished:
                    raise trouble(
                        "bad_reply", f"{asked.host} sent no reply of a model. Check the base URL under Model."
                    )
                return
            if kind not in EVENT_TYPES:
                what = "a web page" if "html" in kind else f"{kind[:60]}"
                raise trouble(
                    "bad_reply",
                    f"{asked.host} answered with {what} and no model's reply. Check the base URL under Model.",
                )
            async for piece in self._pieces(response, asked, assembly):
                yield piece

    async def _pieces(self, response: httpx.Response, asked: Asked, assembly: Assembly) -> AsyncGenerator[str, None]:
        """The text of a stream of events, until it says that it is done, ends, or goes past a bound."""
        events = EventStream()
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
        limits, loop = self.endpoint.limits, asyncio.get_running_loop()
        most = STREAM_BYTES + STREAM_BYTES_PER_TOKEN * assembly.max_tokens
        end = loop.time() + limits.total_seconds
        chunks = response.aiter_raw()
        received = 0
        while True:
            # After the last word only the count of tokens is awaited, and not for long.
            idle = limits.tail_seconds if assembly.is_finished else limits.idle_seconds
            left = end - loop.time()
            try:
                chunk = await self._within(min(idle, left), anext(chunks, b""), asked, "has gone silent in mid-answer")
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
    async def _answer(self, body: dict[str, Any], asked: Asked) -> AsyncGenerator[httpx.Response, None]:
        """The answer's head, its connection closed at the end whatever happens."""
        import httpx

        headers = {"accept": "text/event-stream, application/json", "accept-encoding": "identity"}
        if asked.key:
            headers["authorization"] = f"Bearer {asked.key}"
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
            url = f"{self.endpoint.base_url}/chat/completions"
            sent = client.build_request("POST", url, json=body, headers=headers)
            response = await self._within(
                limits.first_seconds, client.send(sent, stream=True), asked, "did not begin to answer"
            )
            stack.push_async_callback(response.aclose)
            yield response

    async def _whole(self, response: httpx.Response, asked: Asked, most: int = MAX_ERROR_BYTES) -> bytes:
        """A body that is not streamed, as far as the bound."""
        data = bytearray()
        chunks = response.aiter_raw()
        while len(data) < most:
            chunk = await self._within(self.endpoint.limits.idle_seconds, anext(chunks, b""), asked, "has gone silent")
            if not chunk:
                break
            data += chunk
        return bytes(data[:most])

    async def _within(self, seconds: float, step: Awaitable[T], asked: Asked, what: str) -> T:
        """One wait on the network, bounded; the library's errors become ours."""
        import httpx

        host = asked.host
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await step
        except TimeoutError as error:
            raise trouble(
                "timeout", f"{host} {what} for {seconds:.0f} seconds. Try again, or choose another model."
            ) from error
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


def _final(error: Trouble, assembly: Assembly) -> ModelFailed:
    """The failure as it leaves, with what the call used if it had begun."""
    failure = error.failure
    if failure.usage is None and assembly.has_begun:
        return ModelFailed(failure.kind, failure.message, assembly.usage())
    return failure


def _json(data: bytes, asked: Asked) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise trouble("bad_reply", f"{asked.host} sent what is no JSON. Check the base URL under Model.") from error


class OpenAICompatible:
    """The provider *openai_compatible*: `base_url`, `model`, and `secret` where the server wants a key."""

    name = "openai_compatible"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> OpenAICompatibleModel:
        """The model at the configured endpoint."""
        refuse_unknown(settings, SETTINGS)
        output_limit(settings)
        endpoint = self._endpoint(settings)
        # The maker of the interface has renamed the field, and refuses the old one for newer models.
        field = "max_completion_tokens" if endpoint.host == "api.openai.com" else "max_tokens"
        return OpenAICompatibleModel(model_name(settings), endpoint, surroundings, Dialect(field))

    def key(self, settings: ModelSettings) -> Key | None:
        """The key for the configured host, if one is named."""
        endpoint = self._endpoint(settings)
        return Key(endpoint.secret, endpoint.host) if endpoint.secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else nothing for a server on this computer."""
        endpoint = self._endpoint(settings)
        known = own_price(settings) or listed(endpoint.host, model_name(settings))
        return known or (free("a server on this computer") if endpoint.is_local else None)

    def _endpoint(self, settings: ModelSettings) -> Endpoint:
        return endpoint_of(text_of(settings, "base_url"), text_of(settings, "secret"), settings.get("time_limits"))


def model_name(settings: ModelSettings) -> str:
    """The model's name at the server. Raises `Invalid` where there is none."""
    name = text_of(settings, "model").strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid("The model has no name. Say which one under Model, as the server calls it.")
    return name


PROVIDER = OpenAICompatible()
