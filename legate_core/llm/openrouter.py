"""OpenRouter, a preset of the OpenAI-compatible provider: its address, its price cap, its word on what was charged."""

from __future__ import annotations

from typing import Any

from legate_core.llm.base import ModelRequest
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.exchange import ServedModel
from legate_core.llm.openai_compatible import SETTINGS, chat_interface
from legate_core.llm.pricing import MILLION, Price, listed, own_price
from legate_core.llm.surroundings import (
    Key,
    ModelSettings,
    Surroundings,
    model_name,
    output_limit,
    refuse_unknown,
    text_of,
)

BASE_URL = "https://openrouter.ai/api/v1"
HOST = "openrouter.ai"


class OpenRouter:
    """The provider *openrouter*: `model` as OpenRouter names it, and `secret`."""

    name = "openrouter"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at OpenRouter."""
        refuse_unknown(settings, SETTINGS - {"base_url"})
        output_limit(settings)
        endpoint = endpoint_of(BASE_URL, text_of(settings, "secret"), settings.get("time_limits"))
        price = self.price(settings)

        def more(request: ModelRequest) -> dict[str, Any]:
            return {"usage": {"include": True}, "provider": routing(request, price)}

        interface = chat_interface(reads_cost=True, more=more)
        return ServedModel(model_name(settings), endpoint, surroundings, interface)

    def key(self, settings: ModelSettings) -> Key | None:
        """The key for OpenRouter, if one is named."""
        secret = text_of(settings, "secret")
        return Key(secret, HOST) if secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else none."""
        return own_price(settings) or listed(HOST, model_name(settings))


def routing(request: ModelRequest, price: Price | None) -> dict[str, Any]:
    """Which of the servers behind it may be asked: those that know tools and schemas, and are no dearer than reserved."""
    rules: dict[str, Any] = {"require_parameters": bool(request.tools or request.response_schema)}
    if price is not None:
        rules["max_price"] = {
            "prompt": price.input_micros_per_million / MILLION,
            "completion": price.output_micros_per_million / MILLION,
        }
    return rules


PROVIDER = OpenRouter()
