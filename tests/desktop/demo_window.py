"""Opens the window on the tests' fake core, or paints it into files: `python tests/desktop/demo_window.py [FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

import fake_core
from PySide6.QtWidgets import QApplication

from legate_desktop.pages.approvals import requests as approval_requests
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.runs import requests as run_requests
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.shell.window import Window, dress
from legate_desktop.theme.look import look
from legate_desktop.theme.resources import load_fonts


def make_window() -> tuple[Window, fake_core.FakeBridge]:
    """A window with seeded data and a fixed clock."""
    approval_requests.core = fake_core.SURFACE
    run_requests.core = fake_core.SURFACE
    bridge = fake_core.practice_bridge()
    approvals = ApprovalsState(bridge, wall_clock=lambda: fake_core.NOW)
    runs = RunsState(bridge, wall_clock=lambda: fake_core.NOW)
    window = Window(approvals, runs, "Practice workspace")
    approvals.open()
    runs.open()
    return window, bridge


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    load_fonts()
    look.choose("dark")
    dress(app)
    window, bridge = make_window()
    if options.folder is None:
        window.resize(1440, 900)
        window.show()
        return app.exec()
    options.folder.mkdir(parents=True, exist_ok=True)
    window.show()
    ids = list(bridge.cards)
    for theme in ("dark", "light"):
        look.choose(theme)
        for width, height in ((1440, 900), (900, 600)):
            window.resize(width, height)
            for name, page, row in (("send", "approvals", 1), ("grave", "approvals", 0), ("hostile", "approvals", 4), ("doubt", "approvals", 8), ("runs", "runs", 0)):
                window.go(page)
                if page == "approvals":
                    window.approvals.state.select(ids[row])
                for _ in range(8):
                    app.processEvents()
                window.grab().save(str(options.folder / f"{name}-{theme}-{width}.png"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
