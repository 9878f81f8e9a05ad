"""Rows of the Runs page: a run with its state sign and words; a step of the log with sign, name, detail and time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QPainter

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.runs.view import RunRow, StepRow, state_words, step_state_words
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, STEP_SIGNS, UNKNOWN, paint_sign
from legate_desktop.theme.tokens import ICON_PX, ROW_STEP_PX
from legate_desktop.words import duration, one_line, short_age

STEP_ICONS: dict[str, tuple[str, str]] = {
    "model": ("sparkles", "violet"),
    "tool": ("plug", "blue"),
    "ask": ("shield-check", "amber_text"),
    "task": ("user", "text2"),
    "note": ("file-text", "text3"),
    "final": ("flag", "green"),
}


class RunDelegate(RowDelegate):
    """A run: name and age; sign and words."""

    row_px = 60

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
        line(painter, first.topLeft(), first.width() - taken, first.height(), one_line(run.name), font("name"), "text")
        second = QRectF(box.left(), box.top() + look.px(31), box.width(), look.px(20))
        sign = RUN_SIGNS.get(run.state, UNKNOWN)
        side = look.px(12)
        paint_sign(painter, QRectF(second.left(), second.center().y() - side / 2, side, side), sign)
        at = QPointF(second.left() + side + 8, second.top())
        ink = "text3" if run.state in ("ready", "cancelled") else sign.ink
        words = state_words(run, self._now())
        line(painter, at, second.width() - side - 8, second.height(), words, font("small"), ink)


class StepDelegate(RowDelegate):
    """A step: its sign on the rail, icon, name, detail, duration."""

    row_px = ROW_STEP_PX

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        step = index.data(ROW_ROLE)
        if not isinstance(step, StepRow):
            return
        middle = box.center().y() + 0.5
        side = look.px(12)
        rail = box.left() + side / 2
        painter.setPen(colour("line2"))
        last = index.model().rowCount() - 1
        if index.row() > 0:
            painter.drawLine(QPointF(rail, box.top()), QPointF(rail, middle - side * 0.7))
        if index.row() < last:
            painter.drawLine(QPointF(rail, middle + side * 0.7), QPointF(rail, box.bottom() + 1))
        sign = STEP_SIGNS.get(step.state, UNKNOWN)
        paint_sign(painter, QRectF(box.left(), middle - side / 2, side, side), sign)
        icon_name, ink = STEP_ICONS.get(step.kind, ("square", "text3"))
        icon_px = look.px(ICON_PX)
        left = box.left() + side + 12
        painter.drawPixmap(QPointF(left, middle - icon_px / 2), pixmap(icon_name, ink, icon_px, ratio))
        left += icon_px + 10
        whole = QRectF(box.left(), box.top(), box.width(), box.height())
        taken = right_text(painter, whole, self._right(step), "text3") + 16
        room = box.right() - left - taken
        name_width = line(painter, QPointF(left, box.top()), room * 0.6, box.height(), step.label, font("name"), "text")
        left += name_width + 10
        detail = one_line(step.text) or step_state_words(step.state)
        line(painter, QPointF(left, box.top()), room - name_width - 10, box.height(), detail, font("mono"), "text3")

    def _right(self, step: StepRow) -> str:
        if step.finished_at:
            return duration(step.finished_at - step.started_at)
        return step_state_words(step.state)
