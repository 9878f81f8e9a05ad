"""The window at work, off screen and without a GPU: events to pixels, frames, pages, palette, theme, blocks, memory.

`python -m tests.benchmarks.window_work` prints its figures as JSON; the table is made by `tests.benchmarks`.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.benchmarks.budget import Figure, median

ROWS, EVENTS_PER_SECOND, SECONDS = 10_000, 1_000, 3.0
RUNS, TICKS_PER_SECOND = 5, 200
PALETTE_OBJECTS = 5_000
ENTRIES, OLD_RUNS = 1_000_000, 100_000
ROUNDS = {"blocks": 5, "rest": 1}
"""How often a part is measured; three times where nothing is said."""


def window_work_figures() -> list[Figure]:
    """Each round of each part in a process of its own, so that none pays for another's memory; the medians of the rounds."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as cache:
        # As it is installed, with compiled modules; the first round compiles them and does not count.
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": cache, "QT_QPA_PLATFORM": "offscreen"}
        for part in PARTS:
            rounds = [_round(part, os.environ | compiled) for _ in range(1 + ROUNDS.get(part, 3))][1:]
            found += [
                replace(same[0], value=median(figure.value for figure in same)) for same in zip(*rounds, strict=True)
            ]
    return found


def _round(part: str, environment: dict[str, str]) -> list[Figure]:
    command = [sys.executable, "-m", "tests.benchmarks.window_work", part]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return [Figure(**figure) for figure in json.loads(said.splitlines()[-1])]


def _app() -> Any:
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


def _percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _timed(act: Callable[[], object]) -> float:
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


def _bridge(client: Streams) -> Any:
    from legate_desktop.live import Bridge
    from legate_desktop.loop import OpenedCore

    async def open_core() -> OpenedCore:
        return OpenedCore(client, client.close)  # type: ignore[arg-type]  # as much of a client as is asked

    return Bridge(open_core)


def _list_of(count: int) -> tuple[Any, Any, list[Any]]:
    from legate_desktop.delegates.rows import RowList
    from legate_desktop.models import LiveModel
    from legate_desktop.pages.approvals.row import ApprovalDelegate
    from legate_desktop.pages.approvals.view import ApprovalRow

    rows = [
        ApprovalRow(
            f"apr_{n}", "mail.send", "send", f"send letter {n}", "Reply desk", "run_1", "Because.", "waiting", n
        )
        for n in range(count)
    ]
    model: Any = LiveModel(lambda row: row.title)
    model.set_rows(rows)
    view = RowList(ApprovalDelegate(lambda: 10_000, lambda _row_id: False), "rows")
    view.setModel(model)
    view.resize(700, 820)
    view.show()
    return view, model, rows


def event_to_pixel() -> list[Figure]:
    """A list of 10,000 rows in which a thousand rows a second change; from the change to the frame that shows it."""
    from PySide6.QtCore import QEventLoop, QObject, QTimer

    app = _app()
    view, model, rows = _list_of(ROWS)
    app.processEvents()
    waiting: list[float] = []
    took: list[float] = []

    class Painted(QObject):
        def eventFilter(self, _watched: QObject, event: Any) -> bool:
            if event.type() == event.Type.Paint and waiting:
                now = time.perf_counter()
                took.extend((now - at) * 1e3 for at in waiting)
                waiting.clear()
            return False

    painted = Painted()
    view.viewport().installEventFilter(painted)
    client = Streams(EVENTS_PER_SECOND)
    bridge = _bridge(client)
    state = {"rows": rows, "n": 0}

    def on_ticks(ticks: list[Any]) -> None:
        fresh = list(state["rows"])
        for tick in ticks:
            state["n"] += 1
            at = state["n"] % 8
            fresh[at] = replace(fresh[at], title=f"letter {state['n']}")
            waiting.append(tick.at)
        state["rows"] = fresh
        model.set_rows(fresh)

    bridge.ready.connect(lambda: bridge.ticks("run_1", on_ticks))
    loop = QEventLoop()
    QTimer.singleShot(int(SECONDS * 1e3), loop.quit)
    bridge.start()
    loop.exec()
    bridge.stop()
    return [
        Figure(f"event to pixel at {EVENTS_PER_SECOND:,} events/s, median", median(took), "ms", most=25.0),
        Figure("event to pixel, p95", _percentile(took, 0.95), "ms", most=50.0),
        Figure("events shown per second", len(took) / SECONDS, "/s"),
    ]


def frames() -> list[Figure]:
    """A frame of a long list while it is scrolled, and the work of streamed text."""
    from legate_desktop.widgets.labels import OutsideText

    app = _app()
    view, _model, _rows = _list_of(ROWS)
    app.processEvents()
    bar = view.verticalScrollBar()
    took = []
    for at in range(200):
        bar.setValue(at * 37 % bar.maximum())
        took.append(_timed(view.viewport().repaint))
    text = OutsideText("", "body", framed=True, most_lines=8)
    text.resize(560, 200)
    text.show()
    app.processEvents()
    streamed = []
    for at in range(120):
        streamed.append(_timed(lambda at=at: (text.set_text("word " * (at * 33)), text.viewport().repaint())))
    return [
        Figure(f"frame of a list of {ROWS:,} rows, p95", _percentile(took, 0.95), "ms", most=8.0),
        Figure("streamed text, work per frame, p95 (20,000 characters)", _percentile(streamed, 0.95), "ms", most=10.0),
    ]


