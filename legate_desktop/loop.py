"""The core's thread: one plain asyncio loop beside Qt, and the only place where tasks are started.

A bare `create_task` elsewhere would be collected while it runs; here every task is held until it is done. The core is
imported in this thread, by the opener, so that the first paint waits for nothing of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from legate_core.client import Client

SWITCH_SECONDS = 0.0005
"""How soon a thread that computes gives way to one that waits.

Every call into Qt lets the interpreter's lock go and takes it again. With Python's own 5 ms for each, a frame of fifty
calls stands still for a quarter of a second while the core verifies a journal.
"""

Opener = Callable[[], Awaitable["OpenedCore"]]


class OpenedCore:
    """A client, how to close what stands behind it, and the practice deputy's name and task where there is one."""

    def __init__(
        self, client: Client, close: Callable[[], Awaitable[None]], practice: tuple[str, str] | None = None
    ) -> None:
        self.client = client
        self.close = close
        self.practice = practice


class CoreThread:
    """Opens the core in a thread of its own, runs coroutines there, closes it on `stop`."""

    def __init__(
        self,
        opener: Opener,
        *,
        on_ready: Callable[[], None],
        on_ended: Callable[[BaseException | None], None],
    ) -> None:
        self._opener = opener
        self._on_ready = on_ready
        self._on_ended = on_ended
        self._thread = threading.Thread(target=self._run, name="legate-core", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_stop_wanted = False
        self.client: Client | None = None
        self.practice: tuple[str, str] | None = None

    def start(self) -> None:
        """Begin; `on_ready` or `on_ended` is called from the thread."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run a coroutine on the core's loop, from any thread."""
        import asyncio

        if self._loop is None or self._loop.is_closed():
            work.close()
            gone: Future[Any] = Future()
            gone.set_exception(EngineGone())
            return gone
        return asyncio.run_coroutine_threadsafe(self._held(work), self._loop)

    def stop(self, timeout_seconds: float = 10.0) -> bool:
        """Close the core and wait for its thread; False if it did not end in time."""
        self._is_stop_wanted = True
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    async def _held(self, work: Coroutine[Any, Any, Any]) -> Any:
        import asyncio

        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await work

    def _run(self) -> None:
        import asyncio

        error: BaseException | None = None
        try:
            asyncio.run(self._main())
        except BaseException as raised:  # whatever ended the engine must reach the window, not only stderr
            error = raised
        self._on_ended(error)

    async def _main(self) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        if self._is_stop_wanted:
            return
        opened = await self._opener()
        self.client, self.practice = opened.client, opened.practice
        try:
            self._on_ready()
            await self._stopping.wait()
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self.client = None
            await opened.close()


class EngineGone(Exception):
    """The engine's thread has ended; nothing can be asked of it."""
