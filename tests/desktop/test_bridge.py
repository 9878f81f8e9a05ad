"""The bridge: a real thread with a loop of its own on one side, Qt's on the other, and no more than a frame between."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pytestqt.qtbot import QtBot

from legate_core.errors import Conflict, Unavailable
from legate_core.kernel.messages import Delivery, LiveQuery, Recorded, Snapshot, Tick
from legate_desktop import live
from legate_desktop.live import Bridge
from legate_desktop.loop import OpenedCore
from legate_desktop.theme.tokens import FRAME_MS


@dataclass(frozen=True)
class Numbers(LiveQuery[int]):
    """Rows `n` -> how often `n` was named."""

    listens: ClassVar[frozenset[str]] = frozenset({"number.named"})

    def apply(self, rows: Mapping[str, int], event: Recorded) -> Mapping[str, int]:
        name = str(event.body["n"])
        return {**rows, name: rows.get(name, 0) + 1}


class StubbornClient:
    """A core of one query. `say` brings an event, from any thread; `fail` breaks what is followed and asked."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.current_thread()
        self.queue: asyncio.Queue[Recorded | Exception] = asyncio.Queue()
        self.ticking: asyncio.Queue[Tick] = asyncio.Queue()
        self.error: Exception | None = None
        self.is_closed = False
        self.snapshots = 0

    def say(self, n: int) -> None:
        event = Recorded(n, "number.named", {"n": n % 10}, "", "", 0)
        self.loop.call_soon_threadsafe(self.queue.put_nowait, event)

    def fail(self, error: Exception) -> None:
        self.error = error
        self.loop.call_soon_threadsafe(self.queue.put_nowait, error)

    async def snapshot(self, _query: Any) -> Snapshot[int]:
        if self.error is not None:
            raise self.error
        self.snapshots += 1
        return Snapshot({}, "0")

    async def events(self, _query: Any, _cursor: str) -> AsyncIterator[Delivery]:
        while True:
            event = await self.queue.get()
            if isinstance(event, Exception):
                raise event
            yield Delivery((event,), str(event.seq))

    async def ticks(self, _run_id: str) -> AsyncIterator[Tick]:
        while True:
            yield await self.ticking.get()

    async def send(self, command: Any) -> Any:
        if isinstance(command, Exception):
            raise command
        return command

    ask = send

    async def idle(self, heard: list[str]) -> None:
        """Say so when everything said so far was taken and passed on."""
        while not self.queue.empty():
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        heard.append("idle")

    async def close(self) -> None:
        self.is_closed = True


class Desk:
    """A bridge on a stubborn client."""

    def __init__(self, qtbot: QtBot) -> None:
        self.bot = qtbot
        self.client: StubbornClient | None = None
        self.bridge = Bridge(self._open)
        self.said: list[tuple[str, Any]] = []
        self.bridge.away.connect(lambda words: self.said.append(("away", words)))
        self.bridge.back.connect(lambda: self.said.append(("back", "")))

    async def _open(self) -> OpenedCore:
        self.client = StubbornClient()
        return OpenedCore(self.client, self.client.close, practice=("Deputy", "Task"))  # type: ignore[arg-type]

    def start(self) -> StubbornClient:
        with self.bot.waitSignal(self.bridge.ready):
            self.bridge.start()
        assert self.client is not None
        return self.client


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qtbot)
    yield desk
    assert desk.bridge.stop()


def test_the_core_lives_in_a_thread_of_its_own_and_answers_in_the_windows(desk: Desk) -> None:
    client = desk.start()
    threads: list[threading.Thread] = []
    desk.bridge.send("hello", lambda _answer: threads.append(threading.current_thread()), lambda *_: None)
    desk.bot.waitUntil(lambda: bool(threads))
    assert client.thread is not threading.main_thread()
    assert threads == [threading.main_thread()]
    assert desk.bridge.practice == ("Deputy", "Task")


def test_a_thousand_events_a_second_are_all_heard_in_fewer_deliveries(desk: Desk) -> None:
    client = desk.start()
    deliveries: list[Mapping[str, int]] = []
    desk.bridge.watch(Numbers(), deliveries.append, lambda message: None)
    desk.bot.waitUntil(lambda: len(deliveries) == 1)
    for n in range(1_000):
        client.say(n)
    desk.bot.waitUntil(lambda: sum(deliveries[-1].values()) == 1_000, timeout=20_000)
    assert len(deliveries) < 1_000


