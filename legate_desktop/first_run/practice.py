"""The practice workspace of the first run: in a folder that is thrown away, closed without holding up the window."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import QThreadPool

from legate_desktop.live import Bridge
from legate_desktop.opening import opener


class ThrowAway:
    """Makes one bridge, and takes it and its folder away again."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def make(self) -> Bridge:
        """A bridge that is not started yet."""
        self._folder = Path(tempfile.mkdtemp(prefix="legate-first-run-"))
        return Bridge(opener(practice=True, home=self._folder))

    def close(self, bridge: Bridge | None) -> None:
        """Close the workspace in a thread of its own, and remove its folder."""
        folder, self._folder = self._folder, None
        if folder is not None:
            QThreadPool.globalInstance().start(lambda: _take_away(bridge, folder))


def _take_away(bridge: Bridge | None, folder: Path) -> None:
    if bridge is None or bridge.stop():
        shutil.rmtree(folder, ignore_errors=True)
