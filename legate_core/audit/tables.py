"""Checkpoints of the journal, kept beside it; the last one is kept outside the database as well."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Text

from legate_core.storage.schema import Blob, workspace_table

checkpoints = workspace_table(
    "checkpoint",
    Column("note", Text, nullable=False),
    Column("peaks", Blob, nullable=False),
    Column("at", BigInteger, nullable=False),
    audited=False,
    key="size",
    key_type=BigInteger(),
)
"""A signed note by the number of entries it covers. `peaks` is the tree's right edge at that size, so that the next
checkpoint need not read what is before it; it hashes to the signed root, or it is not believed."""