def test_what_comes_within_a_frame_waits_for_its_end_and_comes_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.start()
    deliveries: list[Mapping[str, int]] = []
    desk.bridge.watch(Numbers(), deliveries.append, lambda message: None)
    desk.bot.waitUntil(lambda: len(deliveries) == 1)
    waits: list[tuple[int, Callable[[], None]]] = []
    monkeypatch.setattr(live.time, "monotonic", lambda: desk.bridge._delivered_at)
    monkeypatch.setattr(live.QTimer, "singleShot", lambda wait_ms, call: waits.append((wait_ms, call)))
    for n in range(50):
        client.say(n)
    desk.bot.waitUntil(lambda: bool(waits))
    heard: list[str] = []
    asyncio.run_coroutine_threadsafe(client.idle(heard), client.loop)
    desk.bot.waitUntil(lambda: bool(heard))
    assert len(deliveries) == 1
    ((wait_ms, hand_over),) = waits
    assert wait_ms == FRAME_MS
    hand_over()
    assert len(deliveries) == 2
    assert sum(deliveries[1].values()) == 50


def test_ticks_are_gathered_and_kept_in_order(desk: Desk) -> None:
    client = desk.start()
    batches: list[list[Tick]] = []
    desk.bridge.ticks("run_1", batches.append)
    for n in range(300):
        client.loop.call_soon_threadsafe(client.ticking.put_nowait, Tick("run_1", "text", str(n)))
    desk.bot.waitUntil(lambda: sum(map(len, batches)) == 300)
    assert [tick.text for batch in batches for tick in batch] == [str(n) for n in range(300)]
    assert len(batches) < 100


def test_a_watch_that_was_closed_is_never_heard_again(desk: Desk) -> None:
    client = desk.start()
    heard: list[Any] = []
    watch = desk.bridge.watch(Numbers(), heard.append, lambda message: None)
    desk.bot.waitUntil(lambda: len(heard) == 1)
    client.say(1)
    watch.close()
    answered: list[Any] = []
    desk.bridge.ask("still here?", answered.append, lambda *_: None)
    desk.bot.waitUntil(lambda: bool(answered))
    assert len(heard) == 1


def test_an_engine_away_is_said_once_and_its_return_too(desk: Desk) -> None:
    client = desk.start()
    rows: list[Any] = []
    desk.bridge.watch(Numbers(), rows.append, lambda message: None)
    desk.bot.waitUntil(lambda: len(rows) == 1)
    client.fail(Unavailable("The database is away. Wait for it."))
    desk.bot.waitUntil(lambda: desk.said == [("away", "The database is away. Wait for it.")])
    client.error = None
    desk.bot.waitUntil(lambda: len(desk.said) == 2, timeout=10_000)
    assert desk.said[1] == ("back", "")
    assert client.snapshots == 2


def test_an_error_of_the_core_comes_as_its_own_words(desk: Desk) -> None:
    desk.start()
    failures: list[tuple[str, bool]] = []
    for error in (Conflict("Kim was first. Look at the run."), Unavailable("The disk is full. Make room.")):
        desk.bridge.send(error, lambda _answer: None, lambda message, away: failures.append((message, away)))
    desk.bot.waitUntil(lambda: len(failures) == 2)
    assert failures == [("Kim was first. Look at the run.", False), ("The disk is full. Make room.", True)]


def test_a_fault_of_ours_is_named_and_logged_and_never_shown_raw(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.start()
    failures: list[str] = []
    desk.bridge.send(KeyError("secret"), lambda _answer: None, lambda message, _away: failures.append(message))
    desk.bot.waitUntil(lambda: bool(failures))
    assert failures == ["Legate hit a fault of its own (KeyError). Nothing was decided; see the log."]
    assert "secret" in caplog.text


def test_a_core_that_cannot_be_opened_is_away_with_its_reason(qtbot: QtBot) -> None:
    async def refuse() -> OpenedCore:
        raise Unavailable("The data folder is on a disk that is full. Make room, then start again.")

    bridge = Bridge(refuse)
    with qtbot.waitSignal(bridge.away) as away:
        bridge.start()
    assert away.args == ["The data folder is on a disk that is full. Make room, then start again."]
    failures: list[bool] = []
    bridge.send("anything", lambda _answer: None, lambda _message, is_away: failures.append(is_away))
    qtbot.waitUntil(lambda: failures == [True])
    assert bridge.stop()


def test_closing_the_window_closes_the_core_and_nothing_is_called_after(desk: Desk) -> None:
    client = desk.start()
    heard: list[Any] = []
    desk.bridge.watch(Numbers(), heard.append, heard.append)
    desk.bridge.send("late", heard.append, lambda *_: None)
    assert desk.bridge.stop()
    assert client.is_closed
    desk.bot.wait(FRAME_MS * 3)
    assert heard == []


def test_a_bridge_that_was_never_started_stops_at_once(qtbot: QtBot) -> None:
    async def never() -> OpenedCore:
        raise AssertionError("nobody asked for the core")

    assert Bridge(never).stop()
