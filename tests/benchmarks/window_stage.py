"""What the measurements of the window share: an application off screen, streams at a rate, and how time and memory are read."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def application() -> Any:
    from PySide6.QtWidgets import QApplication

    from legate_desktop.shell.window import dress
    from legate_desktop.theme.look import look
    from legate_desktop.theme.resources import load_fonts

    app = QApplication.instance() or QApplication(["legate"])
    app.setStyle("Fusion")
    load_fonts()
    look.choose("dark")
    dress(app)
    return app


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def timed(act: Callable[[], object]) -> float:
    """CPU milliseconds of this thread: what somebody else does on the machine does not count."""
    began = time.thread_time()
    act()
    return (time.thread_time() - began) * 1e3


class Streams:
    """A client whose runs tick at a rate; each tick carries the time it was made."""

    def __init__(self, per_second: int) -> None:
        self._pause = 1.0 / per_second
        self.is_over = False

    async def ticks(self, run_id: str) -> AsyncIterator[Any]:
        due = time.perf_counter()
        while not self.is_over:
            yield SimpleNamespace(at=time.perf_counter(), run_id=run_id, kind="text", text="word ")
            due += self._pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def close(self) -> None:
        self.is_over = True


def bridge_of(client: Streams) -> Any:
    from legate_desktop.live import Bridge
    from legate_desktop.loop import OpenedCore

    async def open_core() -> OpenedCore:
        return OpenedCore(client, client.close)  # type: ignore[arg-type]  # as much of a client as is asked

    return Bridge(open_core)


def own_time_ms() -> float:
    """The time, without what this thread was ready and other programs had the processors, where the system counts that.

    Waiting for the interpreter's lock is not of that kind: it counts.
    """
    waited = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    others = int(waited.read_text(encoding="ascii").split()[1]) / 1e6 if waited.exists() else 0.0
    return time.perf_counter() * 1e3 - others


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
