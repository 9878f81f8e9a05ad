"""Which models an agent may be answered by, in order, and why the next one is asked: an explicit setting, never a guess.

model = { provider = "openai", model = "gpt-6-luna", secret = "sec_1",
          fallbacks = [{ provider = "ollama", model = "qwen3", on = ["outage", "budget"] }] }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from legate_core.errors import Invalid
from legate_core.llm.base import FailureKind
from legate_core.llm.surroundings import ModelSettings

REASONS = frozenset({"outage", "budget"})
OUTAGE: frozenset[FailureKind] = frozenset({"unavailable", "timeout", "rate_limited", "cut"})
"""Failures that are the server's and pass by themselves; another model may answer meanwhile."""
MAX_FALLBACKS = 5


@dataclass(frozen=True, slots=True)
class Link:
    """One model of a chain, and what must have happened to those before it for it to be asked."""

    settings: ModelSettings
    on: frozenset[str]

    @property
    def name(self) -> str:
        """The model in a word or two, for a log."""
        return name_of(self.settings)


def name_of(settings: ModelSettings) -> str:
    """`provider/model`, or the provider alone where it plays only one."""
    provider, model = str(settings.get("provider", "")), str(settings.get("model", ""))
    return (f"{provider}/{model}" if model else provider)[:160]


def alone(settings: ModelSettings) -> ModelSettings:
    """A model's settings without those of the ones that may answer in its place."""
    return {name: value for name, value in settings.items() if name != "fallbacks"}


def chain(settings: ModelSettings) -> tuple[Link, ...]:
    """The models in order, the agent's own first. Raises `Invalid` that says what is wrong with the list."""
    given = settings.get("fallbacks", [])
    if not isinstance(given, list | tuple) or len(cast("list[Any]", given)) > MAX_FALLBACKS:
        raise Invalid(
            f"The model's 'fallbacks' must be a list of at most {MAX_FALLBACKS} models. Correct it under Model."
        )
    links = [Link(alone(settings), frozenset())]
    for number, entry in enumerate(cast("list[Any]", given), 1):
        if not isinstance(entry, Mapping) or "provider" not in entry or "fallbacks" in entry:
            raise Invalid(f"Fallback {number} must be a model with a provider, and no list of its own. Correct it.")
        fields = dict(cast("Mapping[str, Any]", entry))
        on = fields.pop("on", sorted(REASONS))
        if not isinstance(on, list | tuple) or not on or not set(cast("list[Any]", on)) <= REASONS:
            raise Invalid(f"In fallback {number}, 'on' lists what it is for: outage, budget or both. Correct it.")
        links.append(Link(fields, frozenset(cast("list[str]", on))))
    return tuple(links)
