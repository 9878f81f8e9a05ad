"""The line across the top of every page while all runs are paused, with the one thing that ends it."""

from __future__ import annotations

from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from legate_desktop.outside.pausing import Pausing
from legate_desktop.theme.look import colour
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.notices import IconLabel
from legate_desktop.words import moment, tr


class PauseBanner(QWidget):
    """Shown while `pausing` says so. `resume` is the window's verb, so its reason stands in the tip for who may not.

    Nothing is wrong, so it is not red as the other banner is.
    """

    def __init__(self, pausing: Pausing, resume: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pausing = pausing
        self.text = Label("", "body")
        self.text.setWordWrap(True)
        self.action = Button("", kind="secondary")
        self.action.follow(resume)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 6, 12, 6)
        row.setSpacing(12)
        row.addWidget(IconLabel("pause", "text2"))
        row.addWidget(self.text, 1)
        row.addWidget(self.action)
        self.hide()

    def settle(self, now: int) -> None:
        """Show what is so now."""
        pause = self._pausing.now
        words = tr("All runs are paused since {moment}. None begins or goes on until they are resumed.")
        self.text.setText(words.format(moment=moment(pause.since, now)) if pause.is_paused else "")
        self.setVisible(pause.is_paused)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("raised"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colour("line"))
