"""Rows of the Models page: a place with its sign, a limit with how much of it is used; and the table of models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE, Index
from legate_desktop.pages.models.view import (
    COLUMNS,
    KIND_ICONS,
    SLOW_MS,
    LimitRow,
    ModelRow,
    PlaceRow,
    cells,
    column_names,
    limit_line,
    limit_scope,
    limit_title,
    model_sentence,
    percent,
    place_line,
)
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, Sign, paint_sign
from legate_desktop.theme.tokens import ICON_PX
from legate_desktop.words import duration, one_line

PLACE_PX = 64
LIMIT_PX = 84
BAR_PX = 6
SLOW = Sign("quarter", "red", "◔")


def sign_of(place: PlaceRow) -> Sign:
    """How a place is, as a sign."""
    if not place.is_there:
        return RUN_SIGNS["failed"]
    return SLOW if place.took_ms >= SLOW_MS else RUN_SIGNS["succeeded"]


class PlaceDelegate(RowDelegate):
    """A place."""

    row_px = PLACE_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        place = index.data(ROW_ROLE)
        if not isinstance(place, PlaceRow):
            return
        side = look.px(ICON_PX)
        left = box.left() + side + 10
        room = box.right() - left
        first = QRectF(left, box.top() + look.px(10), room, look.px(22))
        second = QRectF(left, box.top() + look.px(33), room, look.px(20))
        icon = pixmap(KIND_ICONS.get(place.kind, "cpu"), "text3", side, ratio)
        painter.drawPixmap(QPointF(box.left(), first.center().y() - side / 2), icon)
        mark = look.px(12)
        paint_sign(painter, QRectF(first.right() - mark, first.center().y() - mark / 2, mark, mark), sign_of(place))
        taken = mark + 8.0
        if place.is_there and place.took_ms >= SLOW_MS:
            taken += right_text(painter, first.adjusted(0, 0, -taken, 0), duration(place.took_ms), "red") + 8
        line(painter, first.topLeft(), room - taken, first.height(), one_line(place.who), font("name"), "text")
        ink = "text2" if place.is_there else "red"
        line(painter, second.topLeft(), room, second.height(), place_line(place), font("small"), ink)


class LimitDelegate(RowDelegate):
    """A limit, and a bar of how much of it is used."""

    row_px = LIMIT_PX

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, LimitRow):
            return
        first = QRectF(box.left(), box.top() + look.px(9), box.width(), look.px(22))
        second = QRectF(box.left(), box.top() + look.px(32), box.width(), look.px(18))
        used = right_text(painter, first, f"{percent(row)} %", "red" if row.is_nearly_used else "text3")
        room = box.width() - used - 12
        taken = line(painter, first.topLeft(), room, first.height(), limit_title(row), font("name"), "text")
        at = QPointF(first.left() + taken + 10, first.top())
        line(painter, at, room - taken - 10, first.height(), limit_scope(row), font("small"), "text2")
        line(
            painter,
            second.topLeft(),
            box.width(),
            second.height(),
            limit_line(row, self._now()),
            font("small"),
            "text2",
        )
        self._bar(painter, QRectF(box.left(), box.top() + look.px(60), box.width() - 4, look.px(BAR_PX)), row)

    @staticmethod
    def _bar(painter: QPainter, box: QRectF, row: LimitRow) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("line"))
        painter.drawRoundedRect(box, 3, 3)
        share = min(1.0, row.share)
        if share > 0:
            painter.setBrush(colour("red" if row.is_nearly_used else "blue"))
            painter.drawRoundedRect(
                QRectF(box.left(), box.top(), max(box.height(), box.width() * share), box.height()), 3, 3
            )


class ModelTable(QAbstractTableModel):
    """The models of one place as a table; few enough to hold, replaced as a whole only where they differ."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[ModelRow] = []

    @property
    def rows(self) -> Sequence[ModelRow]:
        """The models as shown."""
        return self._rows

    def at(self, position: int) -> ModelRow | None:
        """The model there, or nothing."""
        return self._rows[position] if 0 <= position < len(self._rows) else None

    def position_of(self, name: str) -> int:
        """Where a model stands, or -1."""
        return next((at for at, row in enumerate(self._rows) if row.name == name), -1)

    def set_rows(self, rows: Sequence[ModelRow]) -> None:
        """Show these. The same models with other figures keep the cursor and the place of the scroll bar."""
        if [row.name for row in rows] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        changed = [at for at, row in enumerate(rows) if row != self._rows[at]]
        self._rows = list(rows)
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return column_names()[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(row)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return model_sentence(row) if index.column() == 0 else cells(row)[index.column()]
        return None
