"""Anthropic: POST /messages, its own interface."""

from __future__ import annotations

from legate_core.errors import Invalid
from legate_core.llm.anthropic_reply import AnthropicAssembly
from legate_core.llm.anthropic_request import body_of
from legate_core.llm.endpoint import Endpoint, endpoint_of
from legate_core.llm.exchange import Interface, ServedModel
from legate_core.llm.openai_compatible import SETTINGS
from legate_core.llm.pricing import Price, listed, own_price
from legate_core.llm.surroundings import (
    Key,
    ModelSettings,
    Surroundings,
    model_name,
    output_limit,
    refuse_unknown,
    text_of,
)

BASE_URL = "https://api.anthropic.com/v1"
HOST = "api.anthropic.com"
VERSION = {"anthropic-version": "2023-06-01"}


def key_header(key: str) -> dict[str, str]:
    """The header in which Anthropic wants its key."""
    return {"x-api-key": key}


INTERFACE = Interface("/messages", body_of, AnthropicAssembly, key_header, VERSION)


class Anthropic:
    """The provider *anthropic*: `model`, `secret`, and `base_url` where a gateway of the same interface is meant."""

    name = "anthropic"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at Anthropic."""
        refuse_unknown(settings, SETTINGS)
        output_limit(settings)
        if (settings.get("temperature") or 0) > 1:
            raise Invalid("Anthropic takes a 'temperature' from 0 to 1. Correct it under Model.")
        return ServedModel(model_name(settings), self._endpoint(settings), surroundings, INTERFACE)

    def key(self, settings: ModelSettings) -> Key | None:
        """The key for Anthropic, if one is named."""
        endpoint = self._endpoint(settings)
        return Key(endpoint.secret, endpoint.place) if endpoint.secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else none."""
        return own_price(settings) or listed(self._endpoint(settings).host, model_name(settings))

    def _endpoint(self, settings: ModelSettings) -> Endpoint:
        url = text_of(settings, "base_url", BASE_URL).strip().rstrip("/").removesuffix("/messages")
        return endpoint_of(url, text_of(settings, "secret"), settings.get("time_limits"))


PROVIDER = Anthropic()
