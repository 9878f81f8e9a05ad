"""Between the Models page's words and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import legate_core as core
from legate_desktop.core_words import tr_core
from legate_desktop.pages.models.view import LimitRow, ModelRow, NewLimit, PlaceRow


def catalogue_query() -> Any:
    """Every place with its models, live."""
    return core.ModelCatalogue()


def budgets_query() -> Any:
    """Every limit as it stands, live."""
    return core.Budgets()


def agents_query() -> Any:
    """The agents, live, for their names."""
    return core.Agents()


def look() -> Any:
    """Look for servers on this computer."""
    return core.LookForModels()


def check(place_id: str) -> Any:
    """Ask a place again."""
    return core.CheckModelSource(place_id)


def remove(place_id: str) -> Any:
    """Take a place off the list."""
    return core.RemoveModelSource(place_id)


def add_server(address: str) -> Any:
    """Take in a server by its address."""
    return core.AddModelServer(address)


def add_file(path: str) -> Any:
    """Take in a file of one's own."""
    return core.AddModelFile(path)


def add_key(value: str, name: str, address: str) -> Any:
    """Take in a key, tried first."""
    return core.AddModelKey(core.Secret(value), name=name, base_url=address)


def whose(value: str) -> tuple[str, str]:
    """Whose key a text is, and what is wrong with it; both empty where its form says nothing."""
    try:
        found = core.recognise_key(value)
    except core.LegateError as error:
        return "", tr_core(error.message)
    return (found.who if found is not None else ""), ""


def set_price(place_id: str, model: str, sent: int, received: int, cached: int) -> Any:
    """Say what a model costs."""
    return core.SetModelPrice(place_id, model, sent, received, cached)


def remove_price(place_id: str, model: str) -> Any:
    """Leave it to the list again."""
    return core.RemoveModelPrice(place_id, model)


def set_limit(limit: NewLimit) -> Any:
    """Set a limit, or another amount for it."""
    return core.SetBudget(limit.scope, limit.period, limit.limit_micros, limit.subject_id)


def remove_limit(limit_id: str) -> Any:
    """Take a limit away."""
    return core.RemoveBudget(limit_id)


def prove(passphrase: str) -> Any:
    """Show who is asking."""
    return core.Prove(passphrase)


def places(rows: Mapping[str, Any]) -> list[PlaceRow]:
    """The places: those on this computer first, then by name."""
    order = {"server": 0, "file": 1, "key": 2, "address": 3}
    found = [_place(row) for row in rows.values()]
    return sorted(found, key=lambda place: (order.get(place.kind, 9), place.who.casefold(), place.id))


def _place(given: Any) -> PlaceRow:
    return PlaceRow(
        id=given.id,
        kind=given.kind,
        who=given.who,
        is_there=given.is_there,
        looked_at=given.looked_at,
        models=tuple(_model(offer) for offer in given.models),
        address=given.address,
        problem=given.problem,
        took_ms=given.took_ms,
        cost_micros=given.cost_micros,
        secret_id=given.settings.get("secret", ""),
    )


def _model(given: Any) -> ModelRow:
    return ModelRow(
        name=given.name,
        context_tokens=given.context_tokens,
        has_tools=given.has_tools,
        has_images=given.has_images,
        size_bytes=given.size_bytes,
        input_price=given.input_price,
        output_price=given.output_price,
        cached_price=given.cached_price,
        price_source=given.price_source,
        price_as_of=given.price_as_of,
        priced_by=given.priced_by,
        tokens_per_second=given.tokens_per_second,
        calls=given.calls,
    )


def limits(rows: Mapping[str, Any], names: Mapping[str, str]) -> list[LimitRow]:
    """The limits: the workspace's first, then by whom they hold for."""
    order = {"workspace": 0, "agent": 1, "run": 2}
    found = [
        LimitRow(
            id=given.id,
            scope=given.scope,
            subject_id=given.subject_id,
            subject=names.get(given.subject_id, given.subject_id),
            period=given.period,
            limit_micros=given.limit_micros,
            spent_micros=given.spent_micros,
            reserved_micros=given.reserved_micros,
            ends_at=given.ends_at,
            waiting=given.waiting,
        )
        for given in rows.values()
    ]
    return sorted(found, key=lambda limit: (order.get(limit.scope, 9), limit.subject.casefold(), limit.period))
