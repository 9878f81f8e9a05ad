"""The steps of the schema lead to today's tables, on both databases, and touch nothing they do not understand."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

import legate_core
from legate_core.errors import Damaged
from legate_core.features import features
from legate_core.storage import dialect
from legate_core.storage.migrate import STEPS, migrate
from legate_core.storage.schema import metadata

GUARDS = "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'"


def know_every_table() -> None:
    """Also those of rooms that no front end has asked for yet."""
    features()
    for room in pkgutil.walk_packages(legate_core.__path__, "legate_core."):
        if room.name.endswith(".tables"):
            importlib.import_module(room.name)


def differences(url: str) -> list[Any]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    address = make_url(url)
    engine = sa.create_engine(
        address if address.get_backend_name() == "sqlite" else address.set(drivername="postgresql+psycopg")
    )
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
            return compare_metadata(context, metadata)
    finally:
        engine.dispose()


def _is_ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Full text search keeps tables and columns of its own, which each database makes in its own way."""
    return not (reflected and compare_to is None and "words" in (name or ""))


def test_the_steps_lead_to_the_tables_that_the_features_declare(empty_database_url: str) -> None:
    know_every_table()
    migrate(empty_database_url)
    assert differences(empty_database_url) == []


def test_migrating_again_changes_nothing(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url)
    assert STEPS[-1] >= "0001"


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_database_of_every_earlier_step_comes_to_today(empty_database_url: str, step: str) -> None:
    know_every_table()
    migrate(empty_database_url, up_to=step)
    migrate(empty_database_url)
    assert differences(empty_database_url) == []


def test_a_database_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "legate.db"
    migrate(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(Damaged, match="newer version"):
        migrate(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_database_with_tables_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipe (id INTEGER)")
    with pytest.raises(Damaged, match="did not make"):
        migrate(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "legate.db"
    path.write_bytes(b"not a database at all" * 300)
    before = path.read_bytes()
    with pytest.raises(Damaged):
        migrate(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.postgresql
def test_every_tenant_table_is_guarded_by_row_level_security(postgres_url: str) -> None:
    know_every_table()
    engine = sa.create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            rows = connection.execute(sa.text(GUARDS))
            guarded = {name for name, is_on, is_forced in rows if is_on and is_forced}
            owned = connection.execute(
                sa.text("SELECT count(*) FROM pg_tables WHERE tableowner = 'legate_app'")
            ).scalar_one()
    finally:
        engine.dispose()
    assert owned == 0
    assert {table.name for table in metadata.tables.values() if table.info.get("tenant")} <= guarded


@pytest.mark.postgresql
def test_the_application_role_sees_one_workspace_only_and_may_not_change_the_journal(postgres_url: str) -> None:
    engine = sa.create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"))
    insert = "INSERT INTO workspace (workspace_id, id, name, kind, created_at) VALUES (:w, :w, 'x', 'personal', 1)"
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SET ROLE legate_app"))
            for name in ("ws_one", "ws_two"):
                dialect.enter_workspace(connection, name)
                connection.execute(sa.text(insert), {"w": name})
            seen = connection.execute(sa.text("SELECT workspace_id FROM workspace")).scalars().all()
        assert seen == ["ws_two"]
        with engine.connect() as connection:
            connection.execute(sa.text("SET ROLE legate_app"))
            dialect.enter_workspace(connection, "ws_two")
            with pytest.raises(sa.exc.ProgrammingError):
                connection.execute(sa.text(insert), {"w": "ws_one"})
            connection.rollback()
            connection.execute(sa.text("SET ROLE legate_app"))
            with pytest.raises(sa.exc.ProgrammingError):
                connection.execute(sa.text("UPDATE journal SET actor = 'somebody'"))
    finally:
        engine.dispose()
