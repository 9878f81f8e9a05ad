"""Opens embedders by a base's settings, each once, and closes them together."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from legate_core.errors import Invalid
from legate_core.knowledge.embed.base import Embedder, Settings, Tokenizer
from legate_core.knowledge.embed.endpoints import DIALECTS, EndpointEmbedder, Road
from legate_core.knowledge.embed.hashing import HashingEmbedder
from legate_core.knowledge.embed.local import TOKENIZER, LocalEmbedder, in_folder, shipped
from legate_core.llm.endpoint import endpoint_of

if TYPE_CHECKING:
    import httpx

KNOWN: Mapping[str, frozenset[str]] = {
    "local": frozenset({"folder"}),
    "hashing": frozenset({"dimensions"}),
    "openai_compatible": frozenset({"base_url", "model", "secret"}),
    "ollama": frozenset({"base_url", "model", "secret"}),
}
"""The providers, and the settings each takes."""

DEFAULT: Settings = {"provider": "local"}


def checked(settings: Settings) -> dict[str, Any]:
    """Settings that make sense. Raises `Invalid` that names the one that does not."""
    provider = settings.get("provider")
    if not isinstance(provider, str) or provider not in KNOWN:
        raise Invalid(f"There is no embedder {str(provider)[:40]!r}. Choose one of {', '.join(sorted(KNOWN))}.")
    if unknown := sorted(set(settings) - KNOWN[provider] - {"provider"}):
        takes = ", ".join(sorted(KNOWN[provider])) or "no settings"
        raise Invalid(f"The embedder {provider} has no setting {unknown[0][:40]!r}; it takes {takes}. Take it out.")
    if provider == "hashing":
        dimensions = settings.get("dimensions", 256)
        if isinstance(dimensions, bool) or not isinstance(dimensions, int) or not 8 <= dimensions <= 4_096:
            raise Invalid("The setting dimensions must be a whole number from 8 to 4,096.")
    elif any(not isinstance(settings.get(name, ""), str) for name in KNOWN[provider]):
        raise Invalid(f"The settings of the embedder {provider} are texts. Correct them.")
    if provider in DIALECTS:
        _check_address(settings)
    return dict(settings)


def _check_address(settings: Settings) -> None:
    try:
        parts = urlsplit(str(settings.get("base_url", "")))
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_address = urlsplit(""), False
    if not is_address or parts.query or parts.fragment or parts.username is not None:
        raise Invalid("The setting base_url must be like http://127.0.0.1:11434, without a user name, ? and #.")
    if not settings.get("model"):
        raise Invalid("The setting model names the embedding model, and is missing. Add it.")
    if settings.get("secret") and parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise Invalid(f"A key would travel to {parts.hostname} unencrypted. Use https, or take the key out.")


class Embedders:
    """The embedders of a process. `transport` leads to configured endpoints, `lend` lends a secret for a host."""

    def __init__(
        self,
        transport: Callable[[str], httpx.AsyncBaseTransport],
        lend: Callable[[str, str], Awaitable[str]],
        workers: int = 0,
    ) -> None:
        self._transport = transport
        self._lend = lend
        self._workers = workers
        self._open: dict[str, Embedder] = {}

    def get(self, settings: Settings) -> Embedder:
        """The embedder of these settings. Raises `Invalid` or `Unavailable`; connects to nothing yet."""
        name = json.dumps(dict(settings), sort_keys=True)
        if name not in self._open:
            self._open[name] = self._made(checked(settings))
        return self._open[name]

    async def close(self) -> None:
        """Close every embedder."""
        for embedder in self._open.values():
            await embedder.close()
        self._open.clear()

    def _made(self, settings: Settings) -> Embedder:
        provider = settings["provider"]
        if provider == "hashing":
            return HashingEmbedder(settings.get("dimensions", 256))
        if provider == "local":
            files = in_folder(settings["folder"]) if settings.get("folder") else shipped()
            return LocalEmbedder(files, self._workers)
        # Bound as the keys of models are: to the host, with its port where that is not the usual one.
        endpoint = endpoint_of(str(settings["base_url"]), str(settings.get("secret", "")), None)

        async def key() -> str:
            return await self._lend(endpoint.secret, endpoint.place) if endpoint.secret else ""

        # A server does not show its tokenizer; the shipped one measures close enough to cut passages by.
        tokenizer = Tokenizer(str(TOKENIZER))
        road = Road(self._transport, key)
        return EndpointEmbedder(DIALECTS[provider], settings["base_url"], settings["model"], tokenizer, road)
