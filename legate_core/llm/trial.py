"""A key is tried: what it opens is listed, which costs nothing, and the cheapest of it is asked for a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from legate_core.egress.broker import Broker
from legate_core.llm import anthropic, openai, openrouter
from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.keys import Recognised, check_key
from legate_core.llm.offers import Offer
from legate_core.llm.pricing import Price, listed, price_from, settle
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from legate_core.llm.visit import list_models

WORD_TOKENS = 16
"""Fewer than that some services refuse."""
TRIES = 3
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
    settings: dict[str, Any] = {"provider": whose.provider, "secret": "a key"}
    if whose.provider not in _HOME:
        settings["base_url"] = base_url
    asked, cost = await _ask_the_cheapest(broker, key, settings, by_price(found, endpoint.host)[:TRIES])
    return Tried(whose.provider, whose.who, base_url, endpoint.place, found, asked, cost)


async def _ask_the_cheapest(
    broker: Broker, key: str, settings: Mapping[str, Any], models: Sequence[tuple[str, Price]]
) -> tuple[str, int]:
    """Who said a word and what it cost. Raises the first failure where none of them does.

    A service lists models that this account may not use, or that are down at the moment; that says nothing of the key, so
    the next one is asked.
    """
    problem: ModelFailed | None = None
    for name, price in models:
        try:
            reply = await _say_a_word(broker, key, {**settings, "model": name})
        except ModelFailed as failed:
            problem = problem or failed
        else:
            return name, settle(reply.usage, price)
    if problem is not None:
        raise problem
    return "", 0


def by_price(found: Sequence[Offer], host: str) -> list[tuple[str, Price]]:
    """The models whose word costs least first, of those that cost something: what is free proves nothing of the account."""
    priced = [
        (offer.name, price) for offer in found if (price := price_of(offer, host)) is not None and not price.is_free
    ]
    return sorted(
        priced, key=lambda item: (item[1].input_micros_per_million + item[1].output_micros_per_million, item[0])
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
    raise ModelFailed("bad_reply", "The model ended its stream without a reply. Try again.")
