"""A button with its key printed on it: primary, secondary, quiet, danger; held or pressed twice for what is grave."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFontMetricsF, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.words import tr

ARMED_FOR_MS = 3_000
_GAP = 8
_SIDE_PX = {"primary": 16, "secondary": 16, "danger": 16, "quiet": 10}
_HEIGHT_PX = 38  # 32 and the room for the focus ring


class Button(QAbstractButton):
    """`kind` is primary, secondary, quiet or danger.

    With `is_held` a click does nothing: the mouse must be held for 700 ms, and a key (Space, Enter, or the verb's own
    through `press_by_key`) must come twice within three seconds. Both end in `fired`, as a plain click does.
    """

    fired = Signal()

    def __init__(
        self,
        text: str,
        *,
        kind: str = "secondary",
        key: str = "",
        icon_name: str = "",
        is_held: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.kind = kind
        self.key = _named(key)
        self.icon_name = icon_name
        self.is_held = is_held
        self.is_armed = False
        self.is_confirming = False
        self._action: QAction | None = None
        self._action_key = ""
        self._is_under_mouse = False
        self._is_focus_shown = False
        self._held_for = QElapsedTimer()
        self._frame = QTimer(self, interval=33)
        self._frame.timeout.connect(self._on_frame)
        self._disarm = QTimer(self, interval=ARMED_FOR_MS, singleShot=True)
        self._disarm.timeout.connect(self.disarm)
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._on_clicked)
        look.changed.connect(self._on_look)

    def follow(self, action: QAction, *, key: str = "") -> None:
        """Show an action: its words, key, state and tip; firing triggers it."""
        self._action, self._action_key = action, key
        self.fired.connect(action.trigger)
        action.changed.connect(self._take)
        self._take()

    def press_by_key(self) -> None:
        """The verb's key was pressed: fire, or arm and then fire."""
        if not self.isEnabled():
            return
        if not self.is_held:
            self.fired.emit()
        elif self.is_armed:
            self._confirm()
        else:
            self.is_armed = True
            self._disarm.start()
            self._refresh()

    def disarm(self) -> None:
        """Forget a first press, and a hold that was not finished."""
        self._disarm.stop()
        self._frame.stop()
        self._held_for.invalidate()
        if self.is_armed:
            self.is_armed = False
        self._refresh()

    def set_held(self, is_held: bool) -> None:
        """Whether this must be held from now on."""
        self.is_held = is_held
        self.disarm()

    def label(self) -> str:
        """What stands on the button now."""
        if self.is_armed:
            return tr("Press again to confirm")
        return tr("Hold: ") + self.text() if self.is_held else self.text()

    # Qt's side.

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(font("name")).horizontalAdvance(self.label()) + 2 * look.px(_SIDE_PX[self.kind])
        if self.icon_name:
            width += look.px(tokens.ICON_PX) + _GAP
        if self.key and not self.is_armed:
            width += QFontMetricsF(font("mono_name")).horizontalAdvance(self.key) + _GAP + 2
        return QSize(round(width), look.px(_HEIGHT_PX))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, key_ink = self._paint_ground(painter)
        self._paint_label(painter, ink, key_ink)
        if self.hasFocus() and self._is_focus_shown:
            painter.setPen(QPen(colour("amber_text"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if self.is_held and event.button() == Qt.MouseButton.LeftButton:
            self._held_for.start()
            self._frame.start()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._held_for.isValid() and not self.isDown():
            self.disarm()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held_for.isValid():
            self.disarm()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.press_by_key()
            event.accept()
            return
        if event.key() == Qt.Key.Key_Escape and self.is_armed:
            self.disarm()
            return
        super().keyPressEvent(event)

    def enterEvent(self, event: object) -> None:
        self._is_under_mouse = True
        self.update()
        super().enterEvent(event)  # type: ignore[arg-type]  # PySide names the event type differently per version

    def leaveEvent(self, event: object) -> None:
        self._is_under_mouse = False
        self.update()
        super().leaveEvent(event)  # type: ignore[arg-type]  # as above

    def focusInEvent(self, event: object) -> None:
        self._is_focus_shown = event.reason() != Qt.FocusReason.MouseFocusReason  # type: ignore[attr-defined]  # as above
        self.update()
        super().focusInEvent(event)  # type: ignore[arg-type]  # as above

    def focusOutEvent(self, event: object) -> None:
        self.disarm()
        super().focusOutEvent(event)  # type: ignore[arg-type]  # as above

    # How it looks.

    def _paint_ground(self, painter: QPainter) -> tuple[str, str]:
        """Fill, border and hold ring; returns the inks of label and key."""
        body = QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        is_hot = self.isEnabled() and (self._is_under_mouse or self.isDown())
        fill, border, ink, key_ink = "", "", "text", "text3"
        if not self.isEnabled():
            border, ink = ("" if self.kind == "quiet" else "line2"), "text3"
        elif self.is_held or self.kind == "danger":
            fill, border, ink, key_ink = ("red_wash" if is_hot or self.is_armed else ""), "red", "red", "red"
            if self.kind == "danger" and not is_hot:
                border, ink, key_ink = "edge", "text", "text3"
        elif self.kind == "primary":
            fill, border, ink, key_ink = ("amber_hover" if is_hot else "amber"), "amber_text", "amber_ink", "amber_ink"
            if look.theme.is_dark:
                border = fill
        elif self.kind == "secondary":
            fill, border = ("raised" if is_hot else ""), "edge"
        elif is_hot:
            fill = "raised"
        painter.setBrush(colour(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(border), 1) if border else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(body, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        if self._held_for.isValid():
            self._paint_hold(painter, body)
        return ink, key_ink

    def _paint_hold(self, painter: QPainter, body: QRectF) -> None:
        """While the button is held its ground fills from the left, beside the ring in place of the icon."""
        share = min(1.0, self._held_for.elapsed() / tokens.HOLD_MS)
        painter.save()
        painter.setClipRect(QRectF(body.left(), body.top(), body.width() * share, body.height()))
        painter.setBrush(colour("red_wash"))
        painter.setPen(QPen(colour("red"), 2))
        painter.drawRoundedRect(body, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        painter.restore()

    def _paint_label(self, painter: QPainter, ink: str, key_ink: str) -> None:
        key = "" if self.is_armed else self.key
        label_font, key_font = font("name"), font("mono_name")
        label_width = QFontMetricsF(label_font).horizontalAdvance(self.label())
        key_width = QFontMetricsF(key_font).horizontalAdvance(key) + _GAP + 2 if key else 0.0
        icon_px = look.px(tokens.ICON_PX)
        icon_width = icon_px + _GAP if self.icon_name else 0
        left = (self.width() - label_width - key_width - icon_width) / 2
        middle = QRectF(0, 0, self.width(), self.height())
        if self.icon_name and self._held_for.isValid():
            self._paint_ring(painter, left, icon_px)
        elif self.icon_name:
            drawn = pixmap(self.icon_name, ink, icon_px, self.devicePixelRatioF())
            painter.drawPixmap(round(left), round((self.height() - icon_px) / 2), drawn)
        painter.setPen(colour(ink))
        painter.setFont(label_font)
        painter.drawText(middle.adjusted(left + icon_width, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.label())
        if key:
            painter.setPen(colour(key_ink))
            painter.setFont(key_font)
            at = left + icon_width + label_width + _GAP + 2
            painter.drawText(middle.adjusted(at, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, key)

    def _paint_ring(self, painter: QPainter, left: float, side: float) -> None:
        share = min(1.0, self._held_for.elapsed() / tokens.HOLD_MS)
        box = QRectF(left + 1, (self.height() - side) / 2 + 1, side - 2, side - 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("line2"), 2))
        painter.drawEllipse(box)
        painter.setPen(QPen(colour("red"), 2))
        painter.drawArc(box, 90 * 16, -round(share * 360 * 16))

    # What happens.

    def _on_clicked(self) -> None:
        if not self.is_held:
            self.fired.emit()

    def _on_frame(self) -> None:
        if self._held_for.isValid() and self._held_for.elapsed() >= tokens.HOLD_MS:
            self.setDown(False)
            self._confirm()
        self.update()

    def _confirm(self) -> None:
        """Fire as confirmed: held to the end, or pressed twice. `is_confirming` tells the verb's page so."""
        self.disarm()
        self.is_confirming = True
        try:
            self.fired.emit()
        finally:
            self.is_confirming = False

    def _on_look(self) -> None:
        self.updateGeometry()
        self.update()

    def _take(self) -> None:
        action, key = self._action, self._action_key
        if action is None:
            return
        self.setText(action.text())
        self.setAccessibleName(action.text())
        self.key = _named(key) or action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setEnabled(action.isEnabled())
        self.setToolTip(action.toolTip() if action.toolTip() != action.text() else "")
        self.setAccessibleDescription(action.toolTip())
        self._refresh()

    def _refresh(self) -> None:
        self.updateGeometry()
        self.update()


def _named(key: str) -> str:
    """A key as this language and this system call it: Ctrl+Enter is Strg+Enter in German."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
