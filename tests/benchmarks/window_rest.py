"""The window beside the engine: how long its loop stands still while both work, and what it costs while nobody looks."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.budget import Figure
from tests.benchmarks.window_stage import Streams, application, bridge_of, own_time_ms, percentile, resident_mb

RUNS, TICKS_PER_SECOND, SECONDS = 5, 200, 3.0


def blocks() -> list[Figure]:
    """The longest time the window's loop stood still while five runs stream and the core hashes without pause."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from legate_desktop.widgets.labels import OutsideText

    application()
    texts = [OutsideText("", "body", framed=True, most_lines=4) for _ in range(RUNS)]
    for text in texts:
        text.resize(400, 90)
        text.show()
    client = Streams(TICKS_PER_SECOND)
    bridge = bridge_of(client)
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
    last = [own_time_ms()]

    def beat() -> None:
        now = own_time_ms()
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
        Figure("pause of the window's loop, p99", percentile(gaps[5:], 0.99), "ms"),
    ]


def rest() -> list[Figure]:
    """Memory with every page visited on the practice workspace, and what still ticks when nobody looks."""
    from PySide6.QtCore import QEventLoop, QTimer

    from legate_desktop import app as desktop

    app = application()
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
        memory = resident_mb()
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
