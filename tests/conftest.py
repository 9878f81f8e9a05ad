"""What every test has: two databases, a home of its own, no network beyond this machine, a clean work tree."""

from __future__ import annotations

import ipaddress
import os
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.fakes.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
UNIT_ROOMS = ("architecture", "core")
NOT_UNIT = ("postgresql", "alone", "slow")

# Windows are painted into memory; a test that wants a screen starts a process with an environment of its own.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

set_hypothesis_home_dir(ROOT / ".venv" / "cache" / "hypothesis")
# No deadline: a shared machine may stop for a second. No example database: what fails becomes a test.
hypothesis.settings.register_profile("legate", deadline=None, database=None)
hypothesis.settings.load_profile("legate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the crash tests (make torture)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first layer is a matter of folder: a pure or in-process test of the core that needs no server."""
    for item in items:
        room = item.path.relative_to(ROOT / "tests").parts[0]
        if room in UNIT_ROOMS and not any(item.get_closest_marker(name) for name in NOT_UNIT):
            item.add_marker(pytest.mark.unit)


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_here(str(address[0])):
        raise AssertionError(f"a test tried to connect to {address[0]}; tests stay on this machine")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_refuse_the_network)


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of the crash tests was asked for."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the person at the desk do not reach a test, and a test does not reach their data."""
    for name in [name for name in os.environ if name.startswith("LEGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LEGATE_HOME", str(tmp_path / "legate-home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg-config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg-cache"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server per test process, started by the first test that wants it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_template(postgres: PostgresServer) -> str:
    migrate(postgres.create_database("template_legate"))
    return "template_legate"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "legate.db"
    migrate(f"sqlite:///{path}")
    return path


DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
_numbers = count(1)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with today's schema: every test that takes it runs on SQLite and PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("_sqlite_template")
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'legate.db')}"
    else:
        yield from _fresh(request.getfixturevalue("postgres"), request.getfixturevalue("_postgres_template"))


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that holds nothing yet, for tests of migrations; on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _fresh(request.getfixturevalue("postgres"), None)


@pytest.fixture
def postgres_url(postgres: PostgresServer, _postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with today's schema, for what only PostgreSQL has. Mark the test `postgresql`."""
    yield from _fresh(postgres, _postgres_template)


def _fresh(server: PostgresServer, template: str | None) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield server.create_database(name, template)
    server.drop_database(name)


def migrate(url: str) -> None:
    """Bring a database to today's schema."""
    from legate_core.storage.migrate import migrate as apply

    apply(url)