def pages() -> list[Figure]:
    """Going from page to page, the palette among thousands of objects, and another theme."""
    from legate_desktop.shell.finding import Deed, Found
    from legate_desktop.theme.look import look
    from tests.desktop import fake_core
    from tests.desktop.fakes_deck import deck_bridge
    from tests.desktop.stage import make_window

    # The engine is imported in its own thread, and before a person turns a page; then the garbage collector forgets it.
    importlib.import_module("legate_core.app")
    gc.freeze()
    app = _app()
    fake_core.install()
    look.choose_motion(is_reduced=True)
    window, _ = make_window(deck_bridge())
    window.resize(1440, 900)
    window.show()
    app.processEvents()

    def go(page_id: str) -> None:
        window.go(page_id)
        app.processEvents()

    first = {page_id: _timed(lambda page_id=page_id: go(page_id)) for page_id in window.specs}
    again = [_timed(lambda page_id=page_id: go(page_id)) for _ in range(3) for page_id in window.specs]
    many = [
        Found(f"o{n}", f"run {n} of Reply desk {n % 97}", f"run_{n:05d}", "activity", "", (Deed("Open", lambda: None),))
        for n in range(PALETTE_OBJECTS)
    ]
    window.specs["runs"] = replace(window.specs["runs"], find=lambda _context: many)
    opened = _timed(window.open_palette)
    app.processEvents()
    keys = []
    for text in ("r", "re", "rep", "repl", "reply", "reply 4", "reply 42", "reply 4", "x", "ru", "run", "run 77"):
        keys.append(_timed(lambda text=text: (window.palette_box.field.setText(text), app.processEvents())))
    window.palette_box.close_now()

    def dressed(theme: str) -> None:
        look.choose(theme)
        app.processEvents()

    themes = [_timed(lambda theme=theme: dressed(theme)) for theme in ("light", "dark") * 3]
    return [
        Figure("page change, p95", _percentile(again, 0.95), "ms", most=100.0),
        Figure("first visit of a page, the slowest", max(first.values()), "ms", most=100.0),
        Figure(f"palette opens over {PALETTE_OBJECTS:,} objects", opened, "ms", most=50.0),
        Figure("palette, key press, p95", _percentile(keys, 0.95), "ms", most=16.0),
        Figure("theme change, median", median(themes), "ms", most=150.0),
    ]


