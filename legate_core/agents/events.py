"""The facts of an agent's definition."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("agent.created")
@dataclass(frozen=True, slots=True)
class AgentCreated(Event):
    """An agent exists, as a draft."""

    agent_id: str


@event("agent.edited")
@dataclass(frozen=True, slots=True)
class AgentEdited(Event):
    """Its draft changed; published versions never do."""

    agent_id: str


@event("agent.published")
@dataclass(frozen=True, slots=True)
class AgentPublished(Event):
    """Its draft became an immutable version, found by its hash."""

    agent_id: str
    definition_hash: str
    number: int
