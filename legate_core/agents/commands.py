"""Making, editing, publishing and deleting agents; reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import select

from legate_core.agents import diff
from legate_core.agents.events import AgentCreated, AgentDeleted, AgentEdited, AgentPublished, AgentRestored
from legate_core.agents.folders import DataFolder
from legate_core.agents.model import AgentDefinition, from_json, to_json
from legate_core.agents.store import (
    keep_version,
    living,
    load_agent,
    load_definition,
    may_see_drafts,
    next_number,
    shown_definition,
)
from legate_core.agents.tables import agent_versions, agents
from legate_core.errors import Conflict, Invalid
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Command, LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import command, query
from legate_core.policy.store import load as load_policy
from legate_core.tools.catalog import Catalog


@dataclass(frozen=True, slots=True)
class CreateAgent(Command[str]):
    """Make an agent as a draft; answers with its id. Nothing can run it before it is published."""

    definition: AgentDefinition


@command(CreateAgent, permission="drafts.create", route="POST /agents")
def create_agent(ctx: Context, message: CreateAgent) -> str:
    check(ctx, message.definition)
    return create(ctx, message.definition)


def create(ctx: Context, definition: AgentDefinition) -> str:
    """A new agent with this draft, in the transaction of whoever asks; its id."""
    agent_id = new_id("agt")
    ctx.insert(
        agents,
        {
            "id": agent_id,
            "name": definition.name,
            "draft": to_json(definition),
            "created_by": ctx.actor.id,
            "created_at": ctx.now,
            "changed_at": ctx.now,
        },
    )
    ctx.emit(AgentCreated(agent_id))
    return agent_id


@dataclass(frozen=True, slots=True)
class EditAgent(Command[None]):
    """Replace an agent's draft. Published versions and the runs pinned to them stay as they are.

    `was` is the hash of the draft that was looked at: where somebody else changed it since, nothing is replaced. Empty
    for whoever has not looked.
    """

    agent_id: str
    definition: AgentDefinition
    was: str = ""


@command(EditAgent, permission="drafts.edit", route="PUT /agents/{agent_id}")
def edit_agent(ctx: Context, message: EditAgent) -> None:
    check(ctx, message.definition)
    row = living(ctx, message.agent_id)
    if message.was and from_json(row["draft"]).hash != message.was:
        raise Conflict("Somebody else changed this agent meanwhile. Look at it again, then edit.")
    changes = {"draft": to_json(message.definition), "name": message.definition.name, "changed_at": ctx.now}
    if ctx.update(agents, row["id"], changes, expect={"changed_at": row["changed_at"]}) is None:
        raise Conflict("Somebody else changed this agent just now. Look at it again, then edit.")
    ctx.emit(AgentEdited(row["id"]))


@dataclass(frozen=True, slots=True)
class PublishAgent(Command[str]):
    """Make the draft an immutable version; answers with its hash. Publishing an unchanged draft changes nothing.

    Where the workspace does not ask for every effect, a version that reaches further than the one before may do unasked
    what no version could; that needs what loosening a rule needs.
    """

    agent_id: str
    note: str = ""


def _publisher(ctx: ReadContext, message: PublishAgent) -> str:
    return str(load_agent(ctx, message.agent_id)["created_by"])


@command(PublishAgent, permission="definitions.publish", route="POST /agents/{agent_id}/publish", owner=_publisher)
def publish_agent(ctx: Context, message: PublishAgent) -> str:
    row = living(ctx, message.agent_id)
    definition = from_json(row["draft"])
    check(ctx, definition)
    if row["published_hash"] == definition.hash:
        return definition.hash
    if _is_wider(ctx, row, definition):
        ctx.port(MatrixAuthorizer).require(ctx, "definitions.publish.wider", owner=row["created_by"])
    known = ctx.get(agent_versions, definition.hash)
    # A version that was published before keeps its number, its note and its publisher when it comes back.
    number = (known["number"] if known is not None else 0) or next_number(ctx, row["id"])
    keep_version(ctx, row["id"], definition, number=number, note=message.note)
    ctx.update(agents, row["id"], {"published_hash": definition.hash, "changed_at": ctx.now})
    ctx.emit(AgentPublished(row["id"], definition.hash, number))
    return definition.hash


def _is_wider(ctx: ReadContext, row: Mapping[str, Any], definition: AgentDefinition) -> bool:
    """Whether publishing this goes beyond the policy in force. Where every effect is asked for, nothing does: whatever
    the version reaches for, a person sees it first."""
    if load_policy(ctx).settings.ask_every_effect:
        return False
    before = load_definition(ctx, row["published_hash"]) if row["published_hash"] else None
    return any(change.wider for change in diff.changes(before, definition))


@dataclass(frozen=True, slots=True)
class DeleteAgent(Command[None]):
    """Take an agent out of use. It starts no run any more; what it began goes on, and what it did stays readable."""

    agent_id: str


def _creator(ctx: ReadContext, message: DeleteAgent | RestoreAgent) -> str:
    return str(load_agent(ctx, message.agent_id)["created_by"])


@command(DeleteAgent, permission="definitions.delete", route="DELETE /agents/{agent_id}", owner=_creator)
def delete_agent(ctx: Context, message: DeleteAgent) -> None:
    row = load_agent(ctx, message.agent_id)
    if row["deleted_at"] or ctx.update(agents, row["id"], {"deleted_at": ctx.now}, expect={"deleted_at": None}) is None:
        raise Conflict(f"{row['name']} was deleted already. It can be restored.")
    ctx.emit(AgentDeleted(row["id"]))


@dataclass(frozen=True, slots=True)
class RestoreAgent(Command[None]):
    """Bring a deleted agent back as it was, with its published version."""

    agent_id: str


@command(RestoreAgent, permission="definitions.restore", route="POST /agents/{agent_id}/restore", owner=_creator)
def restore_agent(ctx: Context, message: RestoreAgent) -> None:
    row = load_agent(ctx, message.agent_id)
    if not row["deleted_at"]:
        raise Conflict(f"{row['name']} is not deleted, so there is nothing to restore.")
    ctx.update(agents, row["id"], {"deleted_at": None}, expect={"deleted_at": row["deleted_at"]})
    ctx.emit(AgentRestored(row["id"]))


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One line of the list of agents. `version` is the number of the published one, 0 where there is none."""

    id: str
    name: str
    purpose: str
    model: str
    tools: tuple[str, ...]
    published_hash: str
    has_unpublished_changes: bool
    changed_at: int
    version: int = 0
    created_by: str = ""
    deleted_at: int = 0
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agents(LiveQuery[AgentRow]):
    """Every agent of the workspace; with `deleted` those that were deleted and can be restored, and no others.

    Whoever may not see drafts sees what is published, as it was published.
    """

    listens: ClassVar[frozenset[str]] = frozenset(
        event.name for event in (AgentCreated, AgentEdited, AgentPublished, AgentDeleted, AgentRestored)
    )
    deleted: bool = False
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, AgentRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["agent_id"])}))


