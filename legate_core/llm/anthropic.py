"""Anthropic: POST /messages, its own interface."""

from __future__ import annotations

from typing import Any

from legate_core.errors import Invalid
from legate_core.llm.anthropic_reply import AnthropicAssembly
from legate_core.llm.anthropic_request import ADAPTIVE, body_of
from legate_core.llm.endpoint import Endpoint, endpoint_of
from legate_core.llm.exchange import Interface, ServedModel
from legate_core.llm.openai_compatible import SETTINGS
from legate_core.llm.pricing import Price, listed, own_price
from legate_core.llm.surroundings import (
    MAX_OUTPUT_TOKENS,
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


LEAST_THINKING = 1_024
"""With less the service refuses."""


class Anthropic:
    """The provider *anthropic*: `model`, `secret`, `thinking` (tokens to think with, or *adaptive*), and `base_url` where
    a gateway of the same interface is meant."""

    name = "anthropic"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at Anthropic."""
        refuse_unknown(settings, SETTINGS | {"thinking"})
        output_limit(settings)
        if (settings.get("temperature") or 0) > 1:
            raise Invalid("Anthropic takes a 'temperature' from 0 to 1. Correct it under Model.")
        thinking = _thinking(settings)
        interface = Interface(
            "/messages",
            lambda request, model: body_of(request, model, thinking),
            AnthropicAssembly,
            key_header,
            VERSION,
        )
        return ServedModel(model_name(settings), self._endpoint(settings), surroundings, interface)

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


def _thinking(settings: ModelSettings) -> int | str:
    """How the model may think. Raises `Invalid` for what the service would refuse in the middle of a run."""
    given: Any = settings.get("thinking", 0)
    if given == ADAPTIVE:
        return ADAPTIVE
    if isinstance(given, bool) or not isinstance(given, int) or (given != 0 and given < LEAST_THINKING):
        raise Invalid(
            f"The setting 'thinking' is {ADAPTIVE!r} or a number of tokens from {LEAST_THINKING:,}. "
            "Correct it under Model."
        )
    if given >= settings.get("max_tokens", MAX_OUTPUT_TOKENS):
        raise Invalid("The setting 'thinking' must be smaller than 'max_tokens', of which it is a part. Correct it.")
    return given


PROVIDER = Anthropic()
