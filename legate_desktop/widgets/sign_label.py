"""A state sign as a widget."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from legate_desktop.theme.look import look
from legate_desktop.theme.signs import Sign, paint_sign


class SignLabel(QWidget):
    """Stands beside the words that say the same; it has no name of its own."""

    def __init__(self, sign: Sign, side_px: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = sign
        self.setFixedSize(look.px(side_px), look.px(side_px + 6))

    def set_sign(self, sign: Sign) -> None:
        """Another state."""
        self._sign = sign
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_sign(QPainter(self), QRectF(self.rect()), self._sign)
