"""The kernel: checks the permission, runs one handler in one transaction, appends its events, commits, then wakes others."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from legate_core.kernel import journal, reactors
from legate_core.kernel.clock import Clock
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.messages import EVERYTHING, Command, Delivery, LiveQuery, Query, Snapshot, Tick
from legate_core.kernel.payloads import Bodies, BodyKeys
from legate_core.kernel.reactors import Pump, Reactor
from legate_core.kernel.registry import Door, registry
from legate_core.kernel.troubles import Troubles
from legate_core.kernel.wake import SWEEP_SECONDS, Ticks, Wake
from legate_core.storage.engine import Database

R = TypeVar("R")
Row = TypeVar("Row")

log = logging.getLogger(__name__)


class Authorizer(Protocol):
    """Says no by raising `Forbidden`; asked before every handler, inside its transaction."""

    def check(self, ctx: ReadContext, door: Door, message: object) -> None: ...


class Kernel:
    """The only way in. Front ends reach it through a `Client`; the engine's own parts send as the system actor."""

    def __init__(self, database: Database, keys: BodyKeys, authorizer: Authorizer, clock: Clock) -> None:
        self.database = database
        self.keys = keys
        self.clock = clock
        self.ports = Ports()
        self.wake = Wake()
        self.ticks = Ticks()
        self.ports.add(Ticks, self.ticks)
        self.troubles = Troubles(clock.now)
        self.ports.add(Troubles, self.troubles)
        self.pump = Pump(self._react, self.troubles)
        self.on_hint: Callable[[str, str], None] | None = None
        self._authorizer = authorizer
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, actor: Actor, command: Command[R], cause: str = "") -> R:
        """Run a command to its commit. Raises the handler's `LegateError`; then nothing was changed."""
        door = registry.of(command)
        found = await self._before(actor, door, command)

        def handle(ctx: Context) -> R:
            self._authorizer.check(ctx, door, command)
            return door.handler(ctx, command, *found)

        return await self.change(actor, handle, cause or door.name)

    async def change(self, actor: Actor, work: Callable[[Context], R], cause: str) -> R:
        """Run `work` in one transaction and append what it emitted. For the engine's own parts; front ends `send`."""
        undoing: list[Callable[[], None]] = []

        def transaction(connection: Connection) -> tuple[R, Context, int]:
            # One that was turned back by another writer and begins again.
            _undo(undoing)
            ctx = self._context(connection, actor, cause)
            ctx.undoing = undoing
            result = work(ctx)
            pending = ctx.settle()
            return result, ctx, journal.append(ctx, pending) if pending else 0

        loop = asyncio.get_running_loop()

        def write() -> R:
            try:
                result, ctx, seq = self.database.write_now(transaction, actor.workspace_id)
            except Exception:
                _undo(undoing)
                raise
            # From here, and not where it is awaited: the caller may have been cancelled meanwhile, and what was committed
            # is heard all the same. A loop that is closed has nobody left who could hear.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._announce, actor.workspace_id, seq, ctx)
            return result

        return await self.database.in_writer(write)

    async def ask(self, actor: Actor, query: Query[R]) -> R:
        """Answer a query from one consistent snapshot."""
        door = registry.of(query)
        found = await self._before(actor, door, query)

        def transaction(connection: Connection) -> R:
            ctx = self.reading(connection, actor)
            self._authorizer.check(ctx, door, query)
            return door.handler(ctx, query, *found)

        return await self.database.read(transaction, workspace_id=actor.workspace_id)

    async def _before(self, actor: Actor, door: Door, message: object) -> tuple[Any, ...]:
        """What a door does outside of its transaction, for nobody who may not pass it; nothing for most doors."""
        if door.before is None:
            return ()
        await self.look(actor, lambda ctx: self._authorizer.check(ctx, door, message))
        if inspect.iscoroutinefunction(door.before):
            return (await door.before(self.ports, actor, message),)
        return (await asyncio.to_thread(door.before, self.ports, actor, message),)

    async def look(self, actor: Actor, work: Callable[[ReadContext], R]) -> R:
        """Run `work` on one consistent snapshot. For the engine's own parts; front ends `ask`."""
        return await self.database.read(
            lambda connection: work(self.reading(connection, actor)), workspace_id=actor.workspace_id
        )

    async def snapshot(self, actor: Actor, query: LiveQuery[Row]) -> Snapshot[Row]:
        """A live query's rows and the cursor that belongs to exactly these rows."""
        door = registry.of(query)

        def transaction(connection: Connection) -> Snapshot[Row]:
            ctx = self.reading(connection, actor)
            self._authorizer.check(ctx, door, query)
            return Snapshot(door.handler(ctx, query), str(journal.head(connection, actor.workspace_id).seq))

        return await self.database.read(transaction, workspace_id=actor.workspace_id)

    async def events(self, actor: Actor, query: LiveQuery[Row], cursor: str) -> AsyncIterator[Delivery]:
        """Batches of the events a live query listens to, from a cursor on, for as long as anyone reads.

        A cursor beyond the journal's end, as after a restored backup, is answered by a `reset`.
        """
        seq = int(cursor)
        if seq > (await self.look(actor, lambda ctx: journal.head(ctx.connection, ctx.workspace_id))).seq:
            yield Delivery((), cursor, reset=True)
            return
        hears = None if query.listens == EVERYTHING else query.listens
        while True:
            # Taken before the read, which therefore saw it all.
            known = max(seq, self.wake.known(actor.workspace_id))
            batch = await self.ask_events(actor, query, seq)
            if batch is None:
                await self.wake.wait(actor.workspace_id, known, SWEEP_SECONDS, hears=hears)
                continue
            seq = int(batch.cursor)
            yield batch

    async def ask_events(self, actor: Actor, query: LiveQuery[Row], after: int) -> Delivery | None:
        """The next batch of events for a live query, or None when there is none yet."""
        door = registry.of(query)

        def transaction(connection: Connection) -> Delivery | None:
            self._authorizer.check(self.reading(connection, actor), door, query)
            names = None if query.listens == EVERYTHING else query.listens
            found = journal.read(connection, actor.workspace_id, after, names=names)
            if not found:
                return None
            return Delivery(tuple(fact for fact in found if query.concerns(fact)), str(found[-1].seq))

        return await self.database.read(transaction, workspace_id=actor.workspace_id)

    async def listen(self, actor: Actor, about: str) -> AsyncGenerator[Tick]:
        """What the thing of this id streams from now on. Raises as its door does, before anything is heard."""
        message = registry.stream_of(about)
        async with aclosing(self.ticks.listen(about, lambda: self.ask(actor, message))) as ticks:
            async for tick in ticks:
                yield tick

    def reading(self, connection: Connection, actor: Actor) -> ReadContext:
        """A context that reads in this transaction."""
        bodies = Bodies(connection, actor.workspace_id, self.keys)
        return ReadContext(connection, actor, actor.workspace_id, self.clock.now(), self.ports, bodies)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Start a task of the engine; it is kept until `close`, and its failure is logged, not lost."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Cancel the engine's tasks and close the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(None, self.database.close)

    def system(self, workspace_id: str) -> Actor:
        """The engine acting for itself in a workspace."""
        return Actor("system", "engine", workspace_id)

    async def _react(self, workspace_id: str, reactor: Reactor) -> bool:
        _, more = await self.change(
            self.system(workspace_id), lambda ctx: reactors.catch_up(ctx, reactor), reactor.name
        )
        return more

    def _context(self, connection: Connection, actor: Actor, cause: str) -> Context:
        bodies = Bodies(connection, actor.workspace_id, self.keys)
        return Context(connection, actor, actor.workspace_id, self.clock.now(), self.ports, bodies, cause)

    def _announce(self, workspace_id: str, seq: int, ctx: Context) -> None:
        if seq:
            names = frozenset(item.event.name for item in ctx.pending)
            self.wake.notify(workspace_id, seq, names)
            self.pump.hear(workspace_id, names)
        if self.on_hint is not None:
            for run_id in ctx.hints:
                self.on_hint(workspace_id, run_id)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("engine task %s ended", task.get_name(), exc_info=task.exception())


def _undo(steps: list[Callable[[], None]]) -> None:
    """Take back, the last first, what a transaction that did not commit had changed outside of the database."""
    while steps:
        steps.pop()()
