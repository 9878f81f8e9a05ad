"""What an agent is: purpose, instructions, model, tools, limits; a draft that changes and versions that never do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from legate_core import typed
from legate_core.crypto.canonical import digest
from legate_core.errors import Invalid

MAX_INSTRUCTIONS = 64_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use at most. `cost_micros` is money in millionths of the price list's currency; 0 sets no limit."""

    steps: int = 60
    tokens: int = 400_000
    wall_clock_seconds: int = 3_600
    cost_micros: int = 0
    transcript_tokens: int = 24_000
    malformed_replies: int = 3

    def __post_init__(self) -> None:
        for name in ("steps", "tokens", "wall_clock_seconds", "transcript_tokens", "malformed_replies"):
            if getattr(self, name) < 1:
                raise Invalid(f"The limit {name} must be at least 1.")
        if self.cost_micros < 0:
            raise Invalid("The limit cost_micros must be 0 (no limit) or more.")


@dataclass(frozen=True)
class AgentDefinition:
    """Everything a version of an agent is. Two equal definitions have one hash.

    `model` says which provider and model ("provider", "model", and what the provider needs); `tools` are names from the
    catalogue, and no other tool can be called; `folders` gives the agent's folders by name, as absolute paths; `sender` is
    the address its mail is sent from; `knowledge` are the knowledge bases it may search, by id or name, and no others.
    """

    name: str
    purpose: str
    instructions: str
    model: Mapping[str, Any]
    tools: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    folders: Mapping[str, str] = field(default_factory=dict[str, str])
    sender: str = ""
    knowledge: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise Invalid("An agent needs a name.")
        if len(self.name) > 80:
            raise Invalid("An agent's name may have at most 80 characters.")
        if len(self.instructions) > MAX_INSTRUCTIONS:
            raise Invalid(f"The instructions may have at most {MAX_INSTRUCTIONS:,} characters.")
        if "provider" not in self.model:
            raise Invalid("The agent's model names no provider. Choose one under Model.")
        if len(set(self.tools)) != len(self.tools):
            raise Invalid("A tool is listed twice.")

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical definition; the id of a published version."""
        return digest(to_json(self))


def to_json(definition: AgentDefinition) -> dict[str, Any]:
    """A definition as JSON."""
    data: dict[str, Any] = msgspec.to_builtins(definition)
    if not definition.knowledge:
        # Left out where there is none, so that versions published before there was such a field keep their hash.
        data.pop("knowledge", None)
    return data


def from_json(data: Mapping[str, Any]) -> AgentDefinition:
    """A definition from JSON. Raises `Invalid` that names the field."""
    try:
        return typed.convert(dict(data), AgentDefinition)
    except msgspec.ValidationError as error:
        raise Invalid(f"The agent's definition is wrong: {error}.") from error
