"""Models behind POST /chat/completions, the interface most servers speak, at an address that a person entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from legate_core.llm.base import ModelRequest
from legate_core.llm.chat_reply import ChatAssembly
from legate_core.llm.chat_request import body_of
from legate_core.llm.endpoint import Endpoint, endpoint_of
from legate_core.llm.exchange import Interface, ServedModel
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

SETTINGS = frozenset({"model", "base_url", "secret", "price", "max_tokens", "temperature", "time_limits"})


def chat_interface(
    *,
    limit_field: str = "max_tokens",
    reads_cost: bool = False,
    more: Callable[[ModelRequest], Mapping[str, Any]] | None = None,
) -> Interface:
    """The interface in a server's dialect: what it calls the limit of tokens, whether it says what it charged, and what
    else it wants to be told."""

    def body(request: ModelRequest, model: str) -> Mapping[str, Any]:
        found = body_of(request, model, limit_field)
        if more is not None:
            found.update(more(request))
        return found

    return Interface("/chat/completions", body, lambda request, asked: ChatAssembly(request, asked, reads_cost))


class OpenAICompatible:
    """The provider *openai_compatible*: `base_url`, `model`, and `secret` where the server wants a key."""

    name = "openai_compatible"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at the configured endpoint."""
        refuse_unknown(settings, SETTINGS)
        output_limit(settings)
        endpoint = self._endpoint(settings)
        # The maker of the interface has renamed the field, and refuses the old one for newer models.
        field = "max_completion_tokens" if endpoint.host == "api.openai.com" else "max_tokens"
        return ServedModel(model_name(settings), endpoint, surroundings, chat_interface(limit_field=field))

    def key(self, settings: ModelSettings) -> Key | None:
        """The key for the configured host, if one is named."""
        endpoint = self._endpoint(settings)
        return Key(endpoint.secret, endpoint.place) if endpoint.secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else nothing for a server on this computer."""
        return price_at(self._endpoint(settings), settings, model_name(settings))

    def _endpoint(self, settings: ModelSettings) -> Endpoint:
        return endpoint_of(text_of(settings, "base_url"), text_of(settings, "secret"), settings.get("time_limits"))


PROVIDER = OpenAICompatible()
