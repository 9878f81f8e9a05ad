"""The bridge: the only file that knows both the core's events and Qt.

Coroutines cross by `run_coroutine_threadsafe`; what comes back is put in a mailbox and handed to the window by one
queued signal, at most once per frame. Rows of a live query replace those not yet read, ticks are gathered; so a
thousand events a second cost the window sixty small deliveries, and nothing when nobody speaks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.core_words import tr_core
from legate_desktop.loop import CoreThread, EngineGone, Opener
from legate_desktop.theme.tokens import FRAME_MS
from legate_desktop.words import tr

log = logging.getLogger(__name__)

Rows = Mapping[str, Any]
Failed = Callable[[str, bool], None]
NEEDS_PROOF = "needs-reauthentication"
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 8.0


class Refusal(str):
    """What the core said to a request that failed, in words, with the code of its error."""

    __slots__ = ("code",)

    def __new__(cls, message: str, code: str = "") -> Refusal:
        said = super().__new__(cls, message)
        said.code = code
        return said


def wants_proof(message: str) -> bool:
    """Whether a request failed only because the core wants to know again who is asking."""
    return getattr(message, "code", "") == NEEDS_PROOF


class Watch:
    """A live query or a stream of ticks being followed; `close` ends it, also for what is still in the mailbox."""

    def __init__(self) -> None:
        self.is_closed = False
        self.future: Future[Any] | None = None

    def close(self) -> None:
        """Follow no longer."""
        self.is_closed = True
        if self.future is not None:
            self.future.cancel()


class Bridge(QObject):
    """Lives in the Qt thread. Every callback it is given is called there."""

    ready = Signal()
    away = Signal(str)
    back = Signal()
    _woken = Signal()

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._mail: list[Callable[[], None]] = []
        self._latest: dict[Watch, list[Any]] = {}
        self._is_woken = False
        self._is_stopping = False
        self._is_away = False
        self._delivered_at = 0.0
        self._woken.connect(self._on_woken)
        self._core = CoreThread(opener, on_ready=self._came, on_ended=self._ended)

    # The window's side.

    @property
    def practice(self) -> tuple[str, str] | None:
        """The practice deputy's name and task, once the core is ready and if it has one."""
        return self._core.practice

    def start(self) -> None:
        """Start the core's thread; `ready` or `away` follows."""
        self._core.start()

    def stop(self) -> bool:
        """Close the core; no callback is called any more."""
        self._is_stopping = True
        return self._core.stop()

    def send(self, command: Any, then: Callable[[Any], None], failed: Failed) -> None:
        """Send a command; `failed` gets the message and whether the engine is away."""
        self._call(lambda: self._client().send(command), then, failed)

    def ask(self, query: Any, then: Callable[[Any], None], failed: Failed) -> None:
        """Ask a query once."""
        self._call(lambda: self._client().ask(query), then, failed)

    def watch(self, query: Any, on_rows: Callable[[Rows], None], failed: Callable[[str], None]) -> Watch:
        """Follow a live query: `on_rows` gets all its rows, at first and after changes."""
        watch = Watch()
        watch.future = self._core.submit(
            self._follow(watch, query, lambda batches: on_rows(batches[-1]), lambda message: failed(message))
        )
        return watch

    def ticks(self, run_id: str, on_ticks: Callable[[list[Any]], None]) -> Watch:
        """Listen to what a run streams; `on_ticks` gets what came since the last frame."""
        watch = Watch()
        watch.future = self._core.submit(self._listen(watch, run_id, on_ticks))
        return watch

    # The core's side: everything below this line down to `_on_woken` runs in the core's thread.

    def _client(self) -> Any:
        if self._core.client is None:
            raise EngineGone
        return self._core.client

    def _call(self, start: Callable[[], Coroutine[Any, Any, Any]], then: Callable[[Any], None], failed: Failed) -> None:
        async def work() -> Any:
            return await start()

        def done(future: Future[Any]) -> None:
            try:
                result = future.result()
            except CancelledError:
                self._post(lambda: failed(tr("The engine stopped before it could answer."), True))
            except Exception as error:
                message, is_away = self._in_words(error)
                self._post(lambda: failed(message, is_away))
            else:
                self._post(lambda: then(result))

        self._core.submit(work()).add_done_callback(done)

    async def _follow(
        self,
        watch: Watch,
        query: Any,
        on_batches: Callable[[list[Any]], None],
        failed: Callable[[str], None],
    ) -> None:
        import asyncio

        from legate_core.client import follow

        pause = FIRST_RETRY_SECONDS
        while not watch.is_closed:
            try:
                async for rows in follow(self._client(), query):
                    pause = FIRST_RETRY_SECONDS
                    self._post_latest(watch, rows, on_batches, keep_all=False)
                    self._set_away("")
                return
            except Exception as error:
                message, is_away = self._in_words(error)
                if not is_away:
                    self._post(lambda message=message: None if watch.is_closed else failed(message))
                    return
                self._set_away(message)
            await asyncio.sleep(pause)
            pause = min(LAST_RETRY_SECONDS, pause * 2)

    async def _listen(self, watch: Watch, run_id: str, on_ticks: Callable[[list[Any]], None]) -> None:
        try:
            async for tick in self._client().ticks(run_id):
                self._post_latest(watch, tick, on_ticks, keep_all=True)
        except Exception as error:
            # Ticks are a courtesy: the steps themselves come as events. The log keeps the reason.
            log.info("ticks of %s ended: %s", run_id, self._in_words(error)[0])

    def _came(self) -> None:
        self._post(self.ready.emit)

    def _ended(self, error: BaseException | None) -> None:
        if self._is_stopping:
            return
        message = self._in_words(error)[0] if isinstance(error, Exception) else tr("The engine stopped.")
        self._set_away(message)

    def _set_away(self, message: str) -> None:
        if bool(message) != self._is_away:
            self._is_away = bool(message)
            self._post((lambda: self.away.emit(message)) if message else self.back.emit)

    def _in_words(self, error: BaseException) -> tuple[str, bool]:
        """What to say about an error, and whether it means that the engine is away."""
        if isinstance(error, EngineGone):
            return tr("The engine is not running. Start Legate again."), True
        from legate_core.errors import LegateError, Unavailable

        if isinstance(error, LegateError):
            return Refusal(tr_core(error.message), error.code), isinstance(error, Unavailable)
        log.error("unexpected error in the core", exc_info=error)
        kind = type(error).__name__
        return tr("Legate hit a fault of its own ({kind}). Nothing was decided; see the log.").format(kind=kind), False

    def _post(self, call: Callable[[], None]) -> None:
        with self._lock:
            self._mail.append(call)
        self._wake()

    def _post_latest(self, watch: Watch, value: Any, deliver: Callable[[list[Any]], None], *, keep_all: bool) -> None:
        with self._lock:
            waiting = self._latest.get(watch)
            if waiting is not None:
                if keep_all:
                    waiting.append(value)
                else:
                    waiting[:] = [value]
                return
            self._latest[watch] = [value]
            self._mail.append(lambda: self._deliver(watch, deliver))
        self._wake()

    def _deliver(self, watch: Watch, deliver: Callable[[list[Any]], None]) -> None:
        with self._lock:
            values = self._latest.pop(watch, [])
        if values and not watch.is_closed:
            deliver(values)

    def _wake(self) -> None:
        with self._lock:
            if self._is_woken or self._is_stopping:
                return
            self._is_woken = True
        self._woken.emit()

    # Back in the window's thread.

    def _on_woken(self) -> None:
        since_ms = (time.monotonic() - self._delivered_at) * 1_000
        if since_ms >= FRAME_MS:
            self._hand_over()
        else:
            QTimer.singleShot(round(FRAME_MS - since_ms), self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            mail, self._mail = self._mail, []
            self._is_woken = False
        self._delivered_at = time.monotonic()
        for call in mail:
            if self._is_stopping:
                return
            call()
