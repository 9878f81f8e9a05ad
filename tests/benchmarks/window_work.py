"""The window at work, off screen and without a GPU: which parts are measured, each in processes of its own.

`python -m tests.benchmarks.window_work PART` prints the figures of one part as JSON; the table is made by `tests.benchmarks`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace

from tests.benchmarks.budget import Figure, median
from tests.benchmarks.window_history import history
from tests.benchmarks.window_painting import event_to_pixel, frames, pages
from tests.benchmarks.window_rest import blocks, rest

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
