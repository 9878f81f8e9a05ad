"""A hash: first six and last four in mono, whole in its tip and its name, copied by a click or a key, checked or not."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.signs import RUN_SIGNS, paint_sign
from legate_desktop.words import short_hash, tr


class HashLabel(QWidget):
    """`is_good` puts a tick or a cross beside it; None says nothing."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self.value, self.is_good = name, "", None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)
        self.set_hash("")

    def set_hash(self, value: str, is_good: bool | None = None) -> None:
        """Show this one."""
        self.value, self.is_good = value, is_good
        checked = {True: tr("fits the chain"), False: tr("does not fit the chain"), None: ""}[is_good]
        self.setAccessibleName(", ".join(part for part in (self._name, value, checked) if part))
        self.setToolTip(f"{value}\n{tr('Click to copy')}")
        self.updateGeometry()
        self.update()

    def copy(self) -> None:
        """Put the whole of it on the clipboard."""
        QGuiApplication.clipboard().setText(self.value)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(font("mono")).horizontalAdvance(short_hash(self.value) or " ") + 12
        return QSize(round(width) + (look.px(18) if self.is_good is not None else 0), look.px(28))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(colour("amber_text"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        left = 6.0
        if self.is_good is not None:
            side = look.px(12)
            sign = RUN_SIGNS["succeeded" if self.is_good else "failed"]
            paint_sign(painter, QRectF(left, (self.height() - side) / 2, side, side), sign)
            left += look.px(18)
        painter.setFont(font("mono"))
        painter.setPen(colour("text"))
        room = QRectF(left, 0, self.width() - left, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short_hash(self.value))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.copy()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.copy()
            return
        super().keyPressEvent(event)
