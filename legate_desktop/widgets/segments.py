"""A switch of a few places in one frame, such as Never · Ask · Allow; arrows move, a place may be closed with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font, look

_SIDE = 11


class Segment(QAbstractButton):
    """One place of the switch."""

    def __init__(self, text: str, place: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self.setText(text)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(round(QFontMetricsF(font("small")).horizontalAdvance(self.text())) + 2 * _SIDE, look.px(30))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Rounded at the ends of the whole switch only: what lies beyond the edge is not seen.
        left = 0.5 if self._place == "first" else -12
        right = -0.5 if self._place == "last" else 12
        box = QRectF(self.rect()).adjusted(left, 1.5, right, -1.5)
        painter.setPen(QPen(colour("edge"), 1))
        painter.setBrush(colour("amber_wash") if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        if self._place != "first":
            painter.drawLine(0, 2, 0, self.height() - 3)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("amber_text"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 4.5, -2.5, -4.5), 5, 5)
        painter.setFont(font("small"))
        ink = "text" if self.isChecked() else "text2" if self.isEnabled() else "text3"
        painter.setPen(colour(ink))
        if not self.isEnabled():
            painter.setOpacity(0.55)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class Segments(QWidget):
    """`chosen` carries the id of the place that a person chose. What it shows is set by `choose`, never by the click alone."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.current = ""
        self._group = QButtonGroup(self)
        self.segments: dict[str, Segment] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for at, (choice_id, text) in enumerate(choices):
            place = "first" if at == 0 else "last" if at == len(choices) - 1 else "middle"
            segment = Segment(text, place)
            segment.setAccessibleName(f"{name}: {text}")
            segment.clicked.connect(lambda _checked=False, choice_id=choice_id: self._on_clicked(choice_id))
            self._group.addButton(segment)
            self.segments[choice_id] = segment
            row.addWidget(segment)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def choose(self, choice_id: str) -> None:
        """Show this as chosen."""
        self.current = choice_id
        self.segments[choice_id].setChecked(True)

    def bar(self, reasons: Mapping[str, str]) -> None:
        """Close the places that have a reason, and open the others."""
        for choice_id, segment in self.segments.items():
            reason = reasons.get(choice_id, "")
            segment.setEnabled(not reason)
            segment.setToolTip(reason)
            segment.setAccessibleDescription(reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        ids = [choice_id for choice_id, segment in self.segments.items() if segment.isEnabled()]
        focused = next((at for at, choice_id in enumerate(ids) if self.segments[choice_id].hasFocus()), 0)
        self.segments[ids[(focused + step) % len(ids)]].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_clicked(self, choice_id: str) -> None:
        if choice_id != self.current:
            self.choose(choice_id)
            self.chosen.emit(choice_id)
