"""A small button that shows an icon alone; its name is in its tip and in its accessible name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.verbs import tip_of


class IconButton(QAbstractButton):
    """`fired` comes on a click or a key; with `follow` the button shows and triggers an action."""

    fired = Signal()

    def __init__(self, icon_name: str, name: str, *, token: str = "text3", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.icon_name = icon_name
        self._token = token
        self._action: QAction | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_name(name)
        self.clicked.connect(self.fired)
        look.changed.connect(self._dress)
        self._dress()

    def set_name(self, name: str, tip: str = "") -> None:
        """What it does, for those who hover and those who listen."""
        self.setAccessibleName(name)
        self.setToolTip(tip or name)

    def set_icon(self, icon_name: str) -> None:
        """Another icon."""
        self.icon_name = icon_name
        self.update()

    def follow(self, action: QAction) -> None:
        """Show an action's name, key and state; firing triggers it."""
        self._action = action
        self.fired.connect(action.trigger)
        action.changed.connect(self._take)
        self._take()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isEnabled() and (self.hasFocus() or self.underMouse()):
            painter.setPen(QPen(colour("amber_text" if self.hasFocus() else "line2"), 1))
            painter.drawRoundedRect(box, 6, 6)
        if not self.isEnabled():
            painter.setOpacity(0.4)
        side = look.px(tokens.ICON_PX)
        at = QPointF((self.width() - side) / 2, (self.height() - side) / 2)
        painter.drawPixmap(at, pixmap(self.icon_name, self._token, side, self.devicePixelRatioF()))

    def _take(self) -> None:
        if self._action is not None:
            self.set_name(self._action.text(), tip_of(self._action))
            self.setEnabled(self._action.isEnabled())
            self.update()

    def _dress(self) -> None:
        self.setFixedSize(look.px(tokens.TARGET_PX), look.px(tokens.TARGET_PX))
        self.update()
