"""Runs and their steps: one durable log from which everything about a run is rebuilt."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from legate_core.storage.schema import workspace_table

runs = workspace_table(
    "run",
    Column("agent_id", String(40), nullable=False),
    Column("definition_hash", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("status", String(20), nullable=False),
    Column("waiting_for", String(20), nullable=False),
    Column("wake_at", BigInteger),
    Column("fence", Integer, nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("started_by", String(40), nullable=False),
    Column("task_ref", String(60), nullable=False),
    Column("result_ref", String(60)),
    Column("reason", String(400), nullable=False),
    Column("steps", Integer, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("reserved_micros", BigInteger, nullable=False),
    Column("worked_ms", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("is_erased", Boolean, nullable=False),
    Column("origin_run_id", String(40)),
    Column("origin_steps", Integer),
    of_run=True,
)
Index("ix_run_status", runs.c.workspace_id, runs.c.status)
Index("ix_run_wake", runs.c.workspace_id, runs.c.wake_at)
Index("ix_run_created", runs.c.workspace_id, runs.c.created_at)
Index("ix_run_agent", runs.c.workspace_id, runs.c.agent_id, runs.c.created_at)

steps = workspace_table(
    "step",
    Column("run_id", String(40), nullable=False),
    Column("index", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("label", String(160), nullable=False),
    Column("action_id", String(40)),
    Column("call_id", String(80)),
    Column("model", String(160)),
    Column("body_ref", String(60)),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    of_run=True,
)
Index("ix_step_run", steps.c.workspace_id, steps.c.run_id, steps.c.index)
Index("ix_step_finished", steps.c.workspace_id, steps.c.finished_at)

budgets = workspace_table(
    "budget",
    Column("scope", String(20), nullable=False),
    Column("subject_id", String(40), nullable=False),
    Column("period", String(10), nullable=False),
    Column("limit_micros", BigInteger, nullable=False),
    Column("told_for", BigInteger),
    Column("set_by", String(40), nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)
"""Limits on money that people set beside those of definitions. `told_for` is the period in which its nearness was told."""

retentions = workspace_table(
    "retention",
    Column("days", Integer, nullable=False),
    Column("set_by", String(40), nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
"""How long the content of ended runs is kept; one row, made when somebody first says so. 0 days keep it for good."""

pauses = workspace_table(
    "pause",
    Column("is_paused", Boolean, nullable=False),
    Column("changed_by", String(40), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""Whether the runs of the workspace are paused; one row, made when somebody first pauses them."""
