"""The facts about where models come from and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("models.found")
@dataclass(frozen=True, slots=True)
class ModelsFound(Event):
    """A place offers other models than before, was looked at because somebody asked, or is not there any more."""

    source_id: str
    is_there: bool
    models: int


@event("models.key_tried")
@dataclass(frozen=True, slots=True)
class ModelKeyTried(Event):
    """A key for models was tried with the cheapest call and works; what that cost, in millionths."""

    source_id: str
    secret_id: str
    models: int
    cost_micros: int


@event("models.removed")
@dataclass(frozen=True, slots=True)
class ModelsRemoved(Event):
    """A place where models come from was taken off the list; agents that use it ask in vain until it is back."""

    source_id: str


@event("models.priced")
@dataclass(frozen=True, slots=True)
class ModelPriced(Event):
    """What a model costs here was set by hand, or is left to the price list again."""

    price_id: str
    model: str
    is_set: bool
