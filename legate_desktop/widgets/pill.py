"""The pill that names an effect, painted the same by the card and by the rows of a list."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.tokens import EFFECT_PILLS, RADIUS_PILL_PX, Pill
from legate_desktop.words import tr

_ICON_PX = 11
_SIDE = 8


IN_DOUBT = Pill("IN DOUBT", "red", "red_wash", is_outlined=True)


def pill_for(effect: str) -> Pill:
    """The pill of an effect; an effect this window does not know is shown in its own word, as grave as can be."""
    return EFFECT_PILLS.get(effect) or Pill(effect.upper(), "red", "", is_outlined=True)


def pill_size(pill: Pill) -> QSize:
    """The room it takes."""
    width = QFontMetricsF(font("pill")).horizontalAdvance(tr(pill.word)) + 2 * look.px(_SIDE)
    if pill.icon:
        width += look.px(_ICON_PX) + 4
    return QSize(round(width), look.px(18))


def paint_pill(painter: QPainter, top_left: QPointF, pill: Pill, ratio: float) -> int:
    """Paint it with its top left there; returns its width."""
    size = pill_size(pill)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(top_left.x(), top_left.y(), size.width(), size.height())
    painter.setBrush(colour(pill.fill) if pill.fill else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(pill.ink), 1) if pill.is_outlined else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PILL_PX, RADIUS_PILL_PX)
    left = box.left() + look.px(_SIDE)
    if pill.icon:
        side = look.px(_ICON_PX)
        at = QPointF(left, box.center().y() - side / 2)
        painter.drawPixmap(at, pixmap(pill.icon, pill.ink, side, ratio))
        left += side + 4
    painter.setFont(font("pill"))
    painter.setPen(colour(pill.ink))
    painter.drawText(QRectF(left, box.top(), box.width(), box.height()), Qt.AlignmentFlag.AlignVCenter, tr(pill.word))
    painter.restore()
    return size.width()


class PillLabel(QWidget):
    """The pill as a widget; its accessible name is the word."""

    def __init__(self, effect: str = "read", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pill = pill_for(effect)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_effect(effect)
        look.changed.connect(self.updateGeometry)

    def set_effect(self, effect: str) -> None:
        """Name another effect."""
        self._pill = pill_for(effect)
        self.setAccessibleName(tr(self._pill.word).lower())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return pill_size(self._pill)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_pill(QPainter(self), QPointF(0, 0), self._pill, self.devicePixelRatioF())


class DoubtLabel(PillLabel):
    """The pill of what nobody saw the end of."""

    def set_effect(self, effect: str) -> None:
        super().set_effect(effect)
        self._pill = IN_DOUBT
        self.setAccessibleName(tr("in doubt"))
