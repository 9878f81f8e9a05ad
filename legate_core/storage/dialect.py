"""Every difference between SQLite and PostgreSQL that the core knows, in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, TextClause, bindparam, text
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
    connection.execute(_insert_or_ignore(table, tuple(rows[0])), list(rows) if len(rows) > 1 else rows[0])


@cache
def _insert_or_ignore(table: Table, columns: tuple[str, ...]) -> TextClause:
    # As text, which both databases read: SQLAlchemy compiles its own form of this anew at every use.
    names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(f":{name}" for name in columns)
    statement = text(f'INSERT INTO "{table.name}" ({names}) VALUES ({values}) ON CONFLICT DO NOTHING')
    return statement.bindparams(*(bindparam(name, type_=table.c[name].type) for name in columns))


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


def words_in(connection: Connection, numbers: Sequence[int]) -> None:
    """Let keywords find chunks that were just written. PostgreSQL sees to it by itself."""
    if is_sqlite(connection):
        connection.execute(_WORDS_IN, {"numbers": list(numbers)})


def words_out(connection: Connection, numbers: Sequence[int]) -> None:
    """Let keywords forget chunks that are about to be deleted; to be called while they are still there."""
    if is_sqlite(connection):
        connection.execute(_WORDS_OUT, {"numbers": list(numbers)})


_WORDS_IN = text(
    "INSERT INTO chunk_words(rowid, heading, text) SELECT number, heading, text FROM chunk WHERE number IN :numbers"
).bindparams(bindparam("numbers", expanding=True))
_WORDS_OUT = text(
    "INSERT INTO chunk_words(chunk_words, rowid, heading, text) "
    "SELECT 'delete', number, heading, text FROM chunk WHERE number IN :numbers"
).bindparams(bindparam("numbers", expanding=True))


def keyword_matches(
    connection: Connection, workspace_id: str, bases: Sequence[str], words: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Numbers of the chunks of these knowledge bases that hold any of the words, the best first, with a score.

    Words are letters and digits, at least one. SQLite ranks by BM25; PostgreSQL has no such thing, so there each word
    counts as much as it is rare, up to `_COUNTED` chunks.
    """
    if is_sqlite(connection):
        query = " OR ".join(f'"{word}"' for word in words)
        found = connection.execute(_SQLITE_WORDS, {"query": query, "w": workspace_id, "b": list(bases), "n": limit})
        return [(int(number), -float(score)) for number, score in found]
    scope = {"w": workspace_id, "b": list(bases)}
    rare = {word: _rarity(connection, word, scope) for word in words}
    known = {word: weight for word, weight in rare.items() if weight > 0}
    if not known:
        return []
    ranks = " + ".join(
        f"CAST(:r{place} AS real) * ts_rank(words, to_tsquery('english', :t{place}), 1)" for place in range(len(known))
    )
    statement = text(
        f"SELECT number, {ranks} AS score FROM chunk WHERE workspace_id = :w AND base_id = ANY(:b) "
        "AND words @@ to_tsquery('english', :query) ORDER BY score DESC, number LIMIT :n"
    )
    values: dict[str, Any] = {**scope, "query": " | ".join(f"'{word}'" for word in known), "n": limit}
    for place, (word, weight) in enumerate(known.items()):
        values |= {f"t{place}": f"'{word}'", f"r{place}": weight}
    return [(int(number), float(score)) for number, score in connection.execute(statement, values)]


_COUNTED = 5_000
_SQLITE_WORDS = text(
    "SELECT chunk.number, found.score FROM "
    "(SELECT rowid, bm25(chunk_words, 2.0, 1.0) AS score FROM chunk_words WHERE chunk_words MATCH :query) AS found "
    "JOIN chunk ON chunk.number = found.rowid "
    "WHERE chunk.workspace_id = :w AND chunk.base_id IN :b ORDER BY found.score, chunk.number LIMIT :n"
).bindparams(bindparam("b", expanding=True))


def _rarity(connection: Connection, word: str, scope: Mapping[str, Any]) -> float:
    """How much it says that a chunk holds this word; 0 where none does, or where it is no word worth searching."""
    holding = connection.execute(_HOLDING, {**scope, "q": f"'{word}'", "n": _COUNTED}).scalar_one()
    return math.log(1 + _COUNTED / holding) if holding else 0.0


_HOLDING = text(
    "SELECT count(*) FROM (SELECT 1 FROM chunk WHERE workspace_id = :w AND base_id = ANY(:b) "
    "AND words @@ to_tsquery('english', :q) LIMIT :n) AS holding"
)
