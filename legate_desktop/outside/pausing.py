"""Whether the runs of this workspace are paused, and the two words that change it. Imports no widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice
from legate_desktop.outside import requests
from legate_desktop.outside.view import Pause
from legate_desktop.words import tr

PERMISSION = "recall.workspace"
"""What the matrix asks of whoever pauses or resumes."""


class Pausing(QObject):
    """One per window. Palette, tray, banner and the foot of the sidebar all say what this knows."""

    changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = Pause(is_paused=False)

    def open(self) -> None:
        """The core is there: follow the pause."""
        # Whoever may see no runs is told nothing about them.
        self._bridge.watch(requests.pause_query(), self._take, lambda _message: None)

    def why_not_pause(self) -> str:
        """Why the runs cannot be paused."""
        return tr("All runs are paused already") if self.now.is_paused else ""

    def why_not_resume(self) -> str:
        """Why the runs cannot be resumed."""
        return "" if self.now.is_paused else tr("The runs are not paused")

    def pause(self) -> None:
        """Let no run begin or go on."""
        said = Notice(tr("All runs are paused. What is on its way is seen through."), undo=self.resume)
        self._bridge.send(requests.pause_runs(), lambda _result: self.noticed.emit(said), self._failed)

    def resume(self) -> None:
        """Let all of them go on."""
        said = Notice(tr("The runs go on."))
        self._bridge.send(requests.resume_runs(), lambda _result: self.noticed.emit(said), self._failed)

    def _take(self, rows: Mapping[str, Any]) -> None:
        now = next((requests.pause(row) for row in rows.values()), Pause(is_paused=False))
        if now != self.now:
            self.now = now
            self.changed.emit()

    def _failed(self, message: str, _is_away: bool) -> None:
        self.noticed.emit(Notice(message, is_error=True))
