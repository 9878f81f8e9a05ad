"""Wake-ups: "there is something after seq n in this workspace". Listeners are woken, not fed; everyone reads from a cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from legate_core.kernel.messages import Tick

TICK_QUEUE = 256
"""Ticks a slow listener may fall behind by before the oldest are dropped; they are never stored anyway."""


class Wake:
    """Lets tasks of one event loop wait until a workspace's journal has grown."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def notify(self, workspace_id: str, seq: int) -> None:
        """The journal of this workspace now reaches at least `seq`."""
        if seq <= self._seen.get(workspace_id, 0):
            return
        self._seen[workspace_id] = seq
        for future in self._waiting.pop(workspace_id, set()):
            if not future.done():
                future.set_result(None)

    def known(self, workspace_id: str) -> int:
        """How far the journal of this workspace is known to reach; 0 before anything was heard."""
        return self._seen.get(workspace_id, 0)

    async def wait(self, workspace_id: str, after: int, timeout_seconds: float | None = None) -> None:
        """Return once the journal is known to reach beyond `after`, or when the time is up."""
        if self._seen.get(workspace_id, 0) > after:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, set()).add(future)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(future, timeout_seconds)
        finally:
            self._forget(workspace_id, future)

    def _forget(self, workspace_id: str, future: asyncio.Future[None]) -> None:
        """A listener that gave up or was cancelled leaves nothing behind."""
        waiting = self._waiting.get(workspace_id, set())
        waiting.discard(future)
        if not waiting:
            self._waiting.pop(workspace_id, None)


class Ticks:
    """Hands ticks to whoever watches a run right now."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[Tick]]] = {}

    def publish(self, tick: Tick) -> None:
        """Give a tick to every listener of its run; with no listener it is gone."""
        for queue in self._queues.get(tick.run_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(tick)

    async def listen(self, run_id: str) -> AsyncIterator[Tick]:
        """Ticks of a run from now on, until the iterator is closed."""
        queue: asyncio.Queue[Tick] = asyncio.Queue(TICK_QUEUE)
        queues = self._queues.setdefault(run_id, set())
        queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)
            if not queues:
                self._queues.pop(run_id, None)
