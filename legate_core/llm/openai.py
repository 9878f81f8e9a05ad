"""OpenAI, a preset of the interface that it made."""

from __future__ import annotations

from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.exchange import ServedModel
from legate_core.llm.openai_compatible import SETTINGS, chat_interface
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

BASE_URL = "https://api.openai.com/v1"
HOST = "api.openai.com"
LIMIT_FIELD = "max_completion_tokens"
"""The field has been renamed, and newer models refuse the old name."""


class OpenAI:
    """The provider *openai*: `model` as OpenAI names it, and `secret`."""

    name = "openai"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ServedModel:
        """The model at OpenAI."""
        refuse_unknown(settings, SETTINGS - {"base_url"})
        output_limit(settings)
        endpoint = endpoint_of(BASE_URL, text_of(settings, "secret"), settings.get("time_limits"))
        return ServedModel(model_name(settings), endpoint, surroundings, chat_interface(limit_field=LIMIT_FIELD))

    def key(self, settings: ModelSettings) -> Key | None:
        """The key for OpenAI, if one is named."""
        secret = text_of(settings, "secret")
        return Key(secret, HOST) if secret else None

    def price(self, settings: ModelSettings) -> Price | None:
        """The definition's own price, else the list's, else none."""
        return own_price(settings) or listed(HOST, model_name(settings))


PROVIDER = OpenAI()
