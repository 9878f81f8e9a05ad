"""A dialog for what needs an answer now: title, body, two buttons; Esc is the safe way out, Ctrl+Enter sends."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.theme.dressing import dressing
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.words import tr


class _Growing(QObject):
    """Keeps a window high enough for every wrapped line: it is not sized by what its width makes of its height.

    A filter, and no `event` of the dialog's own: that one would still be in Python when Qt deletes the dialog in it.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest) and isinstance(watched, QWidget):
            layout = watched.layout()
            needed = layout.totalHeightForWidth(watched.width()) if layout is not None else 0
            if needed > watched.height():
                watched.resize(watched.width(), min(needed, watched.screen().availableSize().height()))
        return False


class Dialog(QDialog):
    """Opened with `open()`, never with a nested event loop. `sent` comes once, and the dialog closes."""

    sent = Signal()

    def __init__(self, title: str, send_text: str, *, kind: str = "primary", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        dressing.wear(self)
        self.installEventFilter(_Growing(self))
        self.body = QVBoxLayout()
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
        column.addLayout(self.body, 1)
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
