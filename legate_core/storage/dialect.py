"""Every difference between SQLite and PostgreSQL that the core knows, in one place."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, TextClause, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

APPLICATION_ROLE = "legate_app"
"""The PostgreSQL role features run as: it owns no table and cannot bypass row-level security."""

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_ENTER = text("SELECT set_config('app.workspace', :workspace_id, true)")


def is_sqlite(connection: Connection) -> bool:
    """Whether this connection speaks to SQLite."""
    return connection.dialect.name == "sqlite"


def enter_workspace(connection: Connection, workspace_id: str) -> None:
    """Bind this transaction to one workspace: on PostgreSQL row-level security shows no row of any other."""
    if not is_sqlite(connection):
        connection.execute(_ENTER, {"workspace_id": workspace_id})


def take_snapshot(connection: Connection) -> None:
    """Let this transaction, which must not have read yet, see the database as it is at its first look, and change nothing.

    SQLite reads like this anyway; PostgreSQL would see with each statement what was committed before that one, so that a
    list and the cursor that belongs to it could be of two moments.
    """
    if not is_sqlite(connection):
        connection.execute(_SNAPSHOT)


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
    connection.execute(insert_or_ignoring(table, tuple(rows[0])), list(rows) if len(rows) > 1 else rows[0])


def insert_or_ignoring(table: Table, columns: Sequence[str]) -> TextClause:
    """The statement that inserts a row of these columns unless its key exists."""
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


def words_in(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let keywords find chunks that were just written: number, heading and text of each, as they are to be searched.
    PostgreSQL sees to it by itself."""
    if is_sqlite(connection) and rows:
        connection.execute(_WORDS_IN, list(rows))


def words_out(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let keywords forget chunks; the rows as they were given when they went in."""
    if is_sqlite(connection) and rows:
        connection.execute(_WORDS_OUT, list(rows))


_WORDS_IN = text("INSERT INTO chunk_words(rowid, heading, text) VALUES (:number, :heading, :text)")
_WORDS_OUT = text(
    "INSERT INTO chunk_words(chunk_words, rowid, heading, text) VALUES ('delete', :number, :heading, :text)"
)


def keyword_matches(
    connection: Connection,
    workspace_id: str,
    bases: Sequence[str],
    words: Sequence[str],
    limit: int,
    documents: Collection[str] | None = None,
) -> list[tuple[int, float]]:
    """Numbers of the chunks of these knowledge bases that hold any of the words, the best first, with a score; where
    documents are named, of those alone, however many others hold the words too.

    Words are letters and digits, at least one, or several such with blanks between, which must follow each other. The rarest
    are looked for first, and the commonest left out where the others lead to enough chunks: ranking takes time for each chunk
    that holds a word, and common words tell the least.
    """
    scope = {"w": workspace_id, "b": list(bases)}
    among = None if documents is None else list(documents)
    holding = {word: _holding(connection, word, scope) for word in words}
    telling: dict[str, int] = {}
    for word in sorted((word for word in words if holding[word]), key=lambda word: holding[word]):
        if telling and sum(telling.values()) + holding[word] > RANKED_AT_MOST:
            break
        telling[word] = holding[word]
    if not telling:
        return []
    if is_sqlite(connection):
        return _by_bm25(connection, list(telling), scope, limit, among)
    return _by_rarity(connection, telling, scope, limit, among)


RANKED_AT_MOST = 10_000
"""About so many chunks are ranked for one question; a single word that more of them hold is looked for all the same."""


def _holding(connection: Connection, word: str, scope: Mapping[str, Any]) -> int:
    """How many chunks hold this word, counted no further than is of interest."""
    most = RANKED_AT_MOST + 1
    if is_sqlite(connection):
        return int(connection.execute(_SQLITE_HOLDING, {"q": f'"{word}"', "n": most}).scalar_one())
    return int(connection.execute(_HOLDING, {**scope, "q": f"'{word}'", "n": most}).scalar_one())


def _by_bm25(
    connection: Connection, words: Sequence[str], scope: Mapping[str, Any], limit: int, among: list[str] | None
) -> list[tuple[int, float]]:
    """SQLite ranks by BM25, over all bases; where others are in front, more of them is looked at."""
    query, depth = " OR ".join(f'"{word}"' for word in words), max(limit, 100) * 4
    # As one value: documents may be more than a statement takes parameters.
    statement, known = (_SQLITE_HERE, {}) if among is None else (_SQLITE_HERE_AMONG, {"d": json.dumps(among)})
    while True:
        ranked = connection.execute(_SQLITE_RANKED, {"q": query, "n": depth}).all()
        values = {**scope, **known, "numbers": json.dumps([number for number, _ in ranked])}
        here = set(connection.execute(statement, values).scalars())
        found = [(int(number), -float(score)) for number, score in ranked if number in here]
        if len(found) >= limit or len(ranked) < depth:
            return found[:limit]
        depth *= 8


def _by_rarity(
    connection: Connection, holding: Mapping[str, int], scope: Mapping[str, Any], limit: int, among: list[str] | None
) -> list[tuple[int, float]]:
    """PostgreSQL does not know how rare a word is, so each counts by a weight that is given with it."""
    ranks = " + ".join(
        f"CAST(:r{place} AS real) * ts_rank(words, to_tsquery('english', :t{place}), 1)"
        for place in range(len(holding))
    )
    statement = text(
        f"SELECT number, {ranks} AS score FROM chunk WHERE workspace_id = :w AND base_id = ANY(:b) "
        f"{'' if among is None else 'AND document_id = ANY(:d) '}"
        "AND words @@ to_tsquery('english', :query) ORDER BY score DESC, number LIMIT :n"
    )
    values: dict[str, Any] = {**scope, "query": " | ".join(f"'{word}'" for word in holding), "n": limit}
    if among is not None:
        values["d"] = among
    for place, (word, many) in enumerate(holding.items()):
        values |= {f"t{place}": f"'{word}'", f"r{place}": math.log(1 + RANKED_AT_MOST / many)}
    return [(int(number), float(score)) for number, score in connection.execute(statement, values)]


_SQLITE_HOLDING = text("SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH :q LIMIT :n)")
_SQLITE_RANKED = text(
    "SELECT rowid, rank FROM chunk_words WHERE chunk_words MATCH :q AND rank MATCH 'bm25(2.0, 1.0)' ORDER BY rank LIMIT :n"
)
_IS_HERE = (
    "SELECT number FROM chunk WHERE number IN (SELECT value FROM json_each(:numbers)) "
    "AND workspace_id = :w AND base_id IN :b"
)
_SQLITE_HERE = text(_IS_HERE).bindparams(bindparam("b", expanding=True))
_SQLITE_HERE_AMONG = text(f"{_IS_HERE} AND document_id IN (SELECT value FROM json_each(:d))").bindparams(
    bindparam("b", expanding=True)
)
_HOLDING = text(
    "SELECT count(*) FROM (SELECT 1 FROM chunk WHERE workspace_id = :w AND base_id = ANY(:b) "
    "AND words @@ to_tsquery('english', :q) LIMIT :n) AS holding"
)
