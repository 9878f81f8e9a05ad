"""Questions to a person. The card lies encrypted in the run's bodies; here is what lists and races need.

A yes is a one-use grant: it is spent by setting `spent_at` once, by compare-and-set, in the commit of the intent.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String

from legate_core.storage.schema import workspace_table

approvals = workspace_table(
    "approval",
    Column("run_id", String(40), nullable=False),
    Column("action_id", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("tool", String(120), nullable=False),
    Column("effect", String(20), nullable=False),
    Column("risk", String(20), nullable=False),
    Column("agent_id", String(40), nullable=False),
    Column("agent", String(120), nullable=False),
    Column("initiator", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("like", String(64), nullable=False),
    Column("card_ref", String(60), nullable=False),
    Column("edited_ref", String(60)),
    Column("effective_digest", String(64)),
    Column("reason_ref", String(60)),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_by", String(40)),
    Column("hold_until", BigInteger),
    Column("spent_at", BigInteger),
    Column("rule_id", String(40)),
    Column("stop", Boolean, nullable=False),
    Column("snoozed_until", BigInteger),
    Column("assigned_to", String(40)),
    of_run=True,
)
Index("ix_approval_state", approvals.c.workspace_id, approvals.c.state, approvals.c.expires_at)
Index("ix_approval_run", approvals.c.workspace_id, approvals.c.run_id)
Index("ix_approval_action", approvals.c.workspace_id, approvals.c.action_id)
