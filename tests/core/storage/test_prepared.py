"""A prepared statement answers and fails as the same statement does on SQLAlchemy's own way, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from legate_core.storage import dialect
from legate_core.storage.engine import Database
from legate_core.storage.prepared import Prepared
from legate_core.storage.schema import Blob, JsonColumn

metadata = sa.MetaData()
things = sa.Table(
    "prepared_thing",
    metadata,
    sa.Column("id", sa.String(20), primary_key=True),
    sa.Column("number", sa.BigInteger),
    sa.Column("is_good", sa.Boolean),
    sa.Column("data", Blob),
    sa.Column("value", JsonColumn),
    # On a server the engine may not create a table that stays.
    prefixes=["TEMPORARY"],
)
INSERT = Prepared(things.insert(), things.c.keys())
BY_ID = sa.select(things).where(things.c.id == sa.bindparam("k_id"))
GET = Prepared(BY_ID)
NAMED = Prepared(sa.select(things.c.number).where(things.c.id == sa.bindparam("k_id"), things.c.is_good == sa.true()))
COUNT_UP = Prepared(
    things.update()
    .where(things.c.id == sa.bindparam("k_id"), things.c.number.is_not_distinct_from(sa.bindparam("x_number")))
    .values(number=sa.case((things.c.number + 5 > 7, things.c.number + 5), else_=0))
    .returning(*things.c)
)
KEEP = Prepared(dialect.insert_or_ignoring(things, things.c.keys()))

ROWS: list[dict[str, Any]] = [
    {"id": "full", "number": 2**53 + 1, "is_good": True, "data": b"\x00\xff", "value": {"a": [1, None, "ü"]}},
    {"id": "bad", "number": -1, "is_good": False, "data": b"", "value": []},
    {"id": "empty", "number": None, "is_good": None, "data": None, "value": "x"},
]


@pytest.fixture
def connection(empty_database_url: str) -> Iterator[sa.Connection]:
    with (
        closing(Database(empty_database_url)) as database,
        database._writer.connect() as connection,
        connection.begin() as transaction,
    ):
        metadata.create_all(connection)
        yield connection
        transaction.rollback()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_what_is_written_is_read_as_sqlalchemy_reads_it(connection: sa.Connection, row: dict[str, Any]) -> None:
    INSERT.run(connection, row)
    found = GET.first(connection, {"k_id": row["id"]})
    assert found == row
    assert found == dict(connection.execute(BY_ID, {"k_id": row["id"]}).mappings().one())
    assert found is not None
    assert {type(name) for name in found} == {str}
    assert type(found["is_good"]) is type(row["is_good"])


def test_no_row_is_none(connection: sa.Connection) -> None:
    assert GET.first(connection, {"k_id": "nobody"}) is None


def test_several_rows_are_written_at_once(connection: sa.Connection) -> None:
    INSERT.run(connection, *ROWS)
    assert connection.execute(sa.select(sa.func.count()).select_from(things)).scalar_one() == len(ROWS)


def test_values_that_stand_in_the_statement_itself_count(connection: sa.Connection) -> None:
    INSERT.run(connection, *ROWS)
    assert NAMED.first(connection, {"k_id": "full"}) == {"number": 2**53 + 1}
    assert NAMED.first(connection, {"k_id": "bad"}) is None


def test_compare_and_set_gives_the_new_row_or_none(connection: sa.Connection) -> None:
    INSERT.run(connection, ROWS[0] | {"number": 3}, ROWS[1])
    found = COUNT_UP.first(connection, {"k_id": "full", "x_number": 3})
    assert found == ROWS[0] | {"number": 8}
    assert COUNT_UP.first(connection, {"k_id": "full", "x_number": 3}) is None
    assert COUNT_UP.first(connection, {"k_id": "bad", "x_number": -1}) == ROWS[1] | {"number": 0}


def test_a_row_that_is_there_is_left_as_it_is(connection: sa.Connection) -> None:
    KEEP.run(connection, ROWS[1])
    KEEP.run(connection, ROWS[1] | {"number": 99})
    found = GET.first(connection, {"k_id": "bad"})
    assert found is not None
    assert found["number"] == -1


def test_an_error_is_sqlalchemys_and_says_nothing_of_the_values(connection: sa.Connection) -> None:
    row = ROWS[0] | {"value": "a secret"}
    INSERT.run(connection, row)
    with pytest.raises(IntegrityError) as caught, connection.begin_nested():
        INSERT.run(connection, row)
    if dialect.is_sqlite(connection):
        assert "a secret" not in str(caught.value)


def test_a_second_writer_that_has_to_wait_too_long_is_told_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'two.db'}"
    database, second = Database(url), Database(url)
    try:
        with database._writer.connect() as first, first.begin(), second._writer.connect() as other:
            other.connection.dbapi_connection.execute("PRAGMA busy_timeout=1")  # type: ignore[union-attr]
            with pytest.raises(OperationalError, match="locked"):
                other.begin()
    finally:
        database.close()
        second.close()
