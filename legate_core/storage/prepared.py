"""A statement made ready once. On SQLite the driver then runs it directly: of a journaled step's time, finding the way
through SQLAlchemy's layers was more than half. PostgreSQL's statements go SQLAlchemy's own way, the network being slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from legate_core.storage import dialect

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """The text for SQLite, whose places are filled by name and then in order."""

    text: str
    places: tuple[str, ...]
    fixed: Mapping[str, Any]
    into: tuple[tuple[int, Process], ...]
    """Which values are turned into what the driver takes, and by what."""
    names: tuple[str, ...]
    out_of: tuple[tuple[int, Process], ...]


class Prepared:
    """A statement of bound parameters, for SQLite and PostgreSQL alike; an insert names the `columns` it is given."""

    def __init__(self, statement: Executable, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = tuple(columns)
        self._ready: _Ready | None = None

    def first(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row of the answer by column name, or None."""
        if not dialect.is_sqlite(connection):
            row = connection.execute(self._statement, values).mappings().first()
            return None if row is None else {str(name): value for name, value in row.items()}
        ready = self._for(connection)
        rows = execute(connection, ready.text, _filled(ready, values)).fetchall()
        if not rows:
            return None
        found = list(rows[0])
        for place, process in ready.out_of:
            found[place] = process(found[place])
        return dict(zip(ready.names, found, strict=True))

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> None:
        """Execute once for each of the given rows of values."""
        if not dialect.is_sqlite(connection):
            connection.execute(self._statement, list(rows))
            return
        ready = self._for(connection)
        for row in rows:
            execute(connection, ready.text, _filled(ready, row))

    def _for(self, connection: Connection) -> _Ready:
        if self._ready is None:
            self._ready = _made_ready(self._statement, self._columns, connection.dialect)
        return self._ready


def _made_ready(statement: Executable, columns: tuple[str, ...], speaks: Dialect) -> _Ready:
    element = cast("ClauseElement", statement)
    compiled = cast("SQLCompiler", element.compile(dialect=speaks, column_keys=list(columns) or None))
    places = tuple(compiled.positiontup or ())
    binds = [_binder(compiled.binds[name].type, speaks) for name in places]
    answer: Sequence[Any] = tuple(getattr(statement, "exported_columns", ()))
    readers = [_reader(column.type, speaks) for column in answer]
    return _Ready(
        str(compiled),
        places,
        {name: value for name, value in compiled.params.items() if value is not None},
        tuple((place, process) for place, process in enumerate(binds) if process is not None),
        # Plain strings: SQLAlchemy's own are of a subclass, which would send each row the slow way to its bytes.
        tuple(str(column.name) for column in answer),
        tuple((place, process) for place, process in enumerate(readers) if process is not None),
    )


def _filled(ready: _Ready, values: Mapping[str, Any]) -> list[Any]:
    known = {**ready.fixed, **values} if ready.fixed else values
    filled = [known[name] for name in ready.places]
    for place, process in ready.into:
        filled[place] = process(filled[place])
    return filled


def _binder(kind: TypeEngine[Any], speaks: Dialect) -> Process | None:
    return kind.dialect_impl(speaks).bind_processor(speaks)


def _reader(kind: TypeEngine[Any], speaks: Dialect) -> Process | None:
    return kind.dialect_impl(speaks).result_processor(speaks, None)


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
    """Have SQLite's driver run a statement in the connection's transaction; errors are SQLAlchemy's."""
    driver: Any = connection.connection.dbapi_connection
    try:
        return driver.execute(text, values)
    except sqlite3.Error as error:
        # As from SQLAlchemy, but for the values: they are content, and this text may come to stand in a log.
        raise DBAPIError.instance(
            text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
