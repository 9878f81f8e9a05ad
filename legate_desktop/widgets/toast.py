"""Toasts: what happened, with Undo or Details; bottom centre, at most three, six seconds, errors until closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.words import tr

MOST = 3


class Toast(QWidget):
    """One message. It stays while the mouse or the focus is on it, and offers what can be done only for its time.

    `expired` comes when that time is over, also if the message stays.
    """

    closed = Signal()
    expired = Signal()

    def __init__(
        self,
        text: str,
        *,
        action_text: str = "",
        action_key: str = "",
        run: Callable[[], None] | None = None,
        is_error: bool = False,
        lasts_ms: int = tokens.TOAST_MS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.is_error = is_error
        self.text = Label(text, "body")
        self.text.setWordWrap(True)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 8, 10)
        row.setSpacing(12)
        row.addWidget(self.text, 1)
        self.action = Button(action_text, kind="quiet", key=action_key)
        # It has a key of its own. Where a button that had the focus goes off, Qt's next stop must not be this.
        self.action.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self.action)
        self.action.setVisible(run is not None)
        if run is not None:
            self.action.fired.connect(run)
            self.action.fired.connect(self.close_now)
        self.closer = Button(tr("Close"), kind="quiet")
        self.closer.fired.connect(self.close_now)
        self.closer.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.closer)
        # Not before it has its place: shown without one it would be a window, and take the focus from this one.
        self.closer.setVisible(is_error)
        self._life = QTimer(self, interval=lasts_ms, singleShot=True)
        self._life.timeout.connect(self._may_end)
        if not is_error:
            self._life.start()

    def close_now(self) -> None:
        """Take it away at once."""
        self._life.stop()
        self.closed.emit()
        self.deleteLater()

    def _may_end(self) -> None:
        if self.action.isEnabled():
            # What it would do works no longer, and its room stays so that nothing moves under the mouse.
            self.action.setEnabled(False)
            self.expired.emit()
        if self.underMouse() or self.closer.hasFocus():
            self._life.start(1_000)
            return
        self.close_now()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(colour("raised"))
        painter.setPen(QPen(colour("red" if self.is_error else "line2"), 1))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, tokens.RADIUS_CARD_PX, tokens.RADIUS_CARD_PX)


class Toasts(QWidget):
    """The stack over the bottom of a window, above its foot while that is shown; it takes no focus by itself."""

    said = Signal(str)

    def __init__(self, over: QWidget, foot: QWidget | None = None) -> None:
        super().__init__(over)
        self._over = over
        self._foot: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        over.installEventFilter(self)
        self.set_foot(foot)
        self.hide()

    def add(
        self,
        text: str,
        *,
        action_text: str = "",
        action_key: str = "",
        run: Callable[[], None] | None = None,
        is_error: bool = False,
        lasts_ms: int = tokens.TOAST_MS,
    ) -> Toast:
        """Say something; the oldest goes when there would be a fourth."""
        while len(self.toasts()) >= MOST:
            self.toasts()[0].close_now()
        toast = Toast(
            text,
            action_text=action_text,
            action_key=action_key,
            run=run,
            is_error=is_error,
            lasts_ms=lasts_ms,
            parent=self,
        )
        toast.closed.connect(lambda: self._drop(toast))
        self._column.addWidget(toast)
        toast.show()
        self.show()
        self._place()
        if not look.is_motion_reduced:
            self._fade_in(toast)
        self.said.emit(text)
        return toast

    def set_foot(self, foot: QWidget | None) -> None:
        """Stay above this from now on."""
        if self._foot is not None:
            self._foot.removeEventFilter(self)
        self._foot = foot
        if foot is not None:
            foot.installEventFilter(self)
        if self.isVisible():
            self._place()

    def toasts(self) -> list[Toast]:
        """What is shown now, oldest first."""
        items = [self._column.itemAt(at) for at in range(self._column.count())]
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), Toast)]

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide) and self.isVisible():
            self._place()
        return False

    def _fade_in(self, toast: Toast) -> None:
        effect = QGraphicsOpacityEffect(toast)
        toast.setGraphicsEffect(effect)
        fade = QPropertyAnimation(effect, b"opacity", toast)
        fade.setDuration(tokens.FADE_MS)
        fade.setStartValue(0.0)
        fade.setEndValue(1.0)
        # An effect left on would redraw the toast through a pixmap for ever.
        fade.finished.connect(lambda: toast.setGraphicsEffect(None))  # type: ignore[arg-type]  # Qt takes null
        fade.start(QPropertyAnimation.DeletionPolicy.DeleteWhenStopped)

    def _drop(self, toast: Toast) -> None:
        self._column.removeWidget(toast)
        toast.hide()
        if self.toasts():
            self._place()
        else:
            self.hide()

    def _place(self) -> None:
        width = min(560, self._over.width() - 32)
        self.setFixedWidth(width)
        self._column.activate()
        column = self._column
        height = column.totalHeightForWidth(width) if column.hasHeightForWidth() else self.sizeHint().height()
        self.resize(width, height)
        foot_px = self._foot.height() if self._foot is not None and self._foot.isVisible() else 0
        self.move((self._over.width() - width) // 2, self._over.height() - height - 20 - foot_px)
        self.raise_()
