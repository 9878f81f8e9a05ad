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


@event("agent.deleted")
@dataclass(frozen=True, slots=True)
class AgentDeleted(Event):
    """It starts no run any more. Its versions, its runs and what they did stay."""

    agent_id: str


@event("agent.restored")
@dataclass(frozen=True, slots=True)
class AgentRestored(Event):
    """It is back as it was."""

    agent_id: str


@event("agent.imported")
@dataclass(frozen=True, slots=True)
class AgentImported(Event):
    """It came from a file, as a draft; `file_digest` is SHA-256 of that file."""

    agent_id: str
    file_digest: str


@event("agent.tried")
@dataclass(frozen=True, slots=True)
class AgentTried(Event):
    """Its draft was kept as it is, so that a run could try it; nobody published it."""

    agent_id: str
    definition_hash: str
