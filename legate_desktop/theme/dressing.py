"""Dresses the window in the look in force, and after a change only what is seen: the rest when it is shown again.

Qt restyles every widget there is when the application's style sheet changes, 0.3 ms for each. So the application gets its
sheet once, and each page, dialog and part of the frame one of its own when the look changes; the nearer sheet wins.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from legate_desktop.theme.look import font, look
from legate_desktop.theme.style import palette, style_sheet


class Dressing(QObject):
    """One per process (`dressing`). `wear` gives it a root: a widget that is shown and hidden as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self._sheet = ""
        self._of_app = ""
        self._worn: WeakKeyDictionary[QWidget, str] = WeakKeyDictionary()

    def dress(self, app: QApplication) -> None:
        """Give the application the palette, the face and the sheet of the look in force, and forget older ones."""
        app.setFont(font("body"))
        app.setPalette(palette(look.theme))
        self._sheet = self._of_app = style_sheet(look.theme)
        app.setStyleSheet(self._sheet)
        for root in self._roots():
            self._put(root)

    def wear(self, root: QWidget) -> None:
        """Dress this root from now on, whenever it is seen."""
        self._worn[root] = ""
        root.installEventFilter(self)
        if self._sheet != self._of_app:
            self._put(root)

    def change(self) -> None:
        """The look changed: dress what is seen, and the rest when it is shown."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        app.setFont(font("body"))
        app.setPalette(palette(look.theme))
        self._sheet = style_sheet(look.theme)
        for root in self._roots():
            if root.isVisible():
                self._put(root)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            self._put(watched)
        return False

    def _roots(self) -> list[QWidget]:
        return [root for root in self._worn if isValid(root)]

    def _put(self, root: QWidget) -> None:
        wanted = "" if self._sheet == self._of_app else self._sheet
        if self._worn.get(root, "") != wanted:
            self._worn[root] = wanted
            root.setStyleSheet(wanted)


dressing = Dressing()
