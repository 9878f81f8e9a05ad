"""Two databases behind one small surface: whole transactions as plain functions, run in threads of their own.

SQLite has one writer thread with one connection (`BEGIN IMMEDIATE`, WAL, `synchronous=FULL`) and a few readers;
PostgreSQL has a pool. A transaction is a plain function of a `Connection`, so nothing can be awaited inside it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from legate_core.errors import Damaged, LegateError, Unavailable
from legate_core.storage import dialect, prepared

T = TypeVar("T")
Transaction = Callable[[Connection], T]

SQLITE_READERS = 3
POSTGRES_CONNECTIONS = 8
RETRIES = 4


class _Lost(Exception):
    """The connection broke before the commit was asked for, so that nothing was changed. Of one that broke during the commit
    nobody knows that; it is never begun again."""

    def __init__(self, error: DBAPIError) -> None:
        super().__init__(str(error.orig))
        self.error = error


class Database:
    """Runs transactions; `write` and `read` return what the function returned or raise what it raised."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.path: Path | None = Path(self.url.database or "")
            self._writer = _sqlite_engine(self.path, read_only=False)
            self._reader = _sqlite_engine(self.path, read_only=True)
            self._write_pool = ThreadPoolExecutor(1, thread_name_prefix="legate-writer")
            self._read_pool = ThreadPoolExecutor(SQLITE_READERS, thread_name_prefix="legate-reader")
        else:
            self.path = None
            self._writer = self._reader = _postgres_engine(self.url)
            self._write_pool = self._read_pool = ThreadPoolExecutor(
                POSTGRES_CONNECTIONS, thread_name_prefix="legate-database"
            )
        self._held = threading.local()
        self._opened: list[Connection] = []
        self._closed = False

    @property
    def engine(self) -> Engine:
        """The engine that may write; for migrations and tools, not for features."""
        return self._writer

    async def write(self, transaction: Transaction[T], *, workspace_id: str | None = None) -> T:
        """Run one writing transaction and commit it; any exception rolls it back and is raised.

        A cancelled caller does not cut a transaction in half: the function runs on and commits or rolls back whole.
        """
        return await self.in_writer(lambda: self.write_now(transaction, workspace_id))

    async def in_writer(self, work: Callable[[], T]) -> T:
        """Run a function in a thread that may `write_now`, with what belongs before or after its transaction. Once begun, it
        runs to its end, whether or not the caller still waits."""
        return await asyncio.get_running_loop().run_in_executor(self._write_pool, work)

    async def read(self, transaction: Transaction[T], *, workspace_id: str | None = None) -> T:
        """Run one reading transaction on a consistent snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._read_pool, self.read_now, transaction, workspace_id)

    def write_now(self, transaction: Transaction[T], workspace_id: str | None = None) -> T:
        """`write` for a caller that already is in a thread that may block (start-up, tools, the writer thread)."""
        return self._run(self._writer, "write", transaction, workspace_id)

    def read_now(self, transaction: Transaction[T], workspace_id: str | None = None) -> T:
        """`read` for a caller that already is in a thread that may block."""
        return self._run(self._reader, "read", transaction, workspace_id)

    def close(self) -> None:
        """Finish what runs, then let go of every connection. Calling it twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._write_pool.shutdown(wait=True)
        self._read_pool.shutdown(wait=True)
        # What the threads held is closed from here, since they are gone; the writer last, because only who may write
        # can leave one whole file, with no log beside it that a copy would lack.
        for connection in sorted(self._opened, key=lambda connection: connection.engine is self._writer):
            connection.close()
        self._opened.clear()
        self._writer.dispose()
        self._reader.dispose()

    def _run(self, engine: Engine, kind: str, transaction: Transaction[T], workspace_id: str | None) -> T:
        # Two writers of PostgreSQL may stand in each other's way; the one that is turned back has changed nothing and
        # simply begins again. So does, once, the one whose connection broke: each thread keeps its own, and after a restart
        # of the server each would otherwise fail once.
        turns, may_reconnect = RETRIES, True
        while True:
            try:
                return self._once(engine, kind, transaction, workspace_id)
            except _Lost as lost:
                if not may_reconnect:
                    raise in_words(lost.error) from lost.error
                may_reconnect = False
            except DBAPIError as error:
                if not turns or not dialect.may_be_retried(error):
                    raise in_words(error) from error
                turns -= 1

    def _once(self, engine: Engine, kind: str, transaction: Transaction[T], workspace_id: str | None) -> T:
        try:
            connection = self._connection(engine, kind)
            with connection.begin():
                try:
                    if kind == "read":
                        dialect.take_snapshot(connection)
                    if workspace_id is not None:
                        dialect.enter_workspace(connection, workspace_id)
                    return transaction(connection)
                except DBAPIError as error:
                    if error.connection_invalidated:
                        raise _Lost(error) from error
                    raise
        except _Lost:
            self._release()
            raise
        except DBAPIError as error:
            if error.connection_invalidated or not self.is_sqlite:
                self._release()
            raise

    def _connection(self, engine: Engine, kind: str) -> Connection:
        """One connection per thread and kind, kept open: checking one out costs more than a small transaction."""
        held: dict[str, Connection] = self._held.__dict__
        key = "write" if engine is self._writer else kind
        connection = held.get(key)
        if connection is None or connection.closed:
            connection = held[key] = engine.connect()
            self._opened.append(connection)
        return connection

    def _release(self) -> None:
        for connection in list(self._held.__dict__.values()):
            connection.close()
            self._opened.remove(connection)
        self._held.__dict__.clear()


def _sqlite_engine(path: Path, *, read_only: bool) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _sqlite_connect(path, read_only=read_only),
        poolclass=NullPool,
    )

    def begin(connection: Connection) -> None:
        prepared.execute(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine, "begin", begin)
    return engine


def _sqlite_connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{_uri_path(path)}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=10
    )
    try:
        if not read_only:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cache_size=-16000")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _uri_path(path: Path) -> str:
    return path.absolute().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _postgres_engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=2,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
    )
    event.listen(engine, "connect", dialect.become_application_role)
    return engine


_FULL = ("disk is full", "No space left", "disk I/O error")
_DAMAGED = ("malformed", "not a database", "file is encrypted")


def in_words(error: DBAPIError | sqlite3.Error) -> LegateError | DBAPIError | sqlite3.Error:
    """A database error, SQLAlchemy's or the driver's own, as a sentence that says what to do; what nobody can act on stays
    as it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    text = str(cause)
    if any(mark in text for mark in _FULL):
        return Unavailable(
            "The disk is full or cannot be written. Nothing was changed; free some space and try again.", reason=text
        )
    if any(mark in text for mark in _DAMAGED):
        return Damaged(
            "The database file is damaged. Nothing was changed; run 'legate doctor' and restore the latest backup.",
            reason=text,
        )
    if isinstance(cause, sqlite3.Error) and "is locked" in text:
        return Unavailable(
            "Another program holds the database. Nothing was changed; close what has its file open, then try again.",
            reason=text,
        )
    if isinstance(error, DBAPIError) and dialect.may_be_retried(error):
        return Unavailable("Too many writers stood in each other's way. Nothing was changed; try again.", reason=text)
    if isinstance(error, OperationalError) and not isinstance(cause, sqlite3.Error):
        return Unavailable("The database cannot be reached. Check that it runs, then try again.", reason=text)
    if "unable to open" in text:
        return Unavailable(
            "The database file cannot be opened. Check that the data folder exists and may be written.", reason=text
        )
    return error
