"""Every difference between SQLite and PostgreSQL that the core knows, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

APPLICATION_ROLE = "legate_app"
"""The PostgreSQL role features run as: it owns no table and cannot bypass row-level security."""

SWEEP_ROLE = "legate_sweep"
"""The narrow PostgreSQL role that may look across workspaces for runs to wake, and see nothing else."""

_ENTER = text("SELECT set_config('app.workspace', :workspace_id, true)")


def is_sqlite(connection: Connection) -> bool:
    """Whether this connection speaks to SQLite."""
    return connection.dialect.name == "sqlite"


def enter_workspace(connection: Connection, workspace_id: str) -> None:
    """Bind this transaction to one workspace: on PostgreSQL row-level security shows no row of any other."""
    if not is_sqlite(connection):
        connection.execute(_ENTER, {"workspace_id": workspace_id})


def become_application_role(dbapi_connection: Any, _record: Any) -> None:
    """Give up the log-in role's rights for the life of a PostgreSQL connection, once the role exists."""
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APPLICATION_ROLE,))
        if cursor.fetchone():
            cursor.execute(f"SET ROLE {APPLICATION_ROLE}")
    dbapi_connection.commit()


def locked(statement: Select[Any], connection: Connection, *, skip_locked: bool = False) -> Select[Any]:
    """Lock the selected rows until commit. SQLite's one writer already holds everything."""
    return statement if is_sqlite(connection) else statement.with_for_update(skip_locked=skip_locked)


def insert_or_ignore(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving out those whose key exists."""
    statement: Insert = (
        sqlite.insert(table).on_conflict_do_nothing()
        if is_sqlite(connection)
        else postgresql.insert(table).on_conflict_do_nothing()
    )
    connection.execute(statement, list(rows))


def may_be_retried(error: DBAPIError) -> bool:
    """Whether PostgreSQL turned a transaction back only because of another one (deadlock, serialization)."""
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def upsert(connection: Connection, table: Table, row: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Insert a row or replace the values of the one with the same keys."""
    changed = {name: value for name, value in row.items() if name not in keys}
    if is_sqlite(connection):
        connection.execute(
            sqlite.insert(table).values(**row).on_conflict_do_update(index_elements=list(keys), set_=changed)
        )
    else:
        connection.execute(
            postgresql.insert(table).values(**row).on_conflict_do_update(index_elements=list(keys), set_=changed)
        )
