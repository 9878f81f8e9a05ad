"""Rows of the list of secrets: name and kind; below them the hosts, and at the right when it was used last."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QPainter

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.vault.view import SecretRow, kind_word
from legate_desktop.theme.look import font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, paint_sign
from legate_desktop.theme.tokens import ICON_PX
from legate_desktop.words import number, one_line, short_age, tr

SECRET_PX = 64


class SecretDelegate(RowDelegate):
    """A secret."""

    row_px = SECRET_PX

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, SecretRow):
            return
        first = QRectF(box.left(), box.top() + look.px(10), box.width(), look.px(22))
        second = QRectF(box.left(), box.top() + look.px(34), box.width(), look.px(20))
        icon_px = look.px(ICON_PX)
        icon, ink = (
            ("circle-alert", "red")
            if row.is_stale
            else ("user", "text3")
            if row.is_personal
            else ("key-round", "text3")
        )
        painter.drawPixmap(QPointF(first.left(), first.center().y() - icon_px / 2), pixmap(icon, ink, icon_px, ratio))
        indent = icon_px + 10
        age = short_age(self._now() - row.last_used_at) if row.last_used_at else tr("unused")
        taken = right_text(painter, first, age, "text3")
        left = QPointF(first.left() + indent, first.top())
        room = first.width() - indent - taken - 16
        width = line(painter, left, room * 0.7, first.height(), one_line(row.name), font("name"), "text")
        at = QPointF(left.x() + width + 10, left.y())
        line(painter, at, room - width - 10, first.height(), kind_word(row.kind), font("small"), "text3")
        borrowed = self._borrowed(painter, second, row)
        hosts = one_line(", ".join(row.hosts))
        where = QPointF(second.left() + indent, second.top())
        line(painter, where, second.width() - indent - borrowed - 16, second.height(), hosts, font("mono"), "text2")

    def _borrowed(self, painter: QPainter, box: QRectF, row: SecretRow) -> float:
        """How many runs may borrow it now, beside the sign of what runs; returns the width taken."""
        if not row.uses.runs:
            return 0
        taken = right_text(painter, box, number(len(row.uses.runs)), "blue")
        side = look.px(12)
        dot = QRectF(box.right() - taken - side - 6, box.center().y() - side / 2, side, side)
        paint_sign(painter, dot, RUN_SIGNS["running"])
        return taken + side + 6
