"""What a database says when it cannot go on becomes a sentence with what to do; what nobody can act on stays a fault."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from legate_core.errors import Damaged, LegateError, Unavailable
from legate_core.identity.bootstrap import remember, remembered
from legate_core.storage.engine import Database, in_words
from legate_core.storage.migrate import migrate


class OfAServer(Exception):
    """What PostgreSQL's driver raises; it is no error of SQLite."""


SAID: list[tuple[str, type[LegateError], str]] = [
    ("database or disk is full", Unavailable, "free some space and try again."),
    ("disk I/O error", Unavailable, "free some space and try again."),
    ("could not extend file: No space left on device", Unavailable, "free some space and try again."),
    ("database disk image is malformed", Damaged, "restore the latest backup."),
    ("file is not a database", Damaged, "restore the latest backup."),
    ("unable to open database file", Unavailable, "may be written."),
    ("database is locked", Unavailable, "close what has its file open, then try again."),
    ("database table is locked: run", Unavailable, "close what has its file open, then try again."),
]


@pytest.mark.parametrize(("text", "kind", "next_step"), SAID)
def test_what_a_person_can_mend_says_how(text: str, kind: type[LegateError], next_step: str) -> None:
    words = in_words(OperationalError("UPDATE run", {}, sqlite3.OperationalError(text)))
    assert type(words) is kind
    assert words.message.endswith(next_step)
    assert words.details["reason"] == text
    assert "UPDATE" not in words.message
    of_the_driver = in_words(sqlite3.OperationalError(text))
    assert isinstance(of_the_driver, kind)
    assert of_the_driver.message == words.message


def test_a_full_disk_of_a_server_is_a_full_disk_and_not_a_lost_connection() -> None:
    full = in_words(OperationalError("", {}, OfAServer("could not extend file: No space left on device")))
    lost = in_words(OperationalError("", {}, OfAServer("server closed the connection unexpectedly")))
    assert isinstance(full, Unavailable)
    assert isinstance(lost, Unavailable)
    assert "disk is full" in full.message
    assert "cannot be reached" in lost.message


@pytest.mark.parametrize("kind", [OperationalError, DatabaseError])
def test_what_nobody_can_act_on_stays_what_it_was(kind: type[DBAPIError]) -> None:
    error = kind("", {}, sqlite3.OperationalError("no such table: run"))
    assert in_words(error) is error


def test_a_database_that_another_program_holds_is_away_for_a_while_and_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "legate.db"
    migrate(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    try:
        database.write_now(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 20"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="Another program holds the database"):
                database.write_now(lambda connection: remember(connection, "word", "lost"))
            with pytest.raises(Unavailable, match="Another program holds the database"):
                migrate(f"sqlite:///{path}?timeout=0.02")
        database.write_now(lambda connection: remember(connection, "word", "written"))
        assert database.read_now(lambda connection: remembered(connection, "word")) == "written"
    finally:
        database.close()
