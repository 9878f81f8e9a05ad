"""A window of its own for one object of a page, such as a run that is watched beside other work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QWidget

from legate_desktop.theme.dressing import dressing

TORN = (760, 720)


class TornWindow(QMainWindow):
    """Closes by Ctrl+W or Esc, and with the window it was torn from; closing it ends nothing but the view."""

    def __init__(self, content: QWidget, title: str, owner: QWidget) -> None:
        super().__init__(owner, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dressing.wear(self)
        self.setWindowTitle(content.windowTitle() or title)
        # What is shown may find its own name later.
        content.windowTitleChanged.connect(lambda name: self.setWindowTitle(name or title))
        self.setCentralWidget(content)
        # The keys are those of the whole, and nobody has chosen anything in it yet.
        content.setFocus()
        self.resize(*TORN)
        for key in ("Ctrl+W", "Esc"):
            QShortcut(QKeySequence(key), self, self.close)
