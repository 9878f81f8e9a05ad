"""Reactors: readers of the journal that turn a fact into the next change, each with a stored cursor.

A reactor's work and its cursor are one commit, so it handles every fact it asked for exactly once per commit; it is
still written as compare-and-set, because after a restore it may see a fact again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, select

from legate_core.kernel import journal
from legate_core.kernel.context import Context
from legate_core.kernel.messages import Event, Recorded
from legate_core.kernel.troubles import Troubles
from legate_core.kernel.wake import SWEEP_SECONDS
from legate_core.storage import dialect
from legate_core.storage.schema import workspace_table

log = logging.getLogger(__name__)

BATCH = 50
RETRY_SECONDS = (0.2, 1.0, 5.0, 30.0)

cursors = workspace_table("reactor_cursor", Column("seq", BigInteger, nullable=False), audited=False, key="reactor")


@dataclass(frozen=True, slots=True)
class Reactor:
    """A name for ever (its cursor is stored under it), the facts it hears, and what it does on hearing one."""

    name: str
    hears: frozenset[str]
    handle: Callable[[Context, Recorded], None]


REACTORS: dict[str, Reactor] = {}


def reactor(name: str, *hears: type[Event]) -> Callable[[Callable[[Context, Recorded], None]], Reactor]:
    """Declare the function below as a reactor to these events."""

    def declare(handle: Callable[[Context, Recorded], None]) -> Reactor:
        if name in REACTORS:
            raise TypeError(f"reactor {name} is declared twice")
        REACTORS[name] = Reactor(name, frozenset(event.name for event in hears), handle)
        return REACTORS[name]

    return declare


def catch_up(ctx: Context, reactor: Reactor) -> tuple[int, bool]:
    """Handle the next batch of facts in this transaction; the new cursor and whether there may be more.

    Another process that holds the cursor right now is doing the same work: then there is nothing to do here.
    """
    statement = select(cursors.c.seq).where(
        cursors.c.workspace_id == ctx.workspace_id, cursors.c.reactor == reactor.name
    )
    cursor = ctx.connection.execute(dialect.locked(statement, ctx.connection, skip_locked=True)).scalar_one_or_none()
    if cursor is None:
        return 0, False
    facts = journal.read(ctx.connection, ctx.workspace_id, cursor, names=reactor.hears, limit=BATCH)
    if not facts:
        return cursor, False
    for fact in facts:
        ctx.cause = f"{ctx.workspace_id}/{fact.seq}"
        reactor.handle(ctx, fact)
    _move(ctx.connection, ctx.workspace_id, reactor.name, facts[-1].seq)
    return facts[-1].seq, len(facts) == BATCH


def start_cursors(connection: Connection, workspace_id: str) -> None:
    """Give every known reactor a cursor in this workspace; those that have one keep it."""
    rows = [{"workspace_id": workspace_id, "reactor": name, "seq": 0} for name in REACTORS]
    if rows:
        dialect.insert_or_ignore(connection, cursors, rows)


def _move(connection: Connection, workspace_id: str, name: str, seq: int) -> None:
    connection.execute(
        cursors.update().where(cursors.c.workspace_id == workspace_id, cursors.c.reactor == name).values(seq=seq)
    )


class Pump:
    """Runs the reactors of every workspace as facts arrive; one slow or failing reactor does not stop another."""

    def __init__(self, run: Callable[[str, Reactor], Awaitable[bool]], troubles: Troubles) -> None:
        self._run = run
        self._troubles = troubles
        self._due: dict[tuple[str, str], None] = {}
        self._workspaces: set[str] = set()
        self._idle = asyncio.Event()
        self._signal = asyncio.Event()

    def hear(self, workspace_id: str, names: frozenset[str] | None) -> None:
        """Facts of these names (None: any) were committed in a workspace."""
        self._workspaces.add(workspace_id)
        for item in REACTORS.values():
            if names is None or item.hears & names:
                self._due[workspace_id, item.name] = None
        if self._due:
            self._idle.clear()
            self._signal.set()

    async def pump(self) -> None:
        """Work until cancelled, and look by itself now and then at what nobody said, in the workspaces heard of so far."""
        failures: dict[tuple[str, str], int] = {}
        loop = asyncio.get_running_loop()
        look_at = loop.time() + SWEEP_SECONDS
        while True:
            if not self._due:
                self._idle.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(look_at):
                        await self._signal.wait()
            if loop.time() >= look_at:
                look_at = loop.time() + SWEEP_SECONDS
                for workspace_id in self._workspaces:
                    self.hear(workspace_id, None)
            self._signal.clear()
            for workspace_id, name in list(self._due):
                self._due.pop((workspace_id, name), None)
                try:
                    more = await self._run(workspace_id, REACTORS[name])
                except Exception as error:
                    await self._retry_later(workspace_id, name, failures, error)
                else:
                    failures.pop((workspace_id, name), None)
                    self._troubles.over(workspace_id, _part(name))
                    if more:
                        self.hear(workspace_id, REACTORS[name].hears)

    async def settled(self) -> None:
        """Wait until every reactor has heard everything so far; for tests and a clean close."""
        await self._idle.wait()

    async def _retry_later(
        self, workspace_id: str, name: str, failures: dict[tuple[str, str], int], error: Exception
    ) -> None:
        count = failures[workspace_id, name] = failures.get((workspace_id, name), 0) + 1
        delay = RETRY_SECONDS[min(count, len(RETRY_SECONDS)) - 1]
        self._troubles.say(workspace_id, _part(name), error)
        log.exception("reactor %s failed, trying again in %s s", name, delay)
        asyncio.get_running_loop().call_later(delay, self.hear, workspace_id, REACTORS[name].hears)


def _part(name: str) -> str:
    return f"what follows from facts ({name})"