def blocks() -> list[Figure]:
    """The longest time the window's loop stood still while five runs stream and the core hashes without pause."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from legate_desktop.widgets.labels import OutsideText

    _app()
    texts = [OutsideText("", "body", framed=True, most_lines=4) for _ in range(RUNS)]
    for text in texts:
        text.resize(400, 90)
        text.show()
    client = Streams(TICKS_PER_SECOND)
    bridge = _bridge(client)
    said = [""] * RUNS

    def listener(at: int) -> Callable[[list[Any]], None]:
        def on_ticks(ticks: list[Any]) -> None:
            said[at] = (said[at] + "".join(tick.text for tick in ticks))[-20_000:]
            texts[at].set_text(said[at])

        return on_ticks

    async def heavy() -> None:
        # What a verification does: small pieces of pure Python and hashing, with the loop let go in between.
        body = json.dumps({"n": list(range(200))})
        while not client.is_over:
            for _ in range(50):
                hashlib.sha256(json.dumps(json.loads(body)).encode()).digest()
            await asyncio.sleep(0)

    def begin() -> None:
        for at in range(RUNS):
            bridge.ticks(f"run_{at}", listener(at))
        bridge._core.submit(heavy())

    gaps: list[float] = []
    last = [_own_time_ms()]

    def beat() -> None:
        now = _own_time_ms()
        gaps.append(now - last[0])
        last[0] = now

    timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    bridge.ready.connect(begin)
    loop = QEventLoop()
    QTimer.singleShot(int(SECONDS * 1e3), loop.quit)
    bridge.start()
    timer.start()
    loop.exec()
    timer.stop()
    bridge.stop()
    return [
        Figure("longest block of the window's loop, five runs streaming", max(gaps[5:]), "ms", most=50.0),
        Figure("pause of the window's loop, p99", _percentile(gaps[5:], 0.99), "ms"),
    ]


def _own_time_ms() -> float:
    """The time, without what this thread was ready and other programs had the processors, where the system counts that.

    Waiting for the interpreter's lock is not of that kind: it counts.
    """
    waited = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    others = int(waited.read_text(encoding="ascii").split()[1]) / 1e6 if waited.exists() else 0.0
    return time.perf_counter() * 1e3 - others


def history() -> list[Figure]:
    """A million entries of the journal and a hundred thousand runs, of which only what is looked at is there."""
    from legate_desktop.notice import monotonic_ms, wall_ms
    from legate_desktop.pages.audit.page import AuditPage
    from legate_desktop.pages.audit.state import AuditState
    from legate_desktop.practice import Practice
    from legate_desktop.shell.context import PageContext
    from tests.desktop import fakes_audit

    app = _app()
    fakes_audit.install(setattr)
    bridge = fakes_audit.JournalBridge(ENTRIES)
    context = PageContext(bridge, Practice(bridge))
    state = context.keep(AuditState(bridge, clock=monotonic_ms, wall_clock=wall_ms))
    page = AuditPage(context)
    page.resize(1440, 900)
    page.show()
    app.processEvents()
    before = _resident_mb()
    opened = _timed(lambda: (context.engine_opened(), app.processEvents()))
    bar = page.table.verticalScrollBar()

    def jump(at: int) -> None:
        bar.setValue(at * 7_919_993 % bar.maximum())
        app.processEvents()

    jumps = [_timed(lambda at=at: jump(at)) for at in range(1, 201)]
    return [
        Figure(f"audit opens on {ENTRIES:,} entries", opened, "ms", most=100.0),
        Figure("audit, a jump to any of them, p95", _percentile(jumps, 0.95), "ms", most=50.0),
        Figure("audit, memory for 200 jumps", _resident_mb() - before, "MB", most=20.0),
        Figure("audit, rows held after 200 jumps", state.model.held, ""),
        *_runs_of_years(app),
    ]


def _runs_of_years(app: Any) -> list[Figure]:
    from tests.desktop import fake_core
    from tests.desktop.stage import make_window

    fake_core.install()
    bridge = fake_core.practice_bridge()
    asked: list[int] = []

    def page_after(query: Any) -> Any:
        first = int(query.before.removeprefix("run_")) + 1 if query.before else 0
        asked.append(first)
        last = min(OLD_RUNS, first + query.limit)
        rows = tuple(
            fake_core.run(at, id=f"run_{at:06d}", status="succeeded", finished_at=fake_core.NOW - at)
            for at in range(first, last)
        )
        more = rows[-1].id if last < OLD_RUNS else ""
        return SimpleNamespace(rows=rows, before=more, total=-1 if query.before else OLD_RUNS, as_of=fake_core.NOW)

    bridge.answers["RunHistory"] = page_after
    window, _ = make_window(bridge)
    window.resize(1440, 900)
    window.show()
    opened = _timed(lambda: (window.go("runs"), app.processEvents()))
    view = window.page("runs").list
    before = _resident_mb()

    def to_the_end() -> None:
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        app.processEvents()

    ends = [_timed(to_the_end) for _ in range(40)]
    return [
        Figure(f"runs open on {OLD_RUNS:,}, imports included", opened, "ms"),
        Figure("runs, the next page at the end of the list, p95", _percentile(ends, 0.95), "ms", most=50.0),
        Figure("runs, memory for 40 pages", _resident_mb() - before, "MB", most=20.0),
        Figure("runs asked for of them", len(asked) * 100.0, ""),
    ]


def rest() -> list[Figure]:
    """Memory with every page visited on the practice workspace, and what still ticks when nobody looks."""
    from PySide6.QtCore import QEventLoop, QTimer

    from legate_desktop import app as desktop

    app = _app()
    with tempfile.TemporaryDirectory() as folder:
        options = desktop.arguments().parse_args(["--practice", "--home", folder])
        made = desktop.Desktop(app, options)
        made.show()
        loop = QEventLoop()
        made.context.opened.connect(lambda: QTimer.singleShot(4_000, loop.quit))
        loop.exec()
        for page_id in made.window.specs:
            made.window.go(page_id)
            app.processEvents()
        gc.collect()
        settle = QEventLoop()
        QTimer.singleShot(1_500, settle.quit)
        settle.exec()
        memory = _resident_mb()
        made.window.hide()
        app.processEvents()
        QTimer.singleShot(8_000, settle.quit)
        settle.exec()
        active = [timer for timer in _timers(made) if timer.isActive()]
        began, used = time.perf_counter(), time.process_time()
        QTimer.singleShot(3_000, settle.quit)
        settle.exec()
        share = (time.process_time() - used) / (time.perf_counter() - began) * 100
        made.presence.background.end()
        made.bridge.stop()
    return [
        Figure("memory, every page visited, engine included", memory, "MB", most=250.0),
        Figure("timers while hidden and idle", float(len(active)), "", most=0.0),
        Figure("processor while hidden and idle", share, "% of a core", most=0.5),
    ]


def _timers(made: Any) -> list[Any]:
    from PySide6.QtCore import QTimer

    return [timer for root in (made.window, made.context, made.presence) for timer in root.findChildren(QTimer)]


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "event_to_pixel": event_to_pixel,
    "frames": frames,
    "pages": pages,
    "blocks": blocks,
    "history": history,
    "rest": rest,
}


if __name__ == "__main__":
    figures = PARTS[sys.argv[1]]()
    print(json.dumps([{"name": f.name, "value": f.value, "unit": f.unit, "most": f.most} for f in figures]))
