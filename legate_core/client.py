"""What every front end holds: one `Client`, whether the core is in this process, behind a socket or behind HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from legate_core.kernel.context import Actor
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Command, Delivery, LiveQuery, Query, Recorded, Reread, Snapshot, Tick

R = TypeVar("R")
Row = TypeVar("Row")


class Client(Protocol):
    """The core as one actor sees it. Every method raises the `LegateError`s of `errors.py` and nothing else."""

    async def send(self, command: Command[R]) -> R:
        """Change something; returns when it is durable."""
        ...

    async def ask(self, query: Query[R]) -> R:
        """Read something once."""
        ...

    async def snapshot(self, query: LiveQuery[Row]) -> Snapshot[Row]:
        """A live query's rows now, and the cursor its events go on from."""
        ...

    def events(self, query: LiveQuery[Row], cursor: str) -> AsyncIterator[Delivery]:
        """Batches of events after a cursor, for as long as anyone reads."""
        ...

    def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        """What a run streams right now, or another thing by its id; nothing of it is kept."""
        ...

    async def close(self) -> None:
        """Let go of the core. A local core is closed with its last client."""
        ...


class LocalClient:
    """The core in this process and on this event loop."""

    def __init__(self, kernel: Kernel, actor: Actor) -> None:
        self.kernel = kernel
        self.actor = actor

    async def send(self, command: Command[R]) -> R:
        return await self.kernel.send(self.actor, command)

    async def ask(self, query: Query[R]) -> R:
        return await self.kernel.ask(self.actor, query)

    async def snapshot(self, query: LiveQuery[Row]) -> Snapshot[Row]:
        return await self.kernel.snapshot(self.actor, query)

    def events(self, query: LiveQuery[Row], cursor: str) -> AsyncIterator[Delivery]:
        return self.kernel.events(self.actor, query, cursor)

    def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        return self.kernel.listen(self.actor, run_id)

    async def close(self) -> None:
        """The core outlives its clients; the application that opened it closes it."""


async def follow(client: Client, query: LiveQuery[Row]) -> AsyncIterator[Mapping[str, Row]]:
    """The rows of a live query, again after every batch of events that changed them."""
    while True:
        snapshot = await client.snapshot(query)
        rows = snapshot.rows
        yield rows
        async for delivery in client.events(query, snapshot.cursor):
            if delivery.reset:
                break
            fresh = await fold(client, query, rows, delivery.events)
            if fresh is not rows:
                rows = fresh
                yield rows


async def fold(
    client: Client, query: LiveQuery[Row], rows: Mapping[str, Row], events: Sequence[Recorded]
) -> Mapping[str, Row]:
    """Apply events to rows, reading again what an event could not carry. The rows themselves when nothing changed.

    Rows named by several events of a batch are read once, after the last of them.
    """
    stale: set[str] = set()
    for event in events:
        change = query.apply(rows, event)
        if isinstance(change, Reread):
            stale |= change.ids
        else:
            rows = change
    if stale:
        again = dataclasses.replace(cast(Any, query), ids=tuple(sorted(stale)))
        found = cast("dict[str, Row]", await client.ask(again))
        rows = {key: row for key, row in rows.items() if key not in stale} | found
    return rows
