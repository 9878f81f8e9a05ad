"""Tabs above a list: names in a row, the chosen one underlined in amber; arrows move, as the pattern wants."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from legate_desktop.theme.look import colour, font, look


class Tab(QAbstractButton):
    """One tab."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(name)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(font("name")).horizontalAdvance(self.text()) + 20, look.px(32))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("name"))
        painter.setPen(colour("text" if self.isChecked() or self.underMouse() else "text3"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.isChecked():
            painter.fillRect(QRectF(10, self.height() - 2, self.width() - 20, 2), colour("amber_text"))
        if self.hasFocus():
            painter.setPen(QPen(colour("amber_text"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -3.5), 6, 6)


class Tabs(QWidget):
    """`chosen` carries the id of the tab."""

    chosen = Signal(str)

    def __init__(self, tabs: Iterable[tuple[str, str]], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self.tabs: dict[str, Tab] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 4)
        row.setSpacing(4)
        for tab_id, text in tabs:
            tab = Tab(text)
            tab.clicked.connect(lambda _checked=False, tab_id=tab_id: self.chosen.emit(tab_id))
            self._group.addButton(tab)
            self.tabs[tab_id] = tab
            row.addWidget(tab)
        row.addStretch(1)
        next(iter(self.tabs.values())).setChecked(True)

    def choose(self, tab_id: str) -> None:
        """Show this tab as chosen."""
        self.tabs[tab_id].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        ids = list(self.tabs)
        at = next((at for at, tab_id in enumerate(ids) if self.tabs[tab_id].hasFocus()), 0)
        there = ids[(at + step) % len(ids)]
        self.tabs[there].setFocus(Qt.FocusReason.TabFocusReason)
        self.chosen.emit(there)
