"""The window while documents are read: how long its loop stands still, and whether its process grows.

    python -m tests.benchmarks.window_reading [DOCUMENTS]

The whole desktop off screen, with the real engine in it and the Knowledge page open on the base that is being filled. Made-up
text of some pages each; what is read, embedded and indexed is done by other processes, and only what this one keeps is counted.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.budget import Figure, table
from tests.benchmarks.knowledge_rates import made_up_words
from tests.benchmarks.window_stage import application, own_time_ms, percentile, resident_mb

DOCUMENTS, WORDS_EACH = 60, 2_500
BEAT_MS, LOOK_MS = 5, 500
FRAME_MS = 16.7


def reading_figures(many: int = DOCUMENTS) -> list[Figure]:
    """Fill a base beneath the open page; pauses of the window's loop, and memory at the start, a third and the end."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from legate_core import AddFiles, CreateBase, KnowledgeBases
    from legate_desktop import app as desktop

    app = application()
    with tempfile.TemporaryDirectory() as folder:
        paths = _written(Path(folder) / "files", many)
        made = desktop.Desktop(app, desktop.arguments().parse_args(["--practice", "--home", f"{folder}/home"]))
        made.show()
        loop = QEventLoop()
        pauses: list[float] = []
        memory: dict[int, float] = {}
        told: list[Any] = []

        def failed(message: str, *_more: Any) -> None:
            told.append(message)
            loop.quit()

        def ask_again() -> None:
            made.bridge.ask(KnowledgeBases(), on_bases, failed)

        def on_bases(rows: Any) -> None:
            row = rows[told[0]]
            memory[row.ready] = resident_mb()
            if row.ready + row.failed < many:
                QTimer.singleShot(LOOK_MS, ask_again)
            else:
                told.append(row)
                loop.quit()

        def on_base(base_id: str) -> None:
            told.append(base_id)
            page.state.select(base_id)
            made.bridge.send(AddFiles(base_id, tuple(paths)), lambda _added: ask_again(), failed)

        made.context.opened.connect(lambda: QTimer.singleShot(4_000, loop.quit))
        loop.exec()
        made.window.go("knowledge")
        page: Any = made.window.page("knowledge")
        # Its first paint is measured elsewhere.
        app.processEvents()
        timer = QTimer(interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(_beat(pauses))
        timer.start()
        made.bridge.send(CreateBase("Measured"), on_base, failed)
        loop.exec()
        timer.stop()
        made.presence.background.end()
        made.bridge.stop()
    if len(told) < 2 or isinstance(told[-1], str):
        sys.exit(f"the base could not be filled: {told}")
    third = next(megabytes for ready, megabytes in memory.items() if ready >= many // 3)
    late = sum(pause > FRAME_MS for pause in pauses)
    return [
        Figure(
            f"window while {told[-1].chunks:,} passages are read, pause p99",
            percentile(pauses, 0.99),
            "ms",
            most=FRAME_MS,
        ),
        Figure("longest pause of the window's loop meanwhile", max(pauses), "ms", most=50.0),
        Figure("pauses longer than a frame meanwhile", 100 * late / len(pauses), "%", most=1.0),
        Figure("memory of its process after a third", third, "MB"),
        Figure("growth of its process from then to the end", memory[max(memory)] - third, "MB", most=5.0),
    ]


def _beat(pauses: list[float]) -> Callable[[], None]:
    """Notes how long after the last beat each one comes, less what other programs had the processors for."""
    last = [own_time_ms()]

    def beat() -> None:
        now = own_time_ms()
        pauses.append(max(0.0, now - last[0] - BEAT_MS))
        last[0] = now

    return beat


def _written(folder: Path, many: int) -> list[str]:
    folder.mkdir()
    words, weights = made_up_words()
    random.seed(17)
    paths: list[str] = []
    for number in range(many):
        parts = [
            f"# Part {part}\n\n{'. '.join(' '.join(random.choices(words, weights, k=10)) for _ in range(WORDS_EACH // 100))}."
            for part in range(10)
        ]
        path = folder / f"paper-{number}.md"
        path.write_text("\n\n".join(parts), encoding="utf-8")
        paths.append(str(path))
    return paths


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(table(reading_figures(int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS)))
