"""Embedders behind an address that a person entered: OpenAI-compatible servers and Ollama, reached through the broker."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from legate_core.errors import Invalid, LegateError, Unavailable
from legate_core.knowledge.embed.base import Kind, Tokenizer, unit
from legate_core.llm.server_errors import Asked

if TYPE_CHECKING:
    import httpx

SECONDS = 60.0
MOST_TOKENS = 512
MOST_ANSWER_BYTES = 64_000_000
RETRY_SECONDS = (0.5, 2.0, 8.0)
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Road:
    """How an endpoint is reached: the checked transport for its base URL, its key for one call, and how to wait."""

    transport: Callable[[str], httpx.AsyncBaseTransport]
    key: Callable[[], Awaitable[str]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the servers: the path, and where the vectors stand in the answer."""

    name: str
    path: str
    vectors: Callable[[Any], list[list[float]]]


def _openai(answer: Any) -> list[list[float]]:
    rows = sorted(answer["data"], key=lambda row: row["index"])
    return [row["embedding"] for row in rows]


def _ollama(answer: Any) -> list[list[float]]:
    return answer["embeddings"]


DIALECTS = {
    "openai_compatible": Dialect("openai_compatible", "/embeddings", _openai),
    "ollama": Dialect("ollama", "/api/embed", _ollama),
}


class EndpointEmbedder:
    """The port, in front of a server. Its fingerprint names address, model and size, since a server shows no more."""

    at_once = 32
    workers = 2

    def __init__(self, dialect: Dialect, base_url: str, model: str, tokenizer: Tokenizer, road: Road) -> None:
        self._dialect = dialect
        self._base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or ""
        self._model = model
        self._tokenizer = tokenizer
        self._road = road
        self._kind: Kind | None = None

    async def kind(self) -> Kind:
        if self._kind is None:
            (vector,) = await self.embed(["a"])
            dimensions = len(vector) // 4
            named = f"{self._dialect.name}\n{self._base_url}\n{self._model}\n{dimensions}"
            fingerprint = f"{self._dialect.name}-{hashlib.sha256(named.encode()).hexdigest()[:16]}"
            self._kind = Kind(fingerprint, dimensions, self._tokenizer, MOST_TOKENS, frozenset())
        return self._kind

    async def embed(self, texts: Sequence[str], *, urgent: bool = False) -> list[bytes]:
        answer = await self._answer({"model": self._model, "input": list(texts)})
        try:
            vectors = self._dialect.vectors(answer)
            found = [unit([float(number) for number in vector]) for vector in vectors]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Unavailable(
                f"{self._named} answered with something that is no embedding. Check the model."
            ) from error
        if len(found) != len(texts) or len({len(vector) for vector in found}) > 1:
            raise Unavailable(f"{self._named} did not answer with one vector per text. Check the model.")
        return found

    async def close(self) -> None:
        """Nothing stays open between calls."""

    @property
    def _named(self) -> str:
        return f"The embedder {self._model} at {self._base_url}"

    async def _answer(self, body: dict[str, Any]) -> Any:
        reason = ""
        for wait in (*RETRY_SECONDS, None):
            status, answer, reason = await self._post(body)
            if status == 200:
                return answer
            if status not in _AGAIN and status:
                raise Invalid(f"{self._named} refused ({status}: {reason}). Check address, model and key.")
            if wait is not None:
                await self._road.sleep(wait)
        raise Unavailable(f"{self._named} cannot be reached or is overloaded ({reason}). Try again later.")

    async def _post(self, body: dict[str, Any]) -> tuple[int, Any, str]:
        """Status, JSON and reason of one call; status 0 where there was no answer. The reason is free of the key."""
        import httpx

        key = await self._key()
        asked = Asked(self._host, self._model, key)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        try:
            async with httpx.AsyncClient(
                transport=self._road.transport(self._base_url), timeout=SECONDS, trust_env=False
            ) as client:
                url = self._base_url + self._dialect.path
                async with client.stream("POST", url, json=body, headers=headers) as response:
                    data = await _bounded(response)
        except (httpx.HTTPError, LegateError) as error:
            if isinstance(error, LegateError) and not isinstance(error, Unavailable):
                raise
            return 0, None, asked.words(str(error)) or type(error).__name__
        try:
            answer: Any = httpx.Response(response.status_code, content=data).json()
        except (ValueError, RecursionError):
            return (response.status_code if response.status_code != 200 else 0), None, "the answer is no JSON"
        return response.status_code, answer, asked.words(_said(answer)) or "no reason given"

    async def _key(self) -> str:
        key = (await self._road.key()).strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            # The library for HTTP would put the whole header into the words of its refusal.
            raise Invalid(
                f"The key for {self._host} is empty or holds characters that no key has. Store it again in the vault."
            )
        return key


async def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > MOST_ANSWER_BYTES:
            raise Unavailable("The embedder's answer is larger than anything sensible. Check the address.")
    return bytes(data)


def _said(answer: Any) -> str:
    """What a server says of an error, in its own words."""
    error: Any = answer.get("error") if isinstance(answer, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] JSON
    text = error.get("message") if isinstance(error, dict) else error  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] JSON
    return text if isinstance(text, str) else ""
