"""The window: from the start of the process to the first paint, and until the engine is ready; and a bare import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.budget import Figure, median

ROUNDS = 5


def window_figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as cache:
        return _figures(cache)


def _figures(cache: str) -> list[Figure]:
    # As it is installed, with compiled modules; the first round compiles them and does not count.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": cache, "QT_QPA_PLATFORM": "offscreen"}
    paints, readies, imports = [], [], []
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | compiled | {"LEGATE_HOME": folder}
            command = [sys.executable, "-m", "tests.benchmarks.window", str(time.time()), folder]
            said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
            paint, ready = said.split()[-2:]
            paints.append(float(paint) * 1e3)
            readies.append(float(ready) * 1e3)
        code = "import time; t = time.perf_counter(); import legate_core; print(time.perf_counter() - t)"
        took = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ | compiled
        ).stdout
        imports.append(float(took) * 1e3)
    return [
        Figure("window, first paint (from the start of the process)", median(paints[1:]), "ms", most=400.0),
        Figure("window, engine ready", median(readies[1:]), "ms", most=2000.0),
        Figure("import legate_core", median(imports[1:]), "ms", most=20.0),
    ]


def main(began: float, home: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from legate_desktop import app as desktop

    application = QApplication(["legate"])
    application.setStyle("Fusion")
    desktop.load_fonts()
    desktop.look.choose("dark")
    desktop.dress(application)
    made = desktop.Desktop(application, desktop.arguments().parse_args(["--practice", "--home", str(home)]))
    times: list[float] = []
    made.window.painted.connect(lambda: times.append(time.time() - began) if not times else None)
    made.bridge.ready.connect(lambda: (times.append(time.time() - began), application.quit()))
    made.show()
    application.exec()
    made.bridge.stop()
    print(*times[:2])


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]))
