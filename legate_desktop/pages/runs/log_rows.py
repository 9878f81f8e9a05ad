"""Rows of the mission log: rail and sign, icon, name and detail, and the bar that shows when a step waited and worked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from legate_desktop.delegates.rows import INSET_PX, RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.runs.timeline import Bar, Line, Timeline
from legate_desktop.pages.runs.view import StepRow, step_name, step_state_words
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import STEP_SIGNS, UNKNOWN, paint_sign
from legate_desktop.theme.tokens import ICON_PX, ROW_STEP_PX
from legate_desktop.words import duration, number, one_line, plural, tr

STEP_ICONS: dict[str, tuple[str, str]] = {
    "model": ("sparkles", "violet"),
    "tool": ("plug", "blue"),
    "person": ("user", "text2"),
}
INDENT_PX = 24
BARS_FROM_PX = 420
"""A narrower log has no waterfall; each step still says how long it took."""
_TIME_PX = 76
_BAR_PX = 8


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the bars stand in a row of some width; without bars both are the same."""

    bars: float
    time: float


def columns(width: float) -> Columns:
    """The columns of a row whose room is so wide."""
    time = width - look.px(_TIME_PX)
    return Columns(round(width * 0.56), time - 12) if width >= look.px(BARS_FROM_PX) else Columns(time, time)


class LineDelegate(RowDelegate):
    """A line of the log. `shown` gives the timeline that the bars stand on."""

    row_px = ROW_STEP_PX

    def __init__(self, shown: Callable[[], Timeline]) -> None:
        super().__init__()
        self._timeline = shown

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        shown = index.data(ROW_ROLE)
        if not isinstance(shown, Line):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        count = index.model().rowCount()
        self._rail(painter, box, shown, is_first=index.row() == 0, is_last=index.row() == count - 1)
        if shown.step is None:
            at = QPointF(box.left() + look.px(12) + 12, box.top())
            line(painter, at, box.width() - 40, box.height(), f"│ {shown.words} │", font("mono"), "text3")
            return
        place = columns(box.width())
        self._words(painter, box, shown, shown.step, place.bars - 12, ratio)
        bar = self._timeline().bar(shown) if place.time > place.bars else None
        if bar is not None:
            left, right = box.left() + place.bars, box.left() + place.time
            paint_bar(painter, QRectF(left, box.top(), right - left, box.height()), bar, shown.step)
        whole = QRectF(box.left(), box.top(), box.width() - 4, box.height())
        right_text(painter, whole, _time_words(shown), "text3")

    def _rail(self, painter: QPainter, box: QRect, shown: Line, *, is_first: bool, is_last: bool) -> None:
        side = look.px(12)
        middle = box.center().y() + 0.5
        rail = box.left() + side / 2
        painter.setPen(QPen(colour("line2"), 1))
        gap = side * 0.7 if shown.step is not None and not shown.depth else 0
        if not is_first:
            painter.drawLine(QPointF(rail, box.top()), QPointF(rail, middle - gap))
        if not is_last:
            painter.drawLine(QPointF(rail, middle + gap), QPointF(rail, box.bottom() + 1))
        if shown.step is not None:
            left = box.left() + look.px(INDENT_PX) * shown.depth
            if shown.depth:
                painter.drawLine(QPointF(rail, middle), QPointF(left - 3, middle))
            sign = STEP_SIGNS.get(shown.step.state, UNKNOWN)
            paint_sign(painter, QRectF(left, middle - side / 2, side, side), sign)

    def _words(
        self, painter: QPainter, box: QRect, shown: Line, step: StepRow, room_until: float, ratio: float
    ) -> None:
        middle = box.center().y() + 0.5
        side = look.px(12)
        left = box.left() + look.px(INDENT_PX) * shown.depth + side + 10
        icon_name, ink = STEP_ICONS.get(step.kind, ("square", "text3"))
        icon_px = look.px(ICON_PX)
        painter.drawPixmap(QPointF(left, middle - icon_px / 2), pixmap(icon_name, ink, icon_px, ratio))
        left += icon_px + 9
        room = box.left() + room_until - left
        face = font("mono_name" if step.kind == "tool" else "name")
        name = one_line(step_name(step))
        taken = line(painter, QPointF(left, box.top()), room * 0.7, box.height(), name, face, "text")
        left += taken + 10
        if shown.children:
            fold_px = look.px(12)
            mark = "chevron-right" if shown.is_folded else "chevron-down"
            painter.drawPixmap(QPointF(left, middle - fold_px / 2), pixmap(mark, "text3", fold_px, ratio))
            left += fold_px + 8
        detail = shown.words or one_line(step.text) or step_state_words(step.state)
        ink = "red" if step.state in ("failed", "in_doubt") else "amber_text" if step.state == "waiting" else "text3"
        line(painter, QPointF(left, box.top()), box.left() + room_until - left, box.height(), detail, font("mono"), ink)


def paint_bar(painter: QPainter, room: QRectF, bar: Bar, step: StepRow) -> None:
    """When it waited, hatched, and when it worked, full; at least a dot, for what was over at once."""
    middle, height = room.center().y(), look.px(_BAR_PX)
    begin, act, end = (room.left() + share * room.width() for share in (bar.begin, bar.act, bar.end))
    radius = height / 2
    if act - begin > 2:
        waited = QRectF(begin, middle - height / 2, act - begin, height)
        ink = colour("amber_text")
        painter.setPen(QPen(ink, 1))
        painter.setBrush(QBrush(ink, Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(waited.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if end > act or act - begin <= 2:
        _icon, ink = STEP_ICONS.get(step.kind, ("square", "text3"))
        if step.state in ("failed", "in_doubt"):
            ink = "red"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(ink))
        worked = QRectF(min(act, room.right() - 3), middle - height / 2, max(4.0, end - act), height)
        corner = min(radius, worked.width() / 2)
        painter.drawRoundedRect(worked, corner, corner)


def _time_words(shown: Line) -> str:
    if shown.took_ms < 0 or shown.step is None:
        return ""
    return duration(shown.took_ms)


class TimeAxis(QWidget):
    """Over the bars: where the time begins and how much of it is shown, folded time left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = Timeline()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def show_timeline(self, shown: Timeline) -> None:
        """The axis of this log."""
        self._timeline = shown
        folded = sum(line.step is None for line in shown.lines)
        words = tr("{time} shown").format(time=duration(shown.shown_ms))
        if folded:
            words = f"{words}, {plural('%n pause(s) folded', folded)}"
        self.setAccessibleName(words if shown.lines else "")
        self.setToolTip(words if shown.lines else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(100, look.px(20))

    def paintEvent(self, _event: QPaintEvent) -> None:
        room = self.width() - 2 * INSET_PX + 4
        place = columns(room)
        if not self._timeline.lines or place.time <= place.bars:
            return
        painter = QPainter(self)
        painter.setFont(font("mono"))
        painter.setPen(colour("text3"))
        box = QRectF(INSET_PX + place.bars, 0, place.time - place.bars, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, duration(0))
        end = duration(self._timeline.shown_ms)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, end)


def line_sentence(describe: Callable[[StepRow], str]) -> Callable[[Line], str]:
    """What a line says to who cannot see it, its bar in words."""

    def sentence(shown: Line) -> str:
        if shown.step is None:
            return shown.words
        said = describe(shown.step)
        if shown.took_ms >= 0:
            said = f"{said}, {duration(shown.took_ms)}"
        if shown.step.tokens:
            said = f"{said}, {tr('{count} tok').format(count=number(shown.step.tokens))}"
        return f"{said}, {shown.words}" if shown.words else said

    return sentence
