"""One row by its key: read, insert, compare-and-set. The statements are built once, for that is what costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import Column, Connection, Executable, Table, bindparam, case, select

from legate_core.storage.prepared import Prepared
from legate_core.storage.schema import key_of


def fetch(connection: Connection, statement: Executable) -> list[Mapping[str, Any]]:
    """The rows of a statement, as mappings from column names."""
    return cast("list[Mapping[str, Any]]", connection.execute(statement).mappings().all())


def get(
    connection: Connection, table: Table, workspace_id: str, key: str, *, lock: bool = False
) -> Mapping[str, Any] | None:
    """The row of this workspace with this key, or None; with `lock` nobody else changes it before the commit."""
    values = {"k_workspace": workspace_id, "k_key": key}
    return _select(table, lock).first(connection, values)


def insert(connection: Connection, table: Table, workspace_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Insert a row and return it whole."""
    full = {**_empty(table), **row, "workspace_id": workspace_id}
    _insert(table).run(connection, full)
    return full


def update(
    connection: Connection,
    table: Table,
    workspace_id: str,
    key: str,
    changes: Mapping[str, Any],
    expect: Mapping[str, Any],
    add: Mapping[str, int],
) -> Mapping[str, Any] | None:
    """Set `changes` and count up by `add` where every column in `expect` has that value; the new row, or None where none
    matched. No count goes below zero.
    """
    statement = _update(table, tuple(sorted(changes)), tuple(sorted(expect)), tuple(sorted(add)))
    values = {"k_workspace": workspace_id, "k_key": key}
    values |= {f"v_{name}": value for name, value in changes.items()}
    values |= {f"a_{name}": value for name, value in add.items()}
    values |= {f"x_{name}": value for name, value in expect.items()}
    return statement.first(connection, values)


def state(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON, for its commitment: what it holds, binary columns as hexadecimal.

    Empty columns are left out, so that a later schema may add one that may be empty and old commitments still hold.
    """
    return state_of(row, row.values())


def state_of(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    """`state` of a row that is not a mapping yet; verifying a whole database makes one of each row only once."""
    return {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in zip(names, values, strict=True)
        if value is not None
    }


@cache
def _empty(table: Table) -> dict[str, Any]:
    # Plain strings: SQLAlchemy's names are of a subclass, which would send each row the slow way to its bytes.
    return dict.fromkeys([str(column.key) for column in table.c])


@cache
def _select(table: Table, lock: bool) -> Prepared:
    found = select(table).where(table.c.workspace_id == bindparam("k_workspace"), key_of(table) == bindparam("k_key"))
    # SQLite leaves the words out: its one writer already holds everything.
    return Prepared(found.with_for_update() if lock else found)


@cache
def _insert(table: Table) -> Prepared:
    return Prepared(table.insert(), table.c.keys())


@cache
def _update(table: Table, changes: tuple[str, ...], expect: tuple[str, ...], add: tuple[str, ...]) -> Prepared:
    statement = table.update().where(
        table.c.workspace_id == bindparam("k_workspace"), key_of(table) == bindparam("k_key")
    )
    for name in expect:
        # NULL is a state one may expect, too.
        statement = statement.where(table.c[name].is_not_distinct_from(bindparam(f"x_{name}")))
    new: dict[Column[Any], Any] = {table.c[name]: bindparam(f"v_{name}") for name in changes}
    for name in add:
        sum_ = table.c[name] + bindparam(f"a_{name}")
        new[table.c[name]] = case((sum_ > 0, sum_), else_=0)
    return Prepared(statement.values(new).returning(*table.c))
