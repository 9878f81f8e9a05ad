"""The common ground of a row: selected, hovered, hairline; and two lines of text that are cut only at their end."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFont, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from legate_desktop.theme.look import colour, font, look

BAR_PX = 3
INSET_PX = 20


class RowDelegate(QStyledItemDelegate):
    """Base: paints the ground and calls `paint_row` with the room inside."""

    row_px = 72

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, look.row_px(self.row_px))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        box: QRect = option.rect  # type: ignore[attr-defined]  # missing in PySide's stubs
        state = option.state  # type: ignore[attr-defined]  # as above
        painter.save()
        painter.setClipRect(box)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour("amber_wash"))
            painter.fillRect(box.left(), box.top(), BAR_PX, box.height(), colour("amber"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, colour("deck"))
        if state & QStyle.StateFlag.State_Selected and self._has_focus(option):
            painter.setPen(colour("amber_text"))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.fillRect(box.left() + INSET_PX, box.bottom(), box.width() - INSET_PX, 1, colour("line"))
        self.paint_row(painter, box.adjusted(INSET_PX, 0, -INSET_PX + 4, 0), index, self._ratio(option))
        painter.restore()

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        """Paint what is in the row."""
        raise TypeError(f"{type(self).__name__} does not say how its rows look")

    @staticmethod
    def _has_focus(option: QStyleOptionViewItem) -> bool:
        widget: QWidget | None = option.widget  # type: ignore[attr-defined]  # as above
        return isinstance(widget, RowList) and widget.is_focus_shown and widget.hasFocus()

    @staticmethod
    def _ratio(option: QStyleOptionViewItem) -> float:
        widget: QWidget | None = option.widget  # type: ignore[attr-defined]  # as above
        return widget.devicePixelRatioF() if widget is not None else 1.0


def line(painter: QPainter, at: QPointF, width: float, height: float, text: str, face: QFont, ink: str) -> float:
    """One line of text, cut with … at its end where it does not fit; returns the width it took."""
    metrics = QFontMetrics(face)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(width)))
    painter.setFont(face)
    painter.setPen(colour(ink))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip
    painter.drawText(QRectF(at.x(), at.y(), width, height), flags, shown)
    return metrics.horizontalAdvance(shown)


def right_text(painter: QPainter, box: QRectF, text: str, ink: str, role: str = "mono") -> float:
    """Text against the right edge; returns its width."""
    face = font(role)
    width = QFontMetrics(face).horizontalAdvance(text)
    painter.setFont(face)
    painter.setPen(colour(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    return width


class RowList(QTableView):
    """A list of tall rows in a table view: one column, no headers, no editing, single selection, smooth scroll."""

    def __init__(self, delegate: RowDelegate, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = delegate
        self.is_focus_shown = False
        delegate.setParent(self)
        self.setItemDelegate(delegate)
        self.setAccessibleName(name)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self._dress()
        look.changed.connect(self._dress)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The two side buttons of a mouse go back and forward in the window, not to a row.
        if event.button() in (Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton):
            event.ignore()
            return
        super().mousePressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Letters are verbs here: one that may not be used now must not carry the cursor to another row."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        # The ring is for those who come by key; after a click the bar and the wash say enough.
        self.is_focus_shown = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(look.row_px(self._delegate.row_px))
        self.viewport().update()
