"""A switch: on or off, at once. Its position and a tick say which, not its colour alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from legate_desktop.theme.look import colour, look
from legate_desktop.theme.resources import pixmap

_WIDTH_PX, _HEIGHT_PX, _KNOB_PX = 40, 28, 16


class Switch(QAbstractButton):
    """Checked is on. `name` is what it switches."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(look.px(_WIDTH_PX), look.px(_HEIGHT_PX))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        body = QRectF(self.rect()).adjusted(1.5, 3.5, -1.5, -3.5)
        is_on = self.isChecked()
        painter.setBrush(colour("green_wash" if is_on else "well"))
        painter.setPen(QPen(colour("amber_text" if self.hasFocus() else "green" if is_on else "edge"), 1))
        painter.drawRoundedRect(body, body.height() / 2, body.height() / 2)
        side = look.px(_KNOB_PX)
        left = body.right() - side - 2.5 if is_on else body.left() + 2.5
        knob = QRectF(left, body.center().y() - side / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("green" if is_on else "text3"))
        painter.drawEllipse(knob)
        if is_on:
            tick = look.px(11)
            at = QPointF(knob.center().x() - tick / 2, knob.center().y() - tick / 2)
            painter.drawPixmap(at, pixmap("check", "panel", tick, self.devicePixelRatioF()))
