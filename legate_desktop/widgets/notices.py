"""What a page says about itself: banner, empty state, skeleton."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.words import tr

EMPTY_SIDE_PX, EMPTY_AIR_PX = 32, 190
"""The air around an empty state, and what it needs in height beside its words: sign, button, and the gaps."""


class IconLabel(QLabel):
    """One icon, tinted by token, that follows the theme; `line_px` centres it beside a line of text."""

    def __init__(
        self,
        name: str,
        token: str,
        size_px: int = tokens.ICON_PX,
        *,
        line_px: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self._token, self._size_px, self._line_px = name, token, size_px, line_px or size_px
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._dress()
        look.changed.connect(self._dress)

    def set_icon(self, name: str, token: str) -> None:
        """Another icon or ink."""
        self._name, self._token = name, token
        self._dress()

    def _dress(self) -> None:
        side = look.px(self._size_px)
        self.setPixmap(pixmap(self._name, self._token, side, self.devicePixelRatioF()))
        self.setFixedSize(side, look.px(self._line_px))


class Banner(QWidget):
    """A line across the top of a page: what is wrong, and one thing to do about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("circle-alert", "red")
        self.text = Label("", "body")
        self.text.setWordWrap(True)
        self.action = Button("", kind="quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.action)
        self.hide()

    def say(self, text: str, action_text: str = "") -> None:
        """Show this; an empty text takes the banner away."""
        self.text.setText(text)
        self.action.setText(action_text)
        self.action.setAccessibleName(action_text)
        self.action.setVisible(bool(action_text))
        self.setVisible(bool(text))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("red_wash"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colour("line"))


class EmptyState(QWidget):
    """One sentence on what lives here, and at most one thing to do."""

    def __init__(self, icon_name: str, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label(title, "title")
        self.text = Label(text, "body")
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        self.action = Button("", kind="primary")
        self.action.hide()
        icon_row = QHBoxLayout()
        icon_row.addStretch(1)
        self.icon = IconLabel(icon_name, "text3", 28)
        icon_row.addWidget(self.icon)
        icon_row.addStretch(1)
        action_row = QHBoxLayout()
        action_row.addStretch(1)
        action_row.addWidget(self.action)
        action_row.addStretch(1)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(EMPTY_SIDE_PX, EMPTY_SIDE_PX, EMPTY_SIDE_PX, EMPTY_SIDE_PX)
        column.setSpacing(12)
        column.addStretch(2)
        column.addLayout(icon_row)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(8)
        column.addLayout(action_row)
        column.addStretch(3)

    def say(self, title: str, text: str) -> None:
        """Other words, for another reason to be empty; without any it is blank."""
        self.title.setText(title)
        self.text.setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a low place the words matter more than the sign and the air around them."""
        room = self.width() - 2 * EMPTY_SIDE_PX
        words = sum(label.heightForWidth(room) for label in (self.title, self.text))
        is_low = self.height() < words + look.px(EMPTY_AIR_PX)
        self.icon.setVisible(bool(self.title.text()) and not is_low)
        side = EMPTY_SIDE_PX // 4 if is_low else EMPTY_SIDE_PX
        self._column.setContentsMargins(EMPTY_SIDE_PX, side, EMPTY_SIDE_PX, side)


class Engine(Protocol):
    """What data comes from, and whether it is there; the window's context is one."""

    is_away: bool

    @property
    def went(self) -> Any: ...

    @property
    def came(self) -> Any: ...


class Skeleton(QWidget):
    """The rows' real shape in hairline colour, and only after 150 ms without data; no shimmer.

    With an `engine` it says in words that there will be no data while that is away.
    """

    def __init__(self, row_px: int, parent: QWidget | None = None, *, engine: Engine | None = None) -> None:
        super().__init__(parent)
        self._row_px = row_px
        self._is_shown = False
        self.away = EmptyState(
            "circle-alert", tr("The engine is not running"), tr("What is kept here is shown when it is back.")
        )
        self.away.hide()
        room = QVBoxLayout(self)
        room.setContentsMargins(0, 0, 0, 0)
        room.addWidget(self.away)
        if engine is not None:
            engine.went.connect(lambda _words: self._on_engine(is_away=True))
            engine.came.connect(lambda: self._on_engine(is_away=False))
            self._on_engine(is_away=engine.is_away)
        self._delay = QTimer(self, interval=tokens.SKELETON_AFTER_MS, singleShot=True)
        self._delay.timeout.connect(self._appear)
        self.setAccessibleName("")

    def start(self) -> None:
        """Begin to wait for data."""
        self._is_shown = False
        self._delay.start()

    def stop(self) -> None:
        """Data is here."""
        self._delay.stop()
        self._is_shown = False

    def _on_engine(self, *, is_away: bool) -> None:
        self.away.setVisible(is_away)
        self.update()

    def _appear(self) -> None:
        self._is_shown = True
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._is_shown or not self.away.isHidden():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("line"))
        row_px = look.px(self._row_px)
        for top in range(0, self.height(), row_px):
            middle = top + row_px / 2
            painter.drawRoundedRect(QRectF(20, middle - 18, 150, 10), 4, 4)
            painter.drawRoundedRect(QRectF(20, middle + 6, max(120, self.width() * 0.55), 9), 4, 4)
