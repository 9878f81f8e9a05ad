"""A model's settings in an agent's draft, and those of the one that is asked in its place. No widget."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

OUTAGE, BUDGET = "outage", "budget"
REASONS = (OUTAGE, BUDGET)
"""What the other one is for: the first cannot answer, or money does not allow it."""
SPARES = "fallbacks"
BESIDE = ("max_tokens", "temperature", SPARES)
"""What is set beside the model itself, and stays where another one is chosen."""


def is_chosen(model: Mapping[str, Any], offered: Mapping[str, Any]) -> bool:
    """Whether these settings mean the model that is offered, whatever is set beside it."""
    return _itself(model) == _itself(offered)


def instead(model: Mapping[str, Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with another model, and what was set beside the one before."""
    return dict(offered) | {name: model[name] for name in BESIDE if name in model}


def spare_of(model: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The model that is asked first in this one's place."""
    first = next(iter(_spares(model)), None)
    return {name: value for name, value in first.items() if name != "on"} if isinstance(first, Mapping) else None


def reasons_of(model: Mapping[str, Any]) -> tuple[str, ...]:
    """What the model in its place is for; where nothing is said, for everything."""
    first = next(iter(_spares(model)), None)
    given = first.get("on", REASONS) if isinstance(first, Mapping) else ()
    return tuple(reason for reason in REASONS if isinstance(given, Sequence) and reason in given)


def with_spare(
    model: Mapping[str, Any], spare: Mapping[str, Any] | None, reasons: Collection[str] = REASONS
) -> dict[str, Any]:
    """The settings with this model in its place first, or with none; others that stand behind it stay."""
    behind = list(_spares(model))[1:]
    first = (
        [{**spare, "on": [reason for reason in REASONS if reason in reasons]}] if spare is not None and reasons else []
    )
    kept = {name: value for name, value in model.items() if name != SPARES}
    return kept | ({SPARES: [*first, *behind]} if first or behind else {})


def _spares(model: Mapping[str, Any]) -> Sequence[Any]:
    given = model.get(SPARES, ())
    return given if isinstance(given, list | tuple) else ()


def _itself(model: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name not in BESIDE}
