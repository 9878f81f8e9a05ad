"""A workspace's rules, its switches, and the version that rises with every change of either."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Text

from legate_core.storage.schema import workspace_table

rules = workspace_table(
    "rule",
    Column("name", String(200), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("words", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("uses_left", Integer),
    Column("last_used_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("change", String(20), nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("approval_id", String(40), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_by", String(40), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""`definition` is JSON by `codec`; `uses_left` is what remains of its count. `change` is what the last edit did and
`policy_version` the version that came of it. A deleted rule keeps its row: verdicts in the journal name it."""

Index("ix_rule_state", rules.c.workspace_id, rules.c.state)

policies = workspace_table(
    "policy",
    Column("version", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("changed_by", String(40), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""One row per workspace, `main`. A workspace without it is at version 0 with the safe switches."""
