"""The mark as the tray shows it: plain ink; an amber dot with the count of what waits, a red one when the engine is away."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap, QPolygonF

from legate_desktop.theme import tokens

SIZES_PX = (16, 22, 24, 32, 44, 48, 64)
MOST_SHOWN = 99
EDGE_ALPHA = 150


def tray_icon(count: int, *, is_away: bool, is_panel_dark: bool) -> QIcon:
    """The icon in every size that trays ask for. The ink is that of the panel it stands on."""
    icon = QIcon()
    for side in SIZES_PX:
        icon.addPixmap(mark(side, count, is_away=is_away, is_panel_dark=is_panel_dark))
    return icon


def mark(side: int, count: int, *, is_away: bool, is_panel_dark: bool) -> QPixmap:
    """One picture of the mark."""
    theme = tokens.DARK if is_panel_dark else tokens.LIGHT
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # Not every panel says how dark it is: a thin edge of the other ink keeps the mark visible on both.
    edge = QColor((tokens.LIGHT if is_panel_dark else tokens.DARK).text)
    edge.setAlpha(EDGE_ALPHA)
    painter.setPen(QPen(edge, max(1.0, side / 24)))
    painter.setBrush(QColor(theme.text))
    top, low = side * 0.08, side * 0.94
    painter.drawPolygon(QPolygonF([QPointF(side * 0.5, top), QPointF(side * 0.5, low), QPointF(side * 0.06, low)]))
    if is_away:
        _dot(painter, side, QColor(theme.red), "")
    elif count:
        _dot(painter, side, QColor(theme.amber), str(count) if count <= MOST_SHOWN else "…")
    painter.end()
    return pixmap


def _dot(painter: QPainter, side: int, fill: QColor, text: str) -> None:
    """At the lower right; in the smallest sizes a dot alone, for no figure can be read there."""
    across = side * (0.62 if text and side >= 22 else 0.42)
    box = QRectF(side - across, side - across, across, across)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawEllipse(box)
    if not text or side < 22:
        return
    font = QFont()
    font.setPixelSize(round(across * (0.72 if len(text) == 1 else 0.56)))
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(QColor(tokens.DARK.amber_ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def tooltip(waiting: str, running: str, away: str) -> str:
    """What the tray says of itself: one line, whole sentences for those who hear it."""
    return f"Legate: {away or waiting}" + ("" if away else f", {running}")
