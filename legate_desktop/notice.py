"""What a page's state says in a toast, and the clocks states are given when a test brings none of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from legate_desktop.theme.tokens import TOAST_MS


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say in a toast. `undo` takes back what was done, and is offered while the toast stands."""

    text: str
    is_error: bool = False
    undo: Callable[[], None] | None = None
    lasts_ms: int = TOAST_MS


def monotonic_ms() -> int:
    """The clock of the inert time and of undo."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """The clock of ages and expiries."""
    return time.time_ns() // 1_000_000
