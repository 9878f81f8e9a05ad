"""A check box that paints itself: a box with a tick, and its words; all of it can be clicked."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from legate_desktop.theme.look import colour, font, look

_BOX_PX, _GAP_PX = 16, 10


class CheckBox(QCheckBox):
    """As Qt's own, in our look."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = text
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def sizeHint(self) -> QSize:
        width = QFontMetrics(font("body")).horizontalAdvance(self.words)
        return QSize(width + look.px(_BOX_PX) + _GAP_PX + 4, look.px(30))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.px(80), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = look.px(_BOX_PX)
        box = QRectF(1.5, (self.height() - side) / 2 + 0.5, side - 1, side - 1)
        is_on = self.isChecked()
        painter.setPen(QPen(colour("amber_text" if is_on or self.hasFocus() else "edge"), 1))
        painter.setBrush(colour("amber" if is_on else "well"))
        painter.drawRoundedRect(box, 4, 4)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("amber_text"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0, 2.5, -0.5, -2.5).adjusted(-0.5, 0, 0, 0), 6, 6)
        if is_on:
            painter.setPen(QPen(colour("amber_ink"), 2))
            unit = side / 16
            points = [(4.0, 8.2), (7.0, 11.2), (12.2, 5.0)]
            painter.drawPolyline([QPointF(box.left() + x * unit, box.top() + y * unit) for x, y in points])
        painter.setFont(font("body"))
        painter.setPen(colour("text" if self.isEnabled() else "text3"))
        left = side + _GAP_PX
        room = self.width() - left - 2
        words = QFontMetrics(font("body")).elidedText(self.words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 0, room, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
