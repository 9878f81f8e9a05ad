"""Rows of the list of runs: a run with its state sign and words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QPainter

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.runs.view import RunRow, state_words
from legate_desktop.theme.look import font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN, paint_sign
from legate_desktop.words import one_line, short_age

RUN_PX = 60
_ORIGIN_ICONS = {"draft": "pencil", "fork": "git-branch"}


class RunDelegate(RowDelegate):
    """A run: name and age; sign and words. A small icon tells a draft on trial and a run that goes on from another."""

    row_px = RUN_PX

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        run = index.data(ROW_ROLE)
        if not isinstance(run, RunRow):
            return
        first = QRectF(box.left(), box.top() + look.px(8), box.width(), look.px(22))
        taken = right_text(painter, first, short_age(self._now() - run.created_at), "text3") + 12
        origin = "fork" if run.origin_run_id and run.trigger != "draft" else run.trigger
        if origin in _ORIGIN_ICONS:
            side = look.px(13)
            at = QPointF(first.right() - taken - side + 6, first.center().y() - side / 2)
            painter.drawPixmap(at, pixmap(_ORIGIN_ICONS[origin], "text3", side, ratio))
            taken += side + 4
        line(painter, first.topLeft(), first.width() - taken, first.height(), one_line(run.name), font("name"), "text")
        second = QRectF(box.left(), box.top() + look.px(31), box.width(), look.px(20))
        sign = RUN_SIGNS.get(run.state, UNKNOWN)
        side = look.px(12)
        paint_sign(painter, QRectF(second.left(), second.center().y() - side / 2, side, side), sign)
        at = QPointF(second.left() + side + 8, second.top())
        ink = "text3" if run.state in ("ready", "cancelled") else sign.ink
        words = state_words(run, self._now())
        line(painter, at, second.width() - side - 8, second.height(), words, font("small"), ink)
