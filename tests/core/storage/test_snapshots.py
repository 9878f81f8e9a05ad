"""A reading transaction sees one moment, whatever is committed meanwhile; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from legate_core.identity.bootstrap import remember, remembered
from legate_core.identity.tables import installation
from legate_core.storage.engine import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def meanwhile(database: Database, value: str) -> None:
    """Somebody else commits, while this thread is in the middle of its own transaction."""
    other = threading.Thread(target=database.write_now, args=(lambda connection: remember(connection, "word", value),))
    other.start()
    other.join()


def test_what_is_read_in_one_transaction_is_of_one_moment(database: Database) -> None:
    database.write_now(lambda connection: remember(connection, "word", "before"))

    def look(connection: Connection) -> tuple[str | None, str | None]:
        first = remembered(connection, "word")
        meanwhile(database, "after")
        return first, remembered(connection, "word")

    assert database.read_now(look) == ("before", "before")
    assert database.read_now(lambda connection: remembered(connection, "word")) == "after"


def test_a_reading_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        database.read_now(lambda connection: connection.execute(insert(installation).values(key="word", value="x")))
    database.write_now(lambda connection: remember(connection, "word", "written"))
    assert database.read_now(lambda connection: remembered(connection, "word")) == "written"
