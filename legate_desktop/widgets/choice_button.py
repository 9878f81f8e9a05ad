"""A button that shows what is chosen and opens the choices as a menu: for filters and settings of a few values."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.words import one_line

_SIDE = 10
_GAP = 6
_ARROW_PX = 12
MOST_PX = 240


class ChoiceButton(QAbstractButton):
    """`chosen` carries the id that a person chose. `name` says what is chosen from, for those who listen."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._choices: list[tuple[str, str]] = []
        self.current = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.open_menu)
        self.set_choices(choices)
        look.changed.connect(self.updateGeometry)

    def set_choices(self, choices: Sequence[tuple[str, str]], current: str | None = None) -> None:
        """Offer these, by id and words, and show one as chosen: the one that was, or the first."""
        self._choices = [(choice_id, one_line(words)) for choice_id, words in choices]
        ids = [choice_id for choice_id, _words in self._choices]
        wanted = self.current if current is None else current
        self.choose(wanted if wanted in ids else (ids[0] if ids else ""))

    def choose(self, choice_id: str) -> None:
        """Show this as chosen."""
        self.current = choice_id
        words = dict(self._choices).get(choice_id, "")
        self.setText(words)
        self.setAccessibleName(f"{self._name}: {words}")
        self.setToolTip(self.accessibleName())
        self.updateGeometry()
        self.update()

    def open_menu(self) -> None:
        """Show the choices below the button."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self._name)
        group = QActionGroup(menu)
        for choice_id, words in self._choices:
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(choice_id == self.current)
            action.triggered.connect(lambda _checked=False, choice_id=choice_id: self._on_chosen(choice_id))
            group.addAction(action)
            menu.addAction(action)
            if action.isChecked():
                menu.setActiveAction(action)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(font("small")).horizontalAdvance(self.text())
        return QSize(min(look.px(MOST_PX), round(width) + 2 * _SIDE + _GAP + look.px(_ARROW_PX) + 2), look.px(32))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.px(56), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_menu()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 1.5, -0.5, -1.5)
        painter.setPen(QPen(colour("amber_text" if self.hasFocus() else "edge"), 1))
        painter.setBrush(colour("raised") if self.underMouse() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        side = look.px(_ARROW_PX)
        room = self.width() - 2 * _SIDE - _GAP - side
        face = font("small")
        words = QFontMetricsF(face).elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.setFont(face)
        painter.setPen(colour("text"))
        painter.drawText(QRectF(_SIDE, 0, room, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
        at = QPointF(self.width() - _SIDE - side, (self.height() - side) / 2)
        painter.drawPixmap(at, pixmap("chevron-down", "text3", side, self.devicePixelRatioF()))

    def _on_chosen(self, choice_id: str) -> None:
        if choice_id != self.current:
            self.choose(choice_id)
            self.chosen.emit(choice_id)
