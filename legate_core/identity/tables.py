"""Workspaces and their members."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

from legate_core.storage.schema import metadata, workspace_table

workspaces = workspace_table(
    "workspace",
    Column("name", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

members = workspace_table(
    "member",
    Column("name", String(120), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    key="person_id",
)

installation = Table(
    "installation",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    info={"tenant": False, "audited": False},
)
"""What belongs to this installation and to no workspace: the personal workspace's id, the wrapped body key, the device."""
