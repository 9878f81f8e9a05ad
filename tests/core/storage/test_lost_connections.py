"""A server that was restarted meanwhile is reached again at once, and nothing is done twice for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url

from legate_core.errors import Unavailable
from legate_core.identity.bootstrap import remember, remembered
from legate_core.storage.engine import Database

pytestmark = pytest.mark.postgresql

OTHERS = (
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def cut(postgres_url: str) -> Callable[[], None]:
    """Ends every connection of others to the database, as a restart of the server does."""
    address = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)

    def end_them() -> None:
        with psycopg.connect(address) as connection:
            connection.execute(OTHERS)

    return end_them


def word(database: Database) -> str:
    return database.read_now(lambda connection: remembered(connection, "word"))


@pytest.mark.parametrize("workspace_id", [None, "ws_1"])
def test_a_connection_that_broke_while_it_was_kept_is_made_anew(
    database: Database, cut: Callable[[], None], workspace_id: str | None
) -> None:
    database.write_now(lambda connection: remember(connection, "word", "before"), workspace_id)
    cut()
    assert word(database) == "before"
    cut()
    database.write_now(lambda connection: remember(connection, "word", "after"), workspace_id)
    assert word(database) == "after"


def test_a_transaction_that_loses_its_connection_again_is_not_begun_a_third_time(
    database: Database, cut: Callable[[], None]
) -> None:
    begun: list[Connection] = []

    def lose(connection: Connection) -> None:
        begun.append(connection)
        remember(connection, "word", "lost")
        cut()
        remember(connection, "word", "lost as well")

    with pytest.raises(Unavailable, match="cannot be reached"):
        database.write_now(lose)
    assert len(begun) == 2
    assert not word(database)


def test_a_commit_whose_end_nobody_knows_is_never_repeated(database: Database, cut: Callable[[], None]) -> None:
    begun: list[Connection] = []

    def write(connection: Connection) -> None:
        begun.append(connection)
        remember(connection, "word", "perhaps")

    def cut_it(_: Any) -> None:
        cut()

    event.listen(database.engine, "commit", cut_it)
    with pytest.raises(Unavailable, match="cannot be reached"):
        database.write_now(write)
    event.remove(database.engine, "commit", cut_it)
    assert len(begun) == 1
    assert not word(database)
