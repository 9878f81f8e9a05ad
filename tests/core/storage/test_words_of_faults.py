"""What a database says when it cannot go on becomes a sentence with what to do; what nobody can act on stays a fault."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from legate_core.errors import Damaged, LegateError, Unavailable
from legate_core.storage.engine import in_words


class OfAServer(Exception):
    """What PostgreSQL's driver raises; it is no error of SQLite."""


SAID: list[tuple[str, type[LegateError], str]] = [
    ("database or disk is full", Unavailable, "free some space and try again."),
    ("disk I/O error", Unavailable, "free some space and try again."),
    ("could not extend file: No space left on device", Unavailable, "free some space and try again."),
    ("database disk image is malformed", Damaged, "restore the latest backup."),
    ("file is not a database", Damaged, "restore the latest backup."),
    ("unable to open database file", Unavailable, "may be written."),
]


@pytest.mark.parametrize(("text", "kind", "next_step"), SAID)
def test_what_a_person_can_mend_says_how(text: str, kind: type[LegateError], next_step: str) -> None:
    words = in_words(OperationalError("UPDATE run", {}, sqlite3.OperationalError(text)))
    assert type(words) is kind
    assert words.message.endswith(next_step)
    assert words.details["reason"] == text
    assert "UPDATE" not in words.message


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
