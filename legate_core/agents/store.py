"""The SQL of agents: definitions in, definitions out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from legate_core.agents.model import AgentDefinition, from_json, to_json
from legate_core.agents.tables import agent_versions, agents
from legate_core.crypto.canonical import canonical
from legate_core.errors import Conflict, Damaged, NotFound
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context, ReadContext


def load_definition(ctx: ReadContext, definition_hash: str) -> AgentDefinition:
    """A version by its hash, published or tried; what was stored under another hash is refused."""
    row = ctx.get(agent_versions, definition_hash)
    if row is None:
        raise NotFound(f"There is no version {definition_hash[:12]} in this workspace. List the agent's versions.")
    definition = from_json(json.loads(row["definition"]))
    if definition.hash != definition_hash:
        raise Damaged("A version does not match its hash. Run 'legate verify' and restore a backup.")
    return definition


def may_see_drafts(ctx: ReadContext) -> bool:
    """Whether this person sees what is not published yet: whoever builds does, whoever only runs or looks does not."""
    return ctx.actor.kind == "system" or ctx.port(MatrixAuthorizer).cell(ctx, "drafts.view").everything


def shown_definition(ctx: ReadContext, agent: Mapping[str, Any]) -> AgentDefinition | None:
    """What an agent is, for this person: its draft, or else its published version, or None where there is none."""
    if may_see_drafts(ctx):
        return from_json(agent["draft"])
    return load_definition(ctx, agent["published_hash"]) if agent["published_hash"] else None


def load_agent(ctx: ReadContext, agent_id: str) -> Mapping[str, Any]:
    """The agent's row by id, or by its exact name where that is unambiguous. A deleted one is found by its id only."""
    row = ctx.get(agents, agent_id)
    if row is not None:
        return row
    statement = select(agents).where(
        agents.c.workspace_id == ctx.workspace_id, agents.c.name == agent_id, agents.c.deleted_at.is_(None)
    )
    found = ctx.rows(statement)
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"Several agents are called {agent_id!r}; name one by its id. 'legate agents' lists them.")
    raise NotFound(f"There is no agent {agent_id!r} in this workspace. 'legate agents' lists them.")


def living(ctx: ReadContext, agent_id: str) -> Mapping[str, Any]:
    """`load_agent` of one that may be worked on: `Conflict` for a deleted one."""
    row = load_agent(ctx, agent_id)
    if row["deleted_at"]:
        raise Conflict(f"{row['name']} was deleted. Restore it first.")
    return row


def keep_version(ctx: Context, agent_id: str, definition: AgentDefinition, *, number: int = 0, note: str = "") -> None:
    """Keep a definition as a version: as a published one, or with number 0 as a draft that is tried. The next event
    accounts for it. A draft that was tried and is published as it is gets its number then; a published version never
    changes."""
    known = ctx.get(agent_versions, definition.hash)
    published = {"number": number, "note": note[:400], "published_by": ctx.actor.id, "published_at": ctx.now}
    if known is None:
        text = canonical(to_json(definition)).decode()
        ctx.insert(agent_versions, {"hash": definition.hash, "agent_id": agent_id, "definition": text, **published})
    elif number and not known["number"]:
        ctx.update(agent_versions, definition.hash, {"agent_id": agent_id, **published}, expect={"number": 0})


def next_number(ctx: ReadContext, agent_id: str) -> int:
    """The number of an agent's next version."""
    statement = select(func.coalesce(func.max(agent_versions.c.number), 0)).where(
        agent_versions.c.workspace_id == ctx.workspace_id, agent_versions.c.agent_id == agent_id
    )
    return int(ctx.connection.execute(statement).scalar_one()) + 1
