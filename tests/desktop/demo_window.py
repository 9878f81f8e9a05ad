"""Paints the window on the tests' fake core into files, to look at: `python -m tests.desktop.demo_window FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from legate_desktop.shell.window import dress
from legate_desktop.theme.look import look
from legate_desktop.theme.resources import load_fonts
from tests.desktop import fake_core
from tests.desktop.stage import make_window

SHOTS = (
    ("send", "approvals", "apr_0001f61d7b5"),
    ("grave", "approvals", "apr_0000f61d7b5"),
    ("hostile", "approvals", "apr_0004f61d7b5"),
    ("doubt", "approvals", "act_8"),
    ("runs", "runs", ""),
)


def main(folder: Path) -> None:
    """Every shot in dark and light, large and as small as it goes."""
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    load_fonts()
    folder.mkdir(parents=True, exist_ok=True)
    fake_core.install()
    window, _bridge = make_window()
    window.show()
    for theme in ("dark", "light"):
        look.choose(theme)
        dress(app)
        for width, height in ((1440, 900), (900, 600)):
            window.resize(width, height)
            for name, page, row_id in SHOTS:
                window.go(page)
                window.approvals.state.select(row_id or window.approvals.state.selected_id)
                for _ in range(8):
                    app.processEvents()
                window.grab().save(str(folder / f"{name}-{theme}-{width}.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
