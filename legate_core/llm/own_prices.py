"""What models cost here: set by hand, or listed by the maker, or said by the server itself, in this order.

A price is kept for a model at a place, so that the page, the reservation of money and the settling all read the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select

from legate_core.errors import Invalid, NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.llm import sources
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.events import ModelPriced
from legate_core.llm.pricing import MILLION, Price, price_from
from legate_core.llm.registry import price_of
from legate_core.llm.surroundings import ModelSettings
from legate_core.llm.tables import model_prices, model_sources

MAX_MICROS = MILLION * MILLION
BY_HAND, LISTED, SAID = "you", "list", "server"
Whose = Literal["you", "list", "server", ""]


@dataclass(frozen=True, slots=True)
class SetModelPrice(Command[str]):
    """Say what a model of a place costs, in millionths of a dollar per million tokens; answers with the price's id.

    `cached` is for input read from the provider's cache; without it, that costs as much as other input. What an agent's
    own definition says comes before it.
    """

    source_id: str
    model: str
    input: int
    output: int
    cached: int = -1


@command(SetModelPrice, permission="workspace.settings.edit", route="PUT /models/sources/{source_id}/price")
def set_model_price(ctx: Context, message: SetModelPrice) -> str:
    row = _with_model(ctx, message.source_id, message.model)
    cached = message.input if message.cached < 0 else message.cached
    if not all(0 <= micros <= MAX_MICROS for micros in (message.input, message.output, cached)):
        raise Invalid("A price is from 0 to a million dollars for a million tokens. Correct it.")
    key = price_id(row["provider"], row["base_url"], message.model)
    fields = {
        "input_micros": message.input,
        "output_micros": message.output,
        "cached_micros": cached,
        "set_by": ctx.actor.id,
        "set_at": ctx.now,
        "removed_at": None,
    }
    if ctx.update(model_prices, key, fields) is None:
        ctx.insert(model_prices, {"id": key, "model": message.model, **fields})
    ctx.emit(ModelPriced(key, message.model, True))
    return key


@dataclass(frozen=True, slots=True)
class RemoveModelPrice(Command[None]):
    """Leave what a model costs to the price list, or to what its server says, again."""

    source_id: str
    model: str


@command(RemoveModelPrice, permission="workspace.settings.edit", route="DELETE /models/sources/{source_id}/price")
def remove_model_price(ctx: Context, message: RemoveModelPrice) -> None:
    row = _with_model(ctx, message.source_id, message.model)
    key = price_id(row["provider"], row["base_url"], message.model)
    if ctx.update(model_prices, key, {"removed_at": ctx.now}, expect={"removed_at": None}) is None:
        raise NotFound(f"Nobody has set a price for {message.model[:120]}. There is nothing to take back.")
    ctx.emit(ModelPriced(key, message.model, False))


def _with_model(ctx: ReadContext, source_id: str, model: str) -> Mapping[str, Any]:
    row = sources.load(ctx, source_id)
    if not any(offer.name == model for offer in sources.offers_in(row)):
        raise NotFound(f"{row['who']} has no model {model[:120]!r}. 'legate models' lists them.")
    return row


def price_id(provider: str, base_url: str, model: str) -> str:
    """The id of the price of a model at a place, however the place is spelt."""
    place = ""
    if provider in ("openai_compatible", "ollama") and base_url:
        place = endpoint_of(base_url, "", None).place
    return f"price_{hashlib.sha256(f'{provider}|{place}|{model}'.encode()).hexdigest()[:20]}"


def priced(ctx: ReadContext, settings: ModelSettings) -> ModelSettings:
    """A model's settings with what it costs here, where its definition does not say so itself."""
    if "price" in settings:
        return settings
    model = str(settings.get("model", ""))
    row = ctx.get(model_prices, _id_of(settings, model)) if model else None
    if row is not None and row["removed_at"] is None:
        return {**settings, "price": _as_setting(row)}
    if _is_listed(price_of(settings)):
        return settings
    said = _said(ctx, settings, model)
    return settings if said is None else {**settings, "price": said}


def _id_of(settings: ModelSettings, model: str) -> str:
    return price_id(str(settings.get("provider", "")), str(settings.get("base_url", "")), model)


def _as_setting(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "input": dollars(row["input_micros"]),
        "output": dollars(row["output_micros"]),
        "cached": dollars(row["cached_micros"]),
        "as_of": day(row["set_at"]),
        "source": BY_HAND,
    }


def _said(ctx: ReadContext, settings: ModelSettings, model: str) -> dict[str, str] | None:
    """What the server itself said of its price when it was looked at last."""
    statement = select(model_sources).where(
        model_sources.c.workspace_id == ctx.workspace_id,
        model_sources.c.provider == str(settings.get("provider", "")),
        model_sources.c.removed_at.is_(None),
    )
    wanted = _id_of(settings, model)
    for row in ctx.rows(statement.order_by(model_sources.c.looked_at.desc())):
        if price_id(row["provider"], row["base_url"], model) != wanted:
            continue
        for offer in sources.offers_in(row):
            if offer.name == model and offer.price is not None:
                return {**offer.price, "as_of": day(row["looked_at"]), "source": SAID}
    return None


class PriceBook:
    """What every model of the catalogue costs, read at once; and who says so."""

    def __init__(self, ctx: ReadContext) -> None:
        statement = select(model_prices).where(
            model_prices.c.workspace_id == ctx.workspace_id, model_prices.c.removed_at.is_(None)
        )
        self._by_hand = {row["id"]: row for row in ctx.rows(statement)}

    def of(self, settings: ModelSettings, said: Mapping[str, str] | None, looked_at: int) -> tuple[Price | None, Whose]:
        """The same price as `priced` gives, for a model whose server's word is known."""
        row = self._by_hand.get(_id_of(settings, str(settings.get("model", ""))))
        if row is not None:
            return price_from(_as_setting(row), "the price that was set"), BY_HAND
        known = price_of(settings)
        if said is not None and not _is_listed(known):
            return price_from({**said, "as_of": day(looked_at), "source": SAID}, "what the server says"), SAID
        return known, LISTED if known is not None else ""


def _is_listed(price: Price | None) -> bool:
    """Whether a price list has it. That a server on this computer costs nothing is only assumed: a gateway says better."""
    return price is not None and bool(price.as_of)


def dollars(micros: int) -> str:
    """Millionths as the decimal text that a price is written in, exactly."""
    return f"{micros // MILLION}.{micros % MILLION:06d}"


def day(at: int) -> str:
    """The date of a moment, as prices are dated."""
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
