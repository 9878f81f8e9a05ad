"""What the doctor looks at. Each check stands alone: one that cannot be made says so and hinders no other."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import legate_core as core
from legate_core.cli.text import moment
from legate_core.errors import Damaged, LegateError, Locked
from legate_core.settings import RESOURCES, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from legate_core.client import Client
    from legate_core.crypto.keys import KeyPort

LITTLE_BYTES, SCARCE_BYTES = 100_000_000, 1_000_000_000
NEWEST_ENTRIES = 2_000
A_MINUTE_MS = 60_000
OLDEST_CLOCK_MS = 1_767_225_600_000
"""The first day of 2026: a clock before it is wrong, for this was written later."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warn", "fail"]
    sentence: str


def ok(name: str, sentence: str) -> Check:
    return Check(name, "ok", sentence)


def warn(name: str, sentence: str) -> Check:
    return Check(name, "warn", sentence)


def fail(name: str, sentence: str) -> Check:
    return Check(name, "fail", sentence)


async def of(settings: Settings, tell: Callable[[str], None]) -> list[Check]:
    """Look at everything but the models. Starts no engine, makes no data folder and changes nothing in one."""
    found = [python(), libraries(), *resources(), clock()]
    tell(f"Looking at {settings.home}.")
    found += [data_folder(settings.home), disk_space(settings.home)]
    lock = await asyncio.to_thread(owner, settings.home)
    found.append(lock)
    if lock.state == "warn":
        return [*found, warn("keys", _IN_USE), warn("database", _IN_USE), *await engine(settings)]
    found.append(await _made(lambda: asyncio.to_thread(keys, settings), "keys"))
    found += await database(settings)
    return found


_IN_USE = "Not looked at, for another Legate uses the data folder. Close it, then run 'legate doctor' again."


async def engine(settings: Settings) -> list[Check]:
    """What the Legate that uses the data folder says it cannot do, where it can be asked."""
    name = "engine"
    try:
        client = await core.open_link(settings)
        if client is None:
            return [warn(name, "The Legate that uses the data folder does not listen, so it cannot be asked.")]
        try:
            troubles = await client.ask(core.EngineTroubles())
        finally:
            await client.close()
    except LegateError as error:
        return [warn(name, error.message)]
    told = [fail(name, f"Since {moment(one.since)} {one.part} fails: {one.sentence}") for one in troubles]
    return told or [ok(name, "The Legate that uses the data folder has no trouble.")]


async def _made(check: Callable[[], Awaitable[Check]], name: str) -> Check:
    """A check whose errors are its findings."""
    try:
        return await check()
    except LegateError as error:
        return warn(name, error.message) if isinstance(error, Locked) else fail(name, error.message)


def python() -> Check:
    return ok("python", f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}.")


def libraries() -> Check:
    """The versions of what Legate needs; a missing one is named."""
    try:
        lines = requires("legate") or []
    except PackageNotFoundError:
        return warn("libraries", "Legate is not installed as a package. Install it with: pip install -e .")
    needed = [_name_of(line) for line in lines if "extra ==" not in line]
    found: list[str] = []
    for name in needed:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return fail("libraries", f"The package {name} is missing. Install Legate again.")
    return ok("libraries", f"legate {version('legate')}, {', '.join(found)}.")


def _name_of(requirement: str) -> str:
    for at, char in enumerate(requirement):
        if not (char.isalnum() or char in "-_."):
            return requirement[:at]
    return requirement


def resources() -> list[Check]:
    """What ships beside the code: the fonts of the window, and the practice workspace."""
    fonts = list((RESOURCES / "fonts").glob("*.ttf"))
    sample = RESOURCES / "sample" / "practice" / "practice.toml"
    return [
        ok("fonts", f"{len(fonts)} faces.") if fonts
        else warn("fonts", f"There are none in {RESOURCES / 'fonts'}; the window uses those of the system. Install again."),
        ok("practice", "The practice workspace is there.") if sample.exists()
        else fail("practice", f"The file {sample} is missing, so neither demo nor practice work. Install Legate again."),
    ]  # fmt: skip


def clock() -> Check:
    now = time.time_ns() // 1_000_000
    if now < OLDEST_CLOCK_MS:
        return fail("clock", f"It says {moment(now)}, which has long passed. Set it, then start Legate again.")
    return ok("clock", f"It says {moment(now)}.")


