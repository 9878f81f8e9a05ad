"""Agents and their immutable versions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Text

from legate_core.storage.schema import JsonColumn, workspace_table

agents = workspace_table(
    "agent",
    Column("name", String(120), nullable=False),
    Column("draft", JsonColumn, nullable=False),
    Column("published_hash", String(64)),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
)

agent_versions = workspace_table(
    "agent_version",
    Column("agent_id", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    Column("note", String(400), nullable=False),
    Column("published_by", String(40), nullable=False),
    Column("published_at", BigInteger, nullable=False),
    key="hash",
)
"""A version by the hash of its definition; the text is canonical JSON and is never changed. Number 0 is a draft that was
tried: it gets its number, its note and its publisher when it is published."""
