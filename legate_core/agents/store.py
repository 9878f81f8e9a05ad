"""The SQL of agents: definitions in, definitions out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from legate_core.agents.model import AgentDefinition, from_json
from legate_core.agents.tables import agent_versions, agents
from legate_core.errors import Damaged, NotFound
from legate_core.kernel.context import ReadContext


def load_definition(ctx: ReadContext, definition_hash: str) -> AgentDefinition:
    """A published version by its hash; what was stored under another hash is refused."""
    row = ctx.get(agent_versions, definition_hash)
    if row is None:
        raise NotFound(f"There is no published version {definition_hash[:12]} in this workspace.")
    definition = from_json(json.loads(row["definition"]))
    if definition.hash != definition_hash:
        raise Damaged("A published version does not match its hash. Run 'legate verify' and restore a backup.")
    return definition


def load_agent(ctx: ReadContext, agent_id: str) -> Mapping[str, Any]:
    """The agent's row by id, or by its exact name where that is unambiguous."""
    row = ctx.get(agents, agent_id)
    if row is not None:
        return row
    statement = select(agents).where(agents.c.workspace_id == ctx.workspace_id, agents.c.name == agent_id)
    found = ctx.rows(statement)
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"Several agents are called {agent_id!r}; name one by its id. 'legate agents' lists them.")
    raise NotFound(f"There is no agent {agent_id!r} in this workspace. 'legate agents' lists them.")


def next_number(ctx: ReadContext, agent_id: str) -> int:
    """The number of an agent's next version."""
    statement = select(func.coalesce(func.max(agent_versions.c.number), 0)).where(
        agent_versions.c.workspace_id == ctx.workspace_id, agent_versions.c.agent_id == agent_id
    )
    return int(ctx.connection.execute(statement).scalar_one()) + 1