def data_folder(home: Path) -> Check:
    name = "data folder"
    if not home.exists():
        return ok(name, f"{home} is not there yet; the first start makes it.")
    if not home.is_dir():
        return fail(name, f"{home} is no folder. Choose another with LEGATE_HOME.")
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return fail(name, f"{home} cannot be written. Give yourself the right to, or choose another with LEGATE_HOME.")
    if os.name == "posix" and home.stat().st_mode & 0o077:
        return warn(name, f"Others on this machine may look into {home}. Close it with: chmod 700 '{home}'")
    return ok(name, f"{home}.")


def disk_space(home: Path) -> Check:
    place = next((folder for folder in (home, *home.parents) if folder.exists()), None)
    if place is None:
        return fail("disk space", f"No folder on the way to {home} exists. Choose another with LEGATE_HOME.")
    free = shutil.disk_usage(place).free
    words = f"{free / 1e9:,.1f} GB are free."
    if free < LITTLE_BYTES:
        return fail("disk space", f"{words} Free some, or nothing can be written soon.")
    return warn("disk space", f"{words} Free some.") if free < SCARCE_BYTES else ok("disk space", words)


def owner(home: Path) -> Check:
    """Whether another process uses the data folder. The lock is let go of at once."""
    from legate_core.storage.ownership import LOCK_FILE, Ownership

    if not (home / LOCK_FILE).exists():
        return ok("lock", "Nobody has used the data folder yet.")
    lock = Ownership(home)
    try:
        lock.acquire()
    except Locked as error:
        return warn("lock", error.message)
    except LegateError as error:
        return fail("lock", error.message)
    lock.release()
    return ok("lock", "No other Legate uses the data folder.")


def keys(settings: Settings) -> Check:
    """Whether the keys can be reached, and are those of this data folder."""
    from legate_core.crypto.keys import BODIES, key_port

    if not settings.home.exists():
        return _keys_to_come(settings)
    port = key_port(settings)
    if port.needs_passphrase and not (settings.home / "keys.json").exists():
        return ok("keys", "They will lie under a passphrase, which the first start asks for.")
    if port.needs_passphrase and not settings.passphrase:
        return warn(
            "keys", "They lie under a passphrase that was not given. Set LEGATE_PASSPHRASE, or run this at a terminal."
        )
    _unlock(port, settings)
    if port.get(BODIES) is None and (settings.home / "legate.db").exists():
        return fail(
            "keys", f"The {port.kind} does not hold the key of this data folder. Restore the keys from a backup."
        )
    if port.get(BODIES) is not None and not settings.database_url and not (settings.home / "legate.db").exists():
        return warn(
            "keys",
            "They are there, and the database that they belong to is gone. Restore the latest backup with "
            "'legate restore'; the next start would begin with an empty one.",
        )
    return ok("keys", f"In the {port.kind}, within reach.")


def _unlock(port: KeyPort, settings: Settings) -> None:
    from legate_core.crypto.secret import Secret

    port.unlock(Secret(settings.passphrase))


def _keys_to_come(settings: Settings) -> Check:
    if settings.keys == "memory":
        return fail("keys", "Keys in memory are for throw-away folders only. Set LEGATE_KEYS to keyring or passphrase.")
    if settings.keys == "keyring":
        from legate_core.crypto.keys.system import find_backend

        find_backend()
        return ok("keys", "They will lie in the system's keyring.")
    return ok("keys", "They will lie under a passphrase, which the first start asks for.")


async def database(settings: Settings) -> list[Check]:
    """Whether the database opens, is of this version, and its journal's end fits what stands before it."""
    from legate_core.storage.engine import Database

    if not settings.database_url and not (settings.home / "legate.db").exists():
        return [ok("database", "There is none yet; the first start makes it.")]
    try:
        opened = await asyncio.to_thread(Database, settings.url)
    except LegateError as error:
        return [fail("database", error.message)]
    try:
        return await opened.read(_look_at)
    except Damaged:
        return [fail("database", "The file is damaged. Restore the latest backup with 'legate restore'.")]
    except LegateError as error:
        return [fail("database", error.message)]
    except Exception as error:
        # Whatever a damaged file makes the library raise, it is the finding.
        return [fail("database", f"It cannot be read ({type(error).__name__}: {error}). Restore the latest backup.")]
    finally:
        await asyncio.to_thread(opened.close)


