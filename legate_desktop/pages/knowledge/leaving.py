"""What was removed but may still come back: it is out of sight at once, and the core is told when the time for undo is over.

Held in the window and not in the core, because a removal there cannot be taken back: texts, vectors and originals go. If
the window ends meanwhile it sends what it holds; if it is killed, nothing was removed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.theme.tokens import TOAST_MS


class Leaving(QObject):
    """Holds removals, each with its own time; `changed` says that others are out of sight now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[QTimer, tuple[frozenset[str], Callable[[], None]]] = {}

    @property
    def ids(self) -> frozenset[str]:
        """What is out of sight."""
        return frozenset().union(*(ids for ids, _send in self._held.values())) if self._held else frozenset()

    def hold(self, ids: Sequence[str], send: Callable[[], None]) -> Callable[[], bool]:
        """Take these out of sight and send later; gives what brings them back, which says whether it was in time."""
        timer = QTimer(self, interval=TOAST_MS, singleShot=True)
        self._held[timer] = (frozenset(ids), send)
        timer.timeout.connect(lambda: self._send(timer))
        timer.start()
        self.changed.emit()
        return lambda: self._bring_back(timer)

    def finish(self) -> None:
        """Send everything now: the window ends."""
        for timer in list(self._held):
            self._send(timer)

    def _bring_back(self, timer: QTimer) -> bool:
        was_held = self._held.pop(timer, None) is not None
        if was_held:
            timer.stop()
            timer.deleteLater()
            self.changed.emit()
        return was_held

    def _send(self, timer: QTimer) -> None:
        _ids, send = self._held[timer]
        timer.stop()
        # Sent before it is let go, so that the rows do not come back for a moment; the core's event then says the same.
        send()
        del self._held[timer]
        timer.deleteLater()
