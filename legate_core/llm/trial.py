"""A key is tried: what it opens is listed, which costs nothing, and the cheapest of it is asked for a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from legate_core.egress.broker import Broker
from legate_core.errors import Invalid
from legate_core.llm import anthropic, openai, openrouter
from legate_core.llm.base import Message, ModelRequest, Reply
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.keys import Recognised, check_key
from legate_core.llm.offers import Offer
from legate_core.llm.pricing import Price, listed, price_from, settle
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from legate_core.llm.visit import list_models

WORD_TOKENS = 16
"""Fewer than that some services refuse."""
_HOME = {"anthropic": anthropic.BASE_URL, "openai": openai.BASE_URL, "openrouter": openrouter.BASE_URL}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a key opens and what finding out has cost; `asked` is the model that said a word, empty where none was asked."""

    provider: str
    who: str
    base_url: str
    place: str
    offers: tuple[Offer, ...]
    asked: str
    cost_micros: int


async def try_key(broker: Broker, key: str, whose: Recognised) -> Tried:
    """Try a key. Raises `ModelFailed` that says why it does not work; then it has cost nothing."""
    base_url = _HOME.get(whose.provider, whose.base_url)
    endpoint = endpoint_of(base_url, "a key", None)
    check_key(key, endpoint.host)
    found = await list_models(broker, key, whose.provider, base_url)
    cheapest = cheapest_of(found, endpoint.host)
    cost = 0
    if cheapest is not None:
        name, price = cheapest
        settings: dict[str, Any] = {"provider": whose.provider, "model": name, "secret": "a key"}
        if whose.provider not in _HOME:
            settings["base_url"] = base_url
        cost = settle((await _say_a_word(broker, key, settings)).usage, price)
    return Tried(
        whose.provider, whose.who, base_url, endpoint.place, found, cheapest[0] if cheapest is not None else "", cost
    )


def cheapest_of(found: Sequence[Offer], host: str) -> tuple[str, Price] | None:
    """The model whose word costs least, of those that cost something: what is free proves nothing of the account."""
    priced = [
        (offer.name, price) for offer in found if (price := price_of(offer, host)) is not None and not price.is_free
    ]
    return min(
        priced,
        key=lambda item: (item[1].input_micros_per_million + item[1].output_micros_per_million, item[0]),
        default=None,
    )


def price_of(offer: Offer, host: str) -> Price | None:
    """What a model costs: as its server says, else as the table does."""
    return price_from(offer.price, host) if offer.price is not None else listed(host, offer.name)


async def _say_a_word(broker: Broker, key: str, settings: Mapping[str, Any]) -> Reply:
    world = Surroundings(transport=broker.transport, secret=lambda secret_id, host: key)
    request = ModelRequest(str(settings["model"]), (Message("user", "Say hi."),), max_tokens=WORD_TOKENS)
    async for item in open_model(settings, world).stream(request):
        if isinstance(item, Reply):
            return item
    raise Invalid("The model ended its stream without a reply. Try another key.")
