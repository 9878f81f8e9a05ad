"""Wake-ups: "there is something after seq n in this workspace". Listeners are woken, not fed; everyone reads from a cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from legate_core.kernel.messages import Tick

SWEEP_SECONDS = 60.0
"""How long a listener sleeps at most before it looks by itself: a lost wake-up costs a minute, never a fact."""

TICK_QUEUE = 256
"""Ticks a slow listener may fall behind by before the oldest are dropped; they are never stored anyway."""


class Wake:
    """Lets tasks of one event loop wait until a workspace's journal has grown, by anything or by facts of some names."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._last: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, dict[asyncio.Future[None], frozenset[str] | None]] = {}

    def notify(self, workspace_id: str, seq: int, names: frozenset[str]) -> None:
        """The journal of this workspace now reaches at least `seq`, by facts of these names."""
        self._seen[workspace_id] = max(seq, self._seen.get(workspace_id, 0))
        for name in names:
            self._last[workspace_id, name] = max(seq, self._last.get((workspace_id, name), 0))
        for future, hears in self._waiting.get(workspace_id, {}).items():
            if not future.done() and (hears is None or hears & names):
                future.set_result(None)

    def known(self, workspace_id: str) -> int:
        """How far the journal of this workspace is known to reach; 0 before anything was heard."""
        return self._seen.get(workspace_id, 0)

    async def wait(
        self,
        workspace_id: str,
        after: int,
        timeout_seconds: float | None = None,
        *,
        hears: frozenset[str] | None = None,
    ) -> None:
        """Return once a fact of these names (None: any) is known to stand beyond `after`, or when the time is up."""
        if self._reaches(workspace_id, hears) > after:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(workspace_id, {})
        waiting[future] = hears
        try:
            # Not `wait_for`: where the fact and the end of the listener come together, it loses the latter.
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await future
        finally:
            # A listener that gave up or was cancelled leaves nothing behind.
            waiting.pop(future, None)

    def _reaches(self, workspace_id: str, hears: frozenset[str] | None) -> int:
        if hears is None:
            return self._seen.get(workspace_id, 0)
        return max((self._last.get((workspace_id, name), 0) for name in hears), default=0)


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

    async def listen(self, run_id: str, is_allowed: Callable[[], Awaitable[object]]) -> AsyncGenerator[Tick]:
        """Ticks of a run from now on, until the iterator is closed. None is given out before `is_allowed` returned, and
        none where it raises; what came meanwhile is not lost."""
        queue: asyncio.Queue[Tick] = asyncio.Queue(TICK_QUEUE)
        queues = self._queues.setdefault(run_id, set())
        queues.add(queue)
        try:
            await is_allowed()
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)
            if not queues:
                self._queues.pop(run_id, None)
