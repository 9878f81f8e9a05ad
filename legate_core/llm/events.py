"""The facts about where models come from."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("models.found")
@dataclass(frozen=True, slots=True)
class ModelsFound(Event):
    """A server on this computer offers other models than before, or is not there any more."""

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
