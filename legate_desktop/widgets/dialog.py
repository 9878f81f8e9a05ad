"""A dialog for what needs an answer now: title, body, two buttons; Esc is the safe way out, Ctrl+Enter sends."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from legate_desktop.theme import tokens
from legate_desktop.theme.dressing import dressing
from legate_desktop.theme.look import look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.words import tr

LEAST_BODY_PX = 80


def room(widget: QWidget) -> QRect:
    """Where on the screen of this widget a window may lie, the room for its frame left out below."""
    return widget.screen().availableGeometry().adjusted(0, 0, 0, -tokens.FRAME_ROOM_PX)


class _Telling(QObject):
    """Tells a scroll area that what is in it wants another size, which Qt's does not ask."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        area = self.parent()
        if event.type() == QEvent.Type.LayoutRequest and isinstance(area, QWidget):
            area.updateGeometry()
        return False


class Scrolling(QScrollArea):
    """As high as what is in it wants to be, where there is room; where there is not, that scrolls."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._inside = inside
        self.setWidget(inside)
        inside.installEventFilter(_Telling(self))

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        wide = self._inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(wide, look.px(LEAST_BODY_PX))

    def heightForWidth(self, width: int) -> int:
        inside = self._inside
        return inside.heightForWidth(width) if inside.hasHeightForWidth() else inside.sizeHint().height()


class _Growing(QObject):
    """Keeps a window high enough for every wrapped line, which its width alone does not, and on the screen.

    A filter, and no `event` of the dialog's own: that one would still be in Python when Qt deletes the dialog in it.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest) and isinstance(watched, QWidget):
            self.grow(watched, is_new=event.type() == QEvent.Type.Show)
        return False

    def grow(self, window: QWidget, *, is_new: bool) -> None:
        """As high as it needs to be, as far as the screen goes."""
        layout, space = window.layout(), room(window)
        needed = layout.totalHeightForWidth(window.width()) if layout is not None else 0
        size = QSize(window.width(), max(needed, window.height())).boundedTo(space.size())
        if is_new or size != window.size():
            window.resize(size)
            self._keep_inside(window, space)

    @staticmethod
    def _keep_inside(window: QWidget, space: QRect) -> None:
        at = window.pos()
        left = max(space.left(), min(at.x(), space.right() + 1 - window.width()))
        top = max(space.top(), min(at.y(), space.bottom() + 1 - window.height()))
        if QPoint(left, top) != at:
            window.move(left, top)


class Dialog(QDialog):
    """Opened with `open()`, never with a nested event loop. `sent` comes once, and the dialog closes.

    It is never larger than the screen: its body scrolls where it must, and its buttons are always in sight.
    """

    sent = Signal()

    def __init__(self, title: str, send_text: str, *, kind: str = "primary", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        dressing.wear(self)
        self._growing = _Growing(self)
        self.installEventFilter(self._growing)
        inside = QWidget()
        inside.setObjectName("dialogBody")
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(10)
        self.problem = Label("", "small", tone="bad")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.send_button = Button(send_text, kind=kind, key="Ctrl+Enter")
        self.send_button.fired.connect(self.try_to_send)
        self.cancel_button = Button(tr("Cancel"), kind="secondary", key="Esc")
        self.cancel_button.fired.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.problem, 1)
        buttons.addStretch(0)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.send_button)
        title_label = Label(title, "title")
        title_label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(title_label)
        column.addWidget(Scrolling(inside), 1)
        column.addLayout(buttons)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.send_button.press_by_key)

    def add_field(self, field: QWidget) -> Label:
        """Put a field into the body, below its name; the label that says it."""
        label = Label(field.accessibleName(), "name")
        label.setBuddy(field)
        self.body.addWidget(label)
        self.body.addWidget(field)
        return label

    def fit(self) -> None:
        """No higher than its lines, after some of them went."""
        self.adjustSize()
        # Qt stops at two thirds of the screen.
        self._growing.grow(self, is_new=False)

    def try_to_send(self) -> None:
        """Send if there is nothing wrong; otherwise say what."""
        problem = self.what_is_wrong()
        self.say_problem(problem)
        if not problem and self.send_button.isEnabled():
            self.send_button.setEnabled(False)
            self.sent.emit()
            self.accept()

    def what_is_wrong(self) -> str:
        """Why this cannot be sent, in plain words; nothing if it can."""
        return ""

    def say_problem(self, text: str) -> None:
        """Show or clear the problem beside the buttons."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
