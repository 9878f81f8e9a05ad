"""The window paints before the engine is imported, and closes cleanly; in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from legate_desktop import app as desktop
from legate_desktop.loop import OpenedCore

seen = {}

class Client:
    async def snapshot(self, query): raise RuntimeError("not asked")
    async def close(self): seen["closed"] = True

def opener(**_options):
    async def open_core():
        seen["at the first paint"] = painted
        return OpenedCore(Client(), Client().close)
    return open_core

painted = []
desktop.opener = opener
real = desktop.Desktop

class Watched(real):
    def __init__(self, app, options, prefs, log_to):
        super().__init__(app, options, prefs, log_to)
        self.window.painted.connect(lambda: painted.extend(sys.modules))
        self.bridge.ready.connect(lambda: QTimer.singleShot(50, self.window.close))
    def _on_ready(self):
        pass

desktop.Desktop = Watched
status = desktop.main(["--practice", "--look", "dark"])
names = seen["at the first paint"]
print(json.dumps({
    "status": status,
    "closed": seen.get("closed", False),
    "core": sorted(n for n in names if n.startswith("legate_core")),
    "heavy": sorted({n.partition(".")[0] for n in names} & {
        "sqlalchemy", "httpx", "jsonschema", "keyring", "argon2", "alembic", "fastapi", "cryptography", "psycopg",
        "asyncio", "chromadb", "onnxruntime",
    }),
}))
"""


def test_nothing_of_the_engine_is_imported_before_the_first_paint(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LEGATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # Where the data folder is, and whether another process stands in it, is asked before anything is painted.
    light = ["legate_core", "legate_core.errors", "legate_core.link", "legate_core.link.handover"]
    light += ["legate_core.link.names", "legate_core.private", "legate_core.settings"]
    assert found == {"status": 0, "closed": True, "core": light, "heavy": []}