def _look_at(connection: Connection) -> list[Check]:
    from sqlalchemy import inspect, text

    from legate_core.identity.bootstrap import personal_workspace
    from legate_core.storage.migrate import STEPS

    if "alembic_version" not in inspect(connection).get_table_names():
        return [fail("database", "It holds no tables of Legate. Restore a backup, or choose another data folder.")]
    step = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    if step not in STEPS:
        return [fail("database", "It was made by a newer Legate. Update this one.")]
    if step != STEPS[-1]:
        return [warn("database", "It is of an older version; the next start brings it to this one, on a copy first.")]
    if connection.dialect.name == "sqlite":
        said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        if said != "ok":
            return [fail("database", f"The file is damaged ({said[:200]}). Restore the latest backup.")]
    found = [ok("database", f"{connection.dialect.name}, step {step}.")]
    workspace = personal_workspace(connection)
    return [*found, journal_end(connection, workspace[0])] if workspace is not None else found


def journal_end(connection: Connection, workspace_id: str) -> Check:
    """Whether the newest entries hang together and end where the head says. `legate verify` reads all of them."""
    from sqlalchemy import select

    from legate_core.kernel import journal

    head = journal.head(connection, workspace_id)
    table = journal.entries
    statement = (
        select(table.c.seq, table.c.entry, table.c.hash, table.c.at)
        .where(table.c.workspace_id == workspace_id)
        .order_by(table.c.seq.desc())
        .limit(NEWEST_ENTRIES + 1)
    )
    newest = list(reversed(connection.execute(statement).all()))
    if not newest or newest[-1].seq != head.seq or bytes(newest[-1].hash) != head.hash:
        return fail(
            "journal", "Its end is not where its head says. Run 'legate verify', and restore the latest backup."
        )
    hashes = [bytes(entry.hash) for entry in newest]
    is_whole = newest[0].seq == 1
    befores, afters = ([journal.GENESIS, *hashes], newest) if is_whole else (hashes, newest[1:])
    for before, after in zip(befores, afters, strict=False):
        if hashlib.sha256(before + after.entry.encode()).digest() != bytes(after.hash):
            return fail(
                "journal", f"Entry {after.seq} was changed. Run 'legate verify', and restore the latest backup."
            )
    if newest[-1].at > time.time_ns() // 1_000_000 + A_MINUTE_MS:
        return warn("journal", f"Its newest entry is of {moment(newest[-1].at)}, after now. Look at the clock.")
    return ok("journal", f"{head.seq:,} entries; the newest {len(newest):,} fit. 'legate verify' reads them all.")


async def models(client: Client) -> list[Check]:
    """Whether each agent's model can be opened and its endpoint reached. Asks no model anything, and shows no key."""
    found: list[Check] = []
    for agent_id in await client.ask(core.Agents()):
        definition = await client.ask(core.AgentDraft(agent_id))
        name = f"model of {definition.name}"
        found.append(await _made(lambda name=name, model=definition.model: _reached(name, model), name))
    return found


async def _reached(name: str, settings: Any) -> Check:
    from legate_core.egress.broker import Broker
    from legate_core.llm import openrouter
    from legate_core.llm.endpoint import endpoint_of
    from legate_core.llm.registry import open_model
    from legate_core.llm.surroundings import Surroundings

    broker = Broker()
    open_model(settings, Surroundings(transport=broker.transport))
    base_url = openrouter.BASE_URL if settings["provider"] == openrouter.PROVIDER.name else settings.get("base_url", "")
    if not base_url:
        return ok(name, f"The {settings['provider']} model can be opened; it needs no network.")
    endpoint = endpoint_of(base_url, "", None)
    import httpx

    parts = httpx.URL(endpoint.base_url)
    is_tls = parts.scheme == "https"
    _reader, writer = await broker.connect(endpoint.host, parts.port or (443 if is_tls else 80), tls=is_tls)
    writer.close()
    await writer.wait_closed()
    return ok(name, f"{endpoint.host} answers.")
