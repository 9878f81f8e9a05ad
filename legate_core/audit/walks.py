"""Verifications that somebody watches: how far each is, told as ticks, and the way to end one before its time."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass

from legate_core.errors import Conflict, Invalid
from legate_core.kernel.messages import Tick
from legate_core.kernel.wake import Ticks

KIND = "verifying"
EVERY_SECONDS = 0.1
"""How often progress is told; more often nobody can read it."""
MAX_ID = 80
WATCHES = "vrf_"
"""How the ids begin by which verifications are watched, so that none is taken for the id of a run."""


@dataclass
class Walk:
    """One verification on its way. Called with how many entries of how many were read, in the thread that reads."""

    watch_id: str
    loop: asyncio.AbstractEventLoop
    ticks: Ticks
    stopped: threading.Event
    told_at: float = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Tell how far it is. Raises `Conflict` where it was stopped."""
        if self.stopped.is_set():
            raise Conflict("The verification was stopped; nothing is known from it. Start it again when you like.")
        now = time.monotonic()
        if done < total and now - self.told_at < EVERY_SECONDS:
            return
        self.told_at = now
        tick = Tick(self.watch_id, KIND, "", done, max(done, total))
        self.loop.call_soon_threadsafe(self.ticks.publish, tick)


class Walks:
    """The watched verifications of this process, by the ids that their watchers chose; a port of the kernel."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._going: dict[str, threading.Event] = {}

    def begin(self, watch_id: str) -> Walk:
        """A walk that can be watched and stopped. Raises `Conflict` for an id that is in use."""
        if len(watch_id) > MAX_ID:
            raise Invalid(f"The id to watch a verification by has at most {MAX_ID} characters. Choose a shorter one.")
        if not watch_id.startswith(WATCHES):
            raise Invalid(f"The id to watch a verification by begins with {WATCHES!r}. Choose another.")
        if watch_id in self._going:
            raise Conflict("A verification of that id is on its way already. Watch that one, or choose another id.")
        stopped = self._going[watch_id] = threading.Event()
        return Walk(watch_id, asyncio.get_running_loop(), self._ticks, stopped)

    def end(self, watch_id: str) -> None:
        """It is over; its id is free again."""
        self._going.pop(watch_id, None)

    def stop(self, watch_id: str) -> bool:
        """End it before its time; False where this process knows of none."""
        stopped = self._going.get(watch_id)
        if stopped is not None:
            stopped.set()
        return stopped is not None
