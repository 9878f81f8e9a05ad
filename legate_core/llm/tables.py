"""Where models come from: servers that were found on this computer, and keys that were tried."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String

from legate_core.storage.schema import JsonColumn, workspace_table

model_sources = workspace_table(
    "model_source",
    Column("kind", String(10), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("who", String(80), nullable=False),
    Column("base_url", String(300), nullable=False),
    Column("secret_id", String(40), nullable=False),
    Column("is_there", Boolean, nullable=False),
    Column("models", JsonColumn, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
)
