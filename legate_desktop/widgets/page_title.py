"""The head of a page: its title over one soft amber glow, what waits beside it, room for a control at the right."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QRadialGradient, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from legate_desktop.theme.look import look
from legate_desktop.widgets.labels import Label

_GLOW_WIDTH, _GLOW_HEIGHT = 640, 260


class Glow:
    """The radial glow behind a title, drawn once per theme into a pixmap."""

    def __init__(self) -> None:
        self._pixmap: QPixmap | None = None
        self._drawn_for = ""

    def paint(self, widget: QWidget) -> None:
        """Paint it at the top left of the widget."""
        if not look.theme.glow_percent:
            return
        ratio = widget.devicePixelRatioF()
        key = f"{look.theme.name} {ratio}"
        if self._pixmap is None or key != self._drawn_for:
            self._pixmap, self._drawn_for = _glow(ratio), key
        painter = QPainter(widget)
        painter.drawPixmap(0, 0, self._pixmap)


def _glow(ratio: float) -> QPixmap:
    drawn = QPixmap(round(_GLOW_WIDTH * ratio), round(_GLOW_HEIGHT * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    drawn.setDevicePixelRatio(ratio)
    gradient = QRadialGradient(QPointF(0, 0), 1.0)
    middle = QColor(look.theme.amber)
    middle.setAlphaF(look.theme.glow_percent / 100)
    edge = QColor(middle)
    edge.setAlphaF(0)
    gradient.setColorAt(0, middle)
    gradient.setColorAt(1, edge)
    painter = QPainter(drawn)
    # A circle stretched into an ellipse, so that it reaches along the title and not down the list.
    painter.translate(130, 20)
    painter.scale(_GLOW_WIDTH - 130, _GLOW_HEIGHT - 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawEllipse(QRectF(-1, -1, 2, 2))
    painter.end()
    return drawn


class PageTitle(QWidget):
    """Title and count; `row` takes what stands at the right."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label(text, "display")
        self.count = Label("", "mono")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(20, 18, 20, 12)
        self.row.setSpacing(20)
        self.row.addWidget(self.title)
        self.row.addWidget(self.count)
        self.row.addStretch(1)
        # Narrow, the count goes: it stands beside the page's name in the sidebar too. The title never does.
        self.setMinimumWidth(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        margins = self.row.contentsMargins()
        wanted = self.title.sizeHint().width() + self.count.sizeHint().width() + margins.left() + margins.right()
        others = [self.row.itemAt(at) for at in range(2, self.row.count())]
        wanted += sum(item.minimumSize().width() + self.row.spacing() for item in others if item is not None)
        self.count.setVisible(bool(self.count.text()) and wanted + self.row.spacing() <= self.width())

    def set_count(self, text: str, *, is_turn: bool = False) -> None:
        """What waits, in words; amber only where a person's turn is meant."""
        self.count.setText(text)
        self._fit()
        self.count.set_tone("turn" if is_turn else "quiet")


class Page(QWidget):
    """The ground of a page, with its glow, and what the window asks of each: where it is, and to go back there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._glow = Glow()

    def take_focus(self) -> None:
        """The page was opened: the keys go where a person begins."""
        self.setFocus()

    def place(self) -> str:
        """The id of what is chosen, for going back to it."""
        return ""

    def show_place(self, object_id: str) -> None:
        """Choose this; an id that is not there leaves the page as it is, and a page of its own kind says so."""

    def foot(self) -> QWidget | None:
        """What toasts must not cover, such as the row of answers."""
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._glow.paint(self)
