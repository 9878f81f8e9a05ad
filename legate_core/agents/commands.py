"""Making, editing and publishing agents; reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import select

from legate_core.agents.events import AgentCreated, AgentEdited, AgentPublished
from legate_core.agents.folders import DataFolder
from legate_core.agents.model import AgentDefinition, from_json, to_json
from legate_core.agents.store import load_agent, next_number
from legate_core.agents.tables import agent_versions, agents
from legate_core.crypto.canonical import canonical
from legate_core.errors import Conflict, Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Command, LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import command, query
from legate_core.tools.catalog import Catalog


@dataclass(frozen=True, slots=True)
class CreateAgent(Command[str]):
    """Make an agent as a draft; answers with its id. Nothing can run it before it is published."""

    definition: AgentDefinition


@command(CreateAgent, permission="drafts.create", route="POST /agents")
def create_agent(ctx: Context, message: CreateAgent) -> str:
    _check(ctx, message.definition)
    agent_id = new_id("agt")
    ctx.insert(
        agents,
        {
            "id": agent_id,
            "name": message.definition.name,
            "draft": to_json(message.definition),
            "created_by": ctx.actor.id,
            "created_at": ctx.now,
            "changed_at": ctx.now,
        },
    )
    ctx.emit(AgentCreated(agent_id))
    return agent_id


@dataclass(frozen=True, slots=True)
class EditAgent(Command[None]):
    """Replace an agent's draft. Published versions and the runs pinned to them stay as they are."""

    agent_id: str
    definition: AgentDefinition


@command(EditAgent, permission="drafts.edit", route="PUT /agents/{agent_id}")
def edit_agent(ctx: Context, message: EditAgent) -> None:
    _check(ctx, message.definition)
    row = load_agent(ctx, message.agent_id)
    changes = {"draft": to_json(message.definition), "name": message.definition.name, "changed_at": ctx.now}
    if ctx.update(agents, row["id"], changes, expect={"changed_at": row["changed_at"]}) is None:
        raise Conflict("Somebody else changed this agent just now. Look at it again, then edit.")
    ctx.emit(AgentEdited(row["id"]))


@dataclass(frozen=True, slots=True)
class PublishAgent(Command[str]):
    """Make the draft an immutable version; answers with its hash. Publishing an unchanged draft changes nothing."""

    agent_id: str
    note: str = ""


def _publisher(ctx: ReadContext, message: PublishAgent) -> str:
    return str(load_agent(ctx, message.agent_id)["created_by"])


@command(PublishAgent, permission="definitions.publish", route="POST /agents/{agent_id}/publish", owner=_publisher)
def publish_agent(ctx: Context, message: PublishAgent) -> str:
    row = load_agent(ctx, message.agent_id)
    definition = from_json(row["draft"])
    _check(ctx, definition)
    if row["published_hash"] == definition.hash:
        return definition.hash
    number = next_number(ctx, row["id"])
    if ctx.get(agent_versions, definition.hash) is None:
        ctx.insert(
            agent_versions,
            {
                "hash": definition.hash,
                "agent_id": row["id"],
                "number": number,
                "definition": canonical(to_json(definition)).decode(),
                "note": message.note[:400],
                "published_by": ctx.actor.id,
                "published_at": ctx.now,
            },
        )
    ctx.update(agents, row["id"], {"published_hash": definition.hash, "changed_at": ctx.now})
    ctx.emit(AgentPublished(row["id"], definition.hash, number))
    return definition.hash


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One line of the list of agents."""

    id: str
    name: str
    purpose: str
    model: str
    tools: tuple[str, ...]
    published_hash: str
    has_unpublished_changes: bool
    changed_at: int


@dataclass(frozen=True)
class Agents(LiveQuery[AgentRow]):
    """Every agent of the workspace."""

    listens: ClassVar[frozenset[str]] = frozenset({AgentCreated.name, AgentEdited.name, AgentPublished.name})
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, AgentRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["agent_id"])}))


@query(Agents, permission="definitions.view", route="GET /agents")
def list_agents(ctx: ReadContext, message: Agents) -> dict[str, AgentRow]:
    statement = select(agents).where(agents.c.workspace_id == ctx.workspace_id).order_by(agents.c.name)
    if message.ids is not None:
        statement = statement.where(agents.c.id.in_(message.ids))
    found: dict[str, AgentRow] = {}
    for row in ctx.rows(statement):
        draft = from_json(row["draft"])
        found[row["id"]] = AgentRow(
            id=row["id"],
            name=row["name"],
            purpose=draft.purpose,
            model=str(draft.model.get("model") or draft.model["provider"]),
            tools=draft.tools,
            published_hash=row["published_hash"] or "",
            has_unpublished_changes=row["published_hash"] != draft.hash,
            changed_at=row["changed_at"],
        )
    return found


@dataclass(frozen=True, slots=True)
class AgentDraft(Query[AgentDefinition]):
    """An agent's draft by id or name."""

    agent_id: str


@query(AgentDraft, permission="definitions.view", route="GET /agents/{agent_id}")
def agent_draft(ctx: ReadContext, message: AgentDraft) -> AgentDefinition:
    return from_json(load_agent(ctx, message.agent_id)["draft"])


def _check(ctx: ReadContext, definition: AgentDefinition) -> None:
    """Refuse a definition that names tools that do not exist or folders that no agent may have."""
    ctx.port(DataFolder).check(definition.folders)
    catalog = ctx.port(Catalog)
    unknown = [name for name in definition.tools if name not in catalog]
    if unknown:
        raise Invalid(f"There is no tool {', '.join(unknown)}. Choose from: {', '.join(catalog)}.")
