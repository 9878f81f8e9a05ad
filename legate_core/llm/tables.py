"""Where models come from (servers, services with a key, files of one's own), and the prices that people have set."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String

from legate_core.storage.schema import Instant, JsonColumn, workspace_table

model_sources = workspace_table(
    "model_source",
    Column("kind", String(10), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("who", String(80), nullable=False),
    Column("base_url", String(300), nullable=False),
    Column("file", String(1000), nullable=False),
    Column("secret_id", String(40), nullable=False),
    Column("is_there", Boolean, nullable=False),
    # Why it was not there when it was looked at last, in words, and how long its answer took.
    Column("problem", String(400), nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("models", JsonColumn, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("looked_at", Instant, nullable=False),
    Column("removed_at", Instant),
)

model_prices = workspace_table(
    "model_price",
    Column("model", String(200), nullable=False),
    Column("input_micros", BigInteger, nullable=False),
    Column("output_micros", BigInteger, nullable=False),
    Column("cached_micros", BigInteger, nullable=False),
    Column("set_by", String(80), nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("removed_at", Instant),
)
