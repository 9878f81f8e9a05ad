"""A few children of one kind: started when there is work, replaced when they die, ended when they idle."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from legate_core.processes.child import Broke, Child, Program

IDLE_SECONDS = 120.0


class Pool:
    """Asks whichever child is free. `urgent` work goes before all other that waits.

    A child that answered `asks_each` times is replaced, so that what a file did to it does not last. A child that died
    is replaced by the next that asks.
    """

    def __init__(self, program: Callable[[], Program], size: int, *, asks_each: int = 0) -> None:
        self._program = program
        self._size = size
        self._asks_each = asks_each
        self._free: list[Child] = []
        self._working: set[Child] = set()
        self._running = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[int]] = set()
        self._is_closed = False

    @property
    def size(self) -> int:
        """How many may work at the same time."""
        return self._size

    @property
    def running(self) -> int:
        """How many processes there are now."""
        return len(self._free) + len(self._working)

    async def ask(self, message: Any, timeout_seconds: float, *, urgent: bool = False) -> Any:
        """Ask a free child, or the next that becomes free. Raises as `Child.ask` does."""
        await self._enter(urgent)
        child: Child | None = None
        try:
            self._refuse_when_closed()
            child = self._take() or await Child.start(self._program())
            self._refuse_when_closed()
            self._working.add(child)
            return await child.ask(message, timeout_seconds)
        finally:
            self._leave(child)

    async def close(self) -> None:
        """End every child, also those at work."""
        self._is_closed = True
        if self._idle is not None:
            self._idle.cancel()
        children = [*self._free, *self._working]
        self._free.clear()
        await asyncio.gather(*(child.close() for child in children), *self._closing)

    async def _enter(self, urgent: bool) -> None:
        self._refuse_when_closed()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._running < self._size:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (0 if urgent else 1, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise Broke("died", "Legate is closing.")

    def _take(self) -> Child | None:
        while self._free:
            child = self._free.pop()
            if child.is_alive:
                return child
            self._end(child)
        return None

    def _leave(self, child: Child | None) -> None:
        if child is not None:
            self._working.discard(child)
            worn = self._asks_each and child.asked >= self._asks_each
            if child.is_alive and not worn and not self._is_closed:
                self._free.append(child)
            else:
                self._end(child)
        self._pass_on()

    def _pass_on(self) -> None:
        """Give the place to whoever waits first."""
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._running -= 1
        if self._running == 0 and self._free and not self._is_closed:
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._rest)

    def _rest(self) -> None:
        """Nothing was asked for a while: give the memory back."""
        for child in self._free:
            self._end(child)
        self._free.clear()

    def _end(self, child: Child) -> None:
        task = asyncio.get_running_loop().create_task(child.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
