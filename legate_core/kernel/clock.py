"""Time as a port: milliseconds since the Unix epoch, and a clock that tests can move."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, in milliseconds since the Unix epoch."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: int = 1_790_000_000_000) -> None:
        self.time = start

    def now(self) -> int:
        return self.time

    def advance(self, seconds: float) -> None:
        """Move the clock; going backwards is allowed, clocks do."""
        self.time += int(seconds * 1000)
