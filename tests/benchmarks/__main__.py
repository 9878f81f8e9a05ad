"""The figures of speed and memory, each a median of several, beside its budget. `python -m tests.benchmarks` or `make bench`.

Never part of the tests: a shared machine has its moods, so a missed budget is printed and looked at, not failed on.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.budget import Figure, table
from tests.benchmarks.models import model_figures
from tests.benchmarks.spine import answer_figures, step_figures, verdict_figures, verify_figures
from tests.benchmarks.waiting import waiting_figures
from tests.benchmarks.window import window_figures
from tests.benchmarks.window_work import window_work_figures

BENCHMARKS: tuple[Callable[[Path], list[Figure]], ...] = (
    lambda folder: asyncio.run(step_figures(folder)),
    lambda folder: verdict_figures(),
    lambda folder: asyncio.run(answer_figures(folder)),
    lambda folder: asyncio.run(verify_figures(folder)),
    waiting_figures,
    lambda folder: model_figures(),
    lambda folder: window_figures(),
    lambda folder: window_work_figures(),
)


MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one: there a bare commit costs what the computing costs, and the ratio is hardest."""


def main() -> None:
    figures: list[Figure] = []
    for benchmark in BENCHMARKS:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            figures += benchmark(Path(folder))
    print(table(figures))


if __name__ == "__main__":
    main()
