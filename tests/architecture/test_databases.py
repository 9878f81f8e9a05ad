"""The databases of the tests are what they claim to be: fresh, of both kinds, and owned by no superuser."""

from __future__ import annotations

import pytest
import sqlalchemy as sa


def test_a_database_is_fresh_and_remembers(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url)
    try:
        assert sa.inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE mark (id INTEGER PRIMARY KEY)"))
        assert sa.inspect(engine).get_table_names() == ["mark"]
    finally:
        engine.dispose()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_the_owner_may_make_roles_and_become_them_and_no_more(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url)
    try:
        with engine.connect() as connection:
            assert connection.execute(sa.text("SHOW server_version_num")).scalar_one() >= "180000"
            assert connection.execute(sa.text("SHOW is_superuser")).scalar_one() == "off"
            connection.execute(sa.text("CREATE ROLE somebody"))
            connection.execute(sa.text("SET ROLE somebody"))
            assert connection.execute(sa.text("SELECT current_user")).scalar_one() == "somebody"
            connection.rollback()
    finally:
        engine.dispose()
