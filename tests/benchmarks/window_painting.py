"""The window paints: events to pixels, frames of a long list, pages, palette, theme."""

from __future__ import annotations

import gc
import importlib
import time
from dataclasses import replace
from typing import Any

from tests.benchmarks.budget import Figure, median
from tests.benchmarks.window_stage import Streams, application, bridge_of, percentile, timed

ROWS, EVENTS_PER_SECOND, SECONDS = 10_000, 1_000, 3.0
PALETTE_OBJECTS = 5_000


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

    app = application()
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
    bridge = bridge_of(client)
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
        Figure("event to pixel, p95", percentile(took, 0.95), "ms", most=50.0),
        Figure("events shown per second", len(took) / SECONDS, "/s"),
    ]


def frames() -> list[Figure]:
    """A frame of a long list while it is scrolled, and the work of streamed text."""
    from legate_desktop.widgets.labels import OutsideText

    app = application()
    view, _model, _rows = _list_of(ROWS)
    app.processEvents()
    bar = view.verticalScrollBar()
    took = []
    for at in range(200):
        bar.setValue(at * 37 % bar.maximum())
        took.append(timed(view.viewport().repaint))
    text = OutsideText("", "body", framed=True, most_lines=8)
    text.resize(560, 200)
    text.show()
    app.processEvents()
    streamed = []
    for at in range(120):
        streamed.append(timed(lambda at=at: (text.set_text("word " * (at * 33)), text.viewport().repaint())))
    return [
        Figure(f"frame of a list of {ROWS:,} rows, p95", percentile(took, 0.95), "ms", most=8.0),
        Figure("streamed text, work per frame, p95 (20,000 characters)", percentile(streamed, 0.95), "ms", most=10.0),
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
    app = application()
    fake_core.install()
    look.choose_motion(is_reduced=True)
    window, _ = make_window(deck_bridge())
    window.resize(1440, 900)
    window.show()
    app.processEvents()

    def go(page_id: str) -> None:
        window.go(page_id)
        app.processEvents()

    first = {page_id: timed(lambda page_id=page_id: go(page_id)) for page_id in window.specs}
    again = [timed(lambda page_id=page_id: go(page_id)) for _ in range(3) for page_id in window.specs]
    many = [
        Found(f"o{n}", f"run {n} of Reply desk {n % 97}", f"run_{n:05d}", "activity", "", (Deed("Open", lambda: None),))
        for n in range(PALETTE_OBJECTS)
    ]
    window.specs["runs"] = replace(window.specs["runs"], find=lambda _context: many)
    opened = timed(window.open_palette)
    app.processEvents()
    keys = []
    for text in ("r", "re", "rep", "repl", "reply", "reply 4", "reply 42", "reply 4", "x", "ru", "run", "run 77"):
        keys.append(timed(lambda text=text: (window.palette_box.field.setText(text), app.processEvents())))
    window.palette_box.close_now()

    def dressed(theme: str) -> None:
        look.choose(theme)
        app.processEvents()

    themes = [timed(lambda theme=theme: dressed(theme)) for theme in ("light", "dark") * 3]
    return [
        Figure("page change, p95", percentile(again, 0.95), "ms", most=100.0),
        Figure("first visit of a page, the slowest", max(first.values()), "ms", most=100.0),
        Figure(f"palette opens over {PALETTE_OBJECTS:,} objects", opened, "ms", most=50.0),
        Figure("palette, key press, p95", percentile(keys, 0.95), "ms", most=16.0),
        Figure("theme change, median", median(themes), "ms", most=150.0),
    ]
