"""The published versions of an agent, one of them whole, and what changed between any two or since the last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from legate_core.agents.diff import DefinitionChange, changes
from legate_core.agents.model import AgentDefinition, from_json
from legate_core.agents.store import load_agent, load_definition, may_see_drafts
from legate_core.agents.tables import agent_versions
from legate_core.errors import Forbidden
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.policy.words import addresses_in


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """One published version. `is_current` is the one that runs are started with."""

    hash: str
    number: int
    note: str
    published_by: str
    published_at: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class AgentVersions(Query[tuple[AgentVersion, ...]]):
    """Every published version of an agent, the newest first."""

    agent_id: str


@query(AgentVersions, permission="definitions.view", route="GET /agents/{agent_id}/versions")
def agent_versions_of(ctx: ReadContext, message: AgentVersions) -> tuple[AgentVersion, ...]:
    agent = load_agent(ctx, message.agent_id)
    statement = (
        select(agent_versions)
        .where(
            agent_versions.c.workspace_id == ctx.workspace_id,
            # A twin of another agent shares the version that was published first.
            (agent_versions.c.agent_id == agent["id"]) | (agent_versions.c.hash == agent["published_hash"]),
            agent_versions.c.number > 0,
        )
        .order_by(agent_versions.c.number.desc())
    )
    return tuple(
        AgentVersion(
            hash=row["hash"],
            number=row["number"],
            note=row["note"],
            published_by=row["published_by"],
            published_at=row["published_at"],
            is_current=row["hash"] == agent["published_hash"],
        )
        for row in ctx.rows(statement)
    )


@dataclass(frozen=True, slots=True)
class VersionDefinition(Query[AgentDefinition]):
    """A version whole, by its hash. To go back to an old one, edit the draft to it and publish."""

    definition_hash: str


@query(VersionDefinition, permission="definitions.view", route="GET /versions/{definition_hash}")
def version_definition(ctx: ReadContext, message: VersionDefinition) -> AgentDefinition:
    row = ctx.get(agent_versions, message.definition_hash)
    if row is not None and not row["number"] and not may_see_drafts(ctx):
        raise Forbidden(
            "This is a draft that was tried, and drafts are not shown to your role. List the versions instead."
        )
    return load_definition(ctx, message.definition_hash)


@dataclass(frozen=True, slots=True)
class AgentDifference:
    """What differs between two definitions, and the addresses and links that the later one names.

    By publishing, a person makes the text of a definition their own words; `literals` is what that text would then name.
    """

    changes: tuple[DefinitionChange, ...]
    literals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentChanges(Query[AgentDifference]):
    """What changed in an agent. Left empty, `before` is the published version and `after` the draft."""

    agent_id: str
    before: str = ""
    after: str = ""


@query(AgentChanges, permission="drafts.view", route="GET /agents/{agent_id}/changes")
def agent_changes(ctx: ReadContext, message: AgentChanges) -> AgentDifference:
    agent = load_agent(ctx, message.agent_id)
    first = message.before or agent["published_hash"]
    before = load_definition(ctx, first) if first else None
    after = load_definition(ctx, message.after) if message.after else from_json(agent["draft"])
    return AgentDifference(changes(before, after), literals(after))


def literals(definition: AgentDefinition) -> tuple[str, ...]:
    """The addresses and links in the words that a publisher makes their own, each once, in their order."""
    text = f"{definition.purpose}\n{definition.instructions}"
    return tuple(dict.fromkeys(addresses_in(text)))
