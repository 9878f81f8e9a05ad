"""Tool calls on their way to the world."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String

from legate_core.storage.schema import workspace_table

actions = workspace_table(
    "action",
    Column("run_id", String(40), nullable=False),
    Column("call_id", String(80), nullable=False),
    Column("step", Integer, nullable=False),
    Column("agent_id", String(40), nullable=False),
    Column("agent", String(120), nullable=False),
    Column("initiator", String(40), nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("tool", String(120), nullable=False),
    Column("effect", String(20), nullable=False),
    Column("definition_hash", String(64), nullable=False),
    Column("connector_version", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("call_ref", String(60), nullable=False),
    Column("effective_ref", String(60)),
    Column("outcome_ref", String(60)),
    Column("verdict", String(10), nullable=False),
    Column("rule_id", String(60), nullable=False),
    Column("approval_id", String(40)),
    Column("hold_until", BigInteger),
    Column("attempt", Integer, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("dispatched_at", BigInteger),
    Column("settled_at", BigInteger),
    of_run=True,
)
Index("ix_action_run", actions.c.workspace_id, actions.c.run_id)
Index("ix_action_state", actions.c.workspace_id, actions.c.state)