@query(Agents, permission="definitions.view", route="GET /agents")
def list_agents(ctx: ReadContext, message: Agents) -> dict[str, AgentRow]:
    is_among = agents.c.deleted_at.is_not(None) if message.deleted else agents.c.deleted_at.is_(None)
    versions = agent_versions
    statement = (
        select(agents, versions.c.number)
        .outerjoin(
            versions,
            (versions.c.workspace_id == agents.c.workspace_id) & (versions.c.hash == agents.c.published_hash),
        )
        .where(agents.c.workspace_id == ctx.workspace_id, is_among)
        .order_by(agents.c.name, agents.c.id)
    )
    if message.ids is not None:
        statement = statement.where(agents.c.id.in_(message.ids))
    found: dict[str, AgentRow] = {}
    sees_drafts = may_see_drafts(ctx)
    for row in ctx.rows(statement):
        draft = shown_definition(ctx, row)
        if draft is None:
            continue
        found[row["id"]] = AgentRow(
            id=row["id"],
            name=row["name"] if sees_drafts else draft.name,
            purpose=draft.purpose,
            model=str(draft.model.get("model") or draft.model["provider"]),
            tools=draft.tools,
            published_hash=row["published_hash"] or "",
            has_unpublished_changes=sees_drafts and row["published_hash"] != draft.hash,
            changed_at=row["changed_at"],
            version=row["number"] or 0,
            created_by=row["created_by"],
            deleted_at=row["deleted_at"] or 0,
            knowledge=draft.knowledge,
        )
    return found


@dataclass(frozen=True, slots=True)
class AgentDraft(Query[AgentDefinition]):
    """An agent's draft by id or name."""

    agent_id: str


@query(AgentDraft, permission="drafts.view", route="GET /agents/{agent_id}")
def agent_draft(ctx: ReadContext, message: AgentDraft) -> AgentDefinition:
    return from_json(load_agent(ctx, message.agent_id)["draft"])


def check(ctx: ReadContext, definition: AgentDefinition) -> None:
    """Refuse a definition that names tools that do not exist or folders that no agent may have."""
    ctx.port(DataFolder).check(definition.folders)
    catalog = ctx.port(Catalog)
    unknown = [name for name in definition.tools if name not in catalog]
    if unknown:
        raise Invalid(f"There is no tool {', '.join(unknown)}. Choose from: {', '.join(catalog)}.")
