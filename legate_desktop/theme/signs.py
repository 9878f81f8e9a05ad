"""The state signs (ring, dot, bars, tick, cross, …) as shapes; no one face has them all everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from legate_desktop.theme.look import colour


@dataclass(frozen=True, slots=True)
class Sign:
    """A shape, the token of its ink, and the character that stands for it where there is only text."""

    shape: str
    ink: str
    character: str


RUN_SIGNS: dict[str, Sign] = {
    "ready": Sign("ring", "text3", "○"),
    "running": Sign("dot", "blue", "●"),
    "waiting": Sign("bars", "amber_text", "❚❚"),
    "in_doubt": Sign("question", "red", "?"),
    "succeeded": Sign("tick", "green", "✓"),
    "failed": Sign("cross", "red", "✕"),
    "cancelled": Sign("barred", "text3", "⊘"),
    "ended_early": Sign("barred", "red", "⊘"),
    "skipped": Sign("dash", "text3", "\N{EN DASH}"),
    "expired": Sign("quarter", "red", "◔"),
}
# A tool step's state is its action's: from the proposal through the intent to the outcome.
STEP_SIGNS: dict[str, Sign] = {
    "open": RUN_SIGNS["ready"],
    "proposed": RUN_SIGNS["ready"],
    "waiting": RUN_SIGNS["waiting"],
    "ready": RUN_SIGNS["ready"],
    "dispatched": RUN_SIGNS["running"],
    "done": RUN_SIGNS["succeeded"],
    "confirmed": RUN_SIGNS["succeeded"],
    "failed": RUN_SIGNS["failed"],
    "in_doubt": RUN_SIGNS["in_doubt"],
    "denied": RUN_SIGNS["ended_early"],
    "withdrawn": RUN_SIGNS["cancelled"],
}
UNKNOWN = Sign("question", "text3", "?")


def paint_sign(painter: QPainter, box: QRectF, sign: Sign) -> None:
    """Draw the sign inside `box`, centred, as large as its shorter side."""
    side = min(box.width(), box.height())
    centre = box.center()
    unit = side / 12
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = colour(sign.ink)
    pen = QPen(ink, 1.6 * unit, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _SHAPES[sign.shape](painter, centre, unit)
    painter.restore()


def _filled(painter: QPainter) -> None:
    painter.setBrush(painter.pen().color())
    painter.setPen(Qt.PenStyle.NoPen)


def _ring(painter: QPainter, at: QPointF, unit: float) -> None:
    painter.drawEllipse(at, 4 * unit, 4 * unit)


def _dot(painter: QPainter, at: QPointF, unit: float) -> None:
    _filled(painter)
    painter.drawEllipse(at, 4 * unit, 4 * unit)


def _bars(painter: QPainter, at: QPointF, unit: float) -> None:
    _filled(painter)
    for left in (-3.6, 1.2):
        painter.drawRect(QRectF(at.x() + left * unit, at.y() - 4 * unit, 2.4 * unit, 8 * unit))


def _tick(painter: QPainter, at: QPointF, unit: float) -> None:
    points = [(-4, 0.3), (-1.2, 3), (4, -3.2)]
    painter.drawPolyline([QPointF(at.x() + x * unit, at.y() + y * unit) for x, y in points])


def _cross(painter: QPainter, at: QPointF, unit: float) -> None:
    reach = 3.2 * unit
    painter.drawLine(at + QPointF(-reach, -reach), at + QPointF(reach, reach))
    painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))


def _barred(painter: QPainter, at: QPointF, unit: float) -> None:
    _ring(painter, at, unit)
    reach = 2.8 * unit
    painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))


def _dash(painter: QPainter, at: QPointF, unit: float) -> None:
    painter.drawLine(at + QPointF(-3.5 * unit, 0), at + QPointF(3.5 * unit, 0))


def _quarter(painter: QPainter, at: QPointF, unit: float) -> None:
    _ring(painter, at, unit)
    _filled(painter)
    box = QRectF(at.x() - 4 * unit, at.y() - 4 * unit, 8 * unit, 8 * unit)
    painter.drawPie(box, 0, 90 * 16)


def _question(painter: QPainter, at: QPointF, unit: float) -> None:
    face = painter.font()
    face.setPixelSize(max(1, round(11 * unit)))
    face.setBold(True)
    painter.setFont(face)
    box = QRectF(at.x() - 6 * unit, at.y() - 6 * unit, 12 * unit, 12 * unit)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "?")


_SHAPES = {
    "ring": _ring,
    "dot": _dot,
    "bars": _bars,
    "tick": _tick,
    "cross": _cross,
    "barred": _barred,
    "dash": _dash,
    "quarter": _quarter,
    "question": _question,
}
