"""A thin bar of how much of something is done; without a total it is empty. The words beside it say the same."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from legate_desktop.theme.look import colour, look

HEIGHT_PX = 4


class ProgressBar(QWidget):
    """It has no name of its own and takes no focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done = self._total = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    @property
    def part(self) -> float:
        """How much is done, from nought to one."""
        return min(1.0, self._done / self._total) if self._total else 0.0

    def set_progress(self, done: int, total: int) -> None:
        """So much of so much."""
        if (done, total) != (self._done, self._total):
            self._done, self._total = done, total
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, look.px(HEIGHT_PX))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(colour("line2"))
        painter.drawRoundedRect(box, 2, 2)
        painter.setBrush(colour("blue"))
        box.setWidth(box.width() * self.part)
        if self.part:
            painter.drawRoundedRect(box, 2, 2)
