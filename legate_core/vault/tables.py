"""Secrets as anybody may know them, and, apart from them, what is encrypted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String

from legate_core.storage.schema import Blob, JsonColumn, workspace_table

secrets = workspace_table(
    "secret",
    Column("name", String(80), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("connector", String(80), nullable=False),
    Column("hosts", JsonColumn, nullable=False),
    Column("owner_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("replaced_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("last_used_by", String(40), nullable=False),
    Column("deleted_at", BigInteger),
)
"""Everything about a secret but its value. A deleted one stays as a row, so that the journal can account for it.

`version` and `digest` belong to the record below and are committed to by the journal: an older record, put back in its
place, no longer matches. `owner_id` is empty for a secret the workspace shares. `last_used_by` is the run that it was lent to
last, empty where that was no run or never.
"""
Index(
    "uq_secret_name",
    secrets.c.workspace_id,
    secrets.c.name,
    unique=True,
    sqlite_where=secrets.c.deleted_at.is_(None),
    postgresql_where=secrets.c.deleted_at.is_(None),
)

records = workspace_table(
    "secret_record",
    Column("version", Integer, nullable=False),
    Column("master", Integer, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("wrapped", LargeBinary(48), nullable=False),
    Column("nonce", LargeBinary(12), nullable=False),
    Column("content", Blob, nullable=False),
    audited=False,
)
"""The envelope of a secret's present version, under the secret's id. It goes with the secret."""

vaults = workspace_table(
    "vault",
    Column("sealed_at", BigInteger),
    Column("sealed_by", String(40)),
)
"""Whether the workspace's vault is sealed; one row, made by the first seal. It outlives a restart."""
