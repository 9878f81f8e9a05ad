"""Ollama, on this computer or another: no key, no price, and the size of the context is ours to choose."""

from __future__ import annotations

from legate_core.errors import Invalid
from legate_core.llm.endpoint import Endpoint, endpoint_of
from legate_core.llm.exchange import Interface, ServedModel
from legate_core.llm.ollama_interface import OllamaAssembly, body_of
from legate_core.llm.openai_compatible import SETTINGS
from legate_core.llm.pricing import Price, price_at
from legate_core.llm.surroundings import (
    Key,
    ModelSettings,
    Surroundings,
    model_name,
    output_limit,
    refuse_unknown,
    text_of,
)

BASE_URL = "http://127.0.0.1:11434"
MAX_CONTEXT_TOKENS = 10_000_000


class Ollama:
    """The provider *ollama*: `model`; `base_url` where it is not the usual one; `context_tokens`, the size of the
    conversation that it makes room for, where the server's own choice is too small; `secret` for one behind a gate."""

    name = "ollama"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at an Ollama server."""
        refuse_unknown(settings, SETTINGS | {"context_tokens"})
        output_limit(settings)
        room = settings.get("context_tokens", 0)
        if isinstance(room, bool) or not isinstance(room, int) or not 0 <= room <= MAX_CONTEXT_TOKENS:
            raise Invalid("The model's setting 'context_tokens' must be a whole number. Correct it under Model.")
        interface = Interface(
            "/api/chat", lambda request, model: body_of(request, model, room), OllamaAssembly, has_lines=True
        )
        return ServedModel(model_name(settings), self._endpoint(settings), surroundings, interface)

    def key(self, settings: ModelSettings) -> Key | None:
        """A key, where the server stands behind something that wants one."""
        endpoint = self._endpoint(settings)
        return Key(endpoint.secret, endpoint.place) if endpoint.secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else nothing for a server on this computer."""
        return price_at(self._endpoint(settings), settings, model_name(settings))

    def _endpoint(self, settings: ModelSettings) -> Endpoint:
        url = text_of(settings, "base_url", BASE_URL).strip().rstrip("/")
        url = url.removesuffix("/chat").removesuffix("/api").removesuffix("/v1")
        return endpoint_of(url, text_of(settings, "secret"), settings.get("time_limits"))


PROVIDER = Ollama()
