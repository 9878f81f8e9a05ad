"""The one SQLAlchemy metadata both databases are made from, and how a feature declares a table in it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Column, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

JsonColumn = JSON().with_variant(JSONB(), "postgresql")
"""JSON where the database has it: text on SQLite, JSONB on PostgreSQL. Never for what a signature must cover byte by byte."""

Instant = BigInteger
"""Milliseconds since the Unix epoch."""

Blob = LargeBinary


def workspace_table(
    name: str,
    *columns: SchemaItem,
    audited: bool = True,
    of_run: bool = False,
    key: str = "id",
    key_type: TypeEngine[Any] | None = None,
) -> Table:
    """Declare a tenant table: `workspace_id` stands first in its primary key, row-level security guards it on PostgreSQL.

    `audited` tables may only be written through `Context.insert` and `Context.update`, which bind each row's new state
    into the journal. Tables that hold ciphertext, cursors or the journal itself are not audited. Rows `of_run` belong to
    the run of the fact that changes them: erasing it takes away what their states could be guessed from.
    """
    return Table(
        name,
        metadata,
        Column("workspace_id", String(40), primary_key=True),
        Column(key, key_type or String(80), primary_key=True),
        *columns,
        info={"tenant": True, "audited": audited, "of_run": of_run, "key": key},
    )


def key_of(table: Table) -> Column[Any]:
    """The column that, with `workspace_id`, names one row of a tenant table."""
    return cast("Column[Any]", table.c[table.info["key"]])
