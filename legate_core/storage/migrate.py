"""Brings a database to today's schema: rehearsed on a copy first, refused where a newer Legate has been.

A step is one file under `migrations/versions`. Alembic is only imported when there is something to do, because it costs
more than the rest of a start.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from legate_core.errors import Damaged, LegateError, Unavailable
from legate_core.private import make_file
from legate_core.storage.engine import in_words

STEPS = ("0001", "0002", "0003")
"""Every step there is, in order; one that people have run is never rewritten. A database at a step that is not in here was
made by a newer Legate."""


def migrate(url: str | URL, *, up_to: str = STEPS[-1]) -> None:
    """Apply the steps a database lacks. Raises `Damaged` for one that is damaged or newer; then it is as it was.

    A database `up_to` an earlier step is what an earlier Legate left; today's opens none but the last.
    """
    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    path = Path(address.database or "") if is_file else None
    try:
        before = _step_of(address)
        if before == up_to:
            return
        if before is not None and before not in STEPS:
            raise Damaged(
                "This database was made by a newer version of Legate, which this one cannot read. Nothing was changed; "
                "update Legate, or open the data folder with the version that made it.",
                step=before,
            )
        if path is not None and before is not None:
            _rehearse(path, up_to)
        if path is not None and path.parent.is_dir():
            # Made before SQLite does, which would let others read it; its log beside it takes its mode from it.
            make_file(path)
        _apply(address, up_to)
    except OSError as error:
        raise Unavailable(
            f"The database file {path} cannot be made ({error.strerror}). Check the folder and the disk, then try again."
        ) from error
    except (DBAPIError, sqlite3.Error) as error:
        words = in_words(error)
        if isinstance(words, LegateError):
            raise words from error
        raise Damaged(
            "The database cannot be brought to today's form. Nothing was changed; restore the latest backup, or "
            "report this with the output of 'legate doctor'.",
            reason=str(error),
        ) from error


def _step_of(address: URL) -> str | None:
    """The step a database is at; None for one that holds nothing yet."""
    path = Path(address.database or "") if address.get_backend_name() == "sqlite" else None
    if path is not None and not path.exists():
        return None
    engine = _engine(address)
    try:
        with engine.connect() as connection:
            names = inspect(connection).get_table_names()
            if "alembic_version" in names:
                return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
            if names:
                raise Damaged(
                    "The database holds tables that Legate did not make. Choose another database or data folder."
                )
            return None
    finally:
        engine.dispose()


def _rehearse(path: Path, up_to: str) -> None:
    """Run the steps on a copy; what fails there has not touched the original."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="rehearsal-") as folder:
        copy = Path(folder) / path.name
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        _apply(make_url(f"sqlite:///{copy}"), up_to)


def _apply(address: URL, up_to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = _engine(address)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, up_to)
    finally:
        engine.dispose()


def _engine(address: URL) -> Engine:
    """An engine with the rights of the log-in role: it owns the tables, and features never see it."""
    if address.get_backend_name() != "sqlite":
        return create_engine(address.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    engine = create_engine(address, poolclass=NullPool)
    event.listen(engine, "begin", _begin_at_once)
    event.listen(engine, "connect", _leave_transactions_to_us)
    return engine


def _leave_transactions_to_us(dbapi_connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver would commit before every CREATE TABLE, and a step that fails half-way could not be taken back.
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA journal_mode=WAL")


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
