"""The model page: what there is, how large its context is, what it costs, whether it takes tools, how fast it was here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import func, select

from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.llm import sources
from legate_core.llm.events import ModelKeyTried, ModelPriced, ModelsFound, ModelsRemoved
from legate_core.llm.fallback import name_of
from legate_core.llm.offers import Offer
from legate_core.llm.own_prices import PriceBook
from legate_core.llm.pricing import Price
from legate_core.llm.tables import model_sources
from legate_core.runs.events import RunStepped
from legate_core.runs.tables import steps
from legate_core.vault.events import SecretDeleted
from legate_core.vault.tables import secrets


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """One model. Prices in millionths of a dollar per million tokens, -1 where nobody has said; `tokens_per_second` is what
    its calls here gave, waiting included, 0 where there was none. `priced_by` is *you*, *list* or *server*, empty where
    there is no price. What else is not known is None or 0."""

    name: str
    context_tokens: int
    has_tools: bool | None
    has_images: bool | None
    size_bytes: int
    input_price: int
    output_price: int
    price_source: str
    price_as_of: str
    tokens_per_second: float
    calls: int
    cached_price: int = -1
    priced_by: str = ""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """One place where models come from: a *server* on this computer, an *address* elsewhere, a service with a *key*, or a
    *file* of one's own. `settings` is what an agent's model needs besides the model's name; `problem` says in words why
    the place was not there at `looked_at`, `took_ms` how long it took to say what it has, 0 where nobody measured."""

    id: str
    kind: str
    who: str
    is_there: bool
    looked_at: int
    cost_micros: int
    settings: Mapping[str, str]
    models: tuple[ModelOffer, ...]
    address: str = ""
    problem: str = ""
    took_ms: int = 0


@dataclass(frozen=True)
class ModelCatalogue(LiveQuery[ModelSource]):
    """Every place where models come from, with its models."""

    listens: ClassVar[frozenset[str]] = frozenset(
        event.name for event in (ModelsFound, ModelKeyTried, ModelsRemoved, ModelPriced, RunStepped, SecretDeleted)
    )
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, ModelSource], event: Recorded) -> Reread:
        if "source_id" in event.body:
            return Reread(frozenset({str(event.body["source_id"])}))
        return Reread(frozenset(rows))


@query(ModelCatalogue, permission="definitions.view", route="GET /models")
def model_catalogue(ctx: ReadContext, message: ModelCatalogue) -> dict[str, ModelSource]:
    gone = select(secrets.c.id).where(secrets.c.workspace_id == ctx.workspace_id, secrets.c.deleted_at.is_not(None))
    statement = select(model_sources).where(
        model_sources.c.workspace_id == ctx.workspace_id,
        model_sources.c.secret_id.not_in(gone),
        model_sources.c.removed_at.is_(None),
    )
    if message.ids is not None:
        statement = statement.where(model_sources.c.id.in_(message.ids))
    speeds, book = _speeds(ctx), PriceBook(ctx)
    rows = ctx.rows(statement.order_by(model_sources.c.kind.desc(), model_sources.c.who, model_sources.c.id))
    return {row["id"]: _source(row, speeds, book) for row in rows}


def _source(row: Mapping[str, Any], speeds: Mapping[str, tuple[int, float]], book: PriceBook) -> ModelSource:
    settings = {"provider": str(row["provider"])}
    if row["provider"] in ("openai_compatible", "ollama"):
        settings["base_url"] = str(row["base_url"])
    if row["secret_id"]:
        settings["secret"] = str(row["secret_id"])
    if row["file"]:
        settings["file"] = str(row["file"])
    models: list[ModelOffer] = []
    for offer in sources.offers_in(row):
        model = {**settings, "model": offer.name}
        price, priced_by = book.of(model, offer.price, row["looked_at"])
        calls, speed = speeds.get(name_of(model), (0, 0.0))
        models.append(_offer(offer, price, priced_by, calls, speed))
    return ModelSource(
        row["id"],
        row["kind"],
        row["who"],
        bool(row["is_there"]),
        row["looked_at"],
        row["cost_micros"],
        settings,
        tuple(models),
        address=row["file"] or row["base_url"],
        problem=row["problem"],
        took_ms=row["took_ms"],
    )


def _offer(offer: Offer, price: Price | None, priced_by: str, calls: int, speed: float) -> ModelOffer:
    return ModelOffer(
        offer.name,
        offer.context_tokens,
        offer.has_tools,
        offer.has_images,
        offer.size_bytes,
        price.input_micros_per_million if price is not None else -1,
        price.output_micros_per_million if price is not None else -1,
        price.source if price is not None else "",
        price.as_of if price is not None else "",
        speed,
        calls,
        price.cached_micros_per_million if price is not None else -1,
        priced_by,
    )


def _speeds(ctx: ReadContext) -> dict[str, tuple[int, float]]:
    """How many calls each model had and how fast its tokens came, over all of them that took any time."""
    took = func.sum(steps.c.finished_at - steps.c.started_at)
    statement = (
        select(steps.c.model, func.count(), func.sum(steps.c.output_tokens), took)
        .where(
            steps.c.workspace_id == ctx.workspace_id,
            steps.c.kind == "model",
            steps.c.state == "done",
            steps.c.model.is_not(None),
        )
        .group_by(steps.c.model)
    )
    return {
        model: (calls, round(1000 * int(tokens) / int(milliseconds), 1) if milliseconds else 0.0)
        for model, calls, tokens, milliseconds in ctx.connection.execute(statement)
    }
