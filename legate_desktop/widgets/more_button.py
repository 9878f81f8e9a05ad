"""A button that holds the actions for which there is no room; their keys act all the same."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from legate_desktop.widgets.button import Button


class MoreButton(Button):
    """Shown only while it holds something."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, kind="quiet", parent=parent)
        self.setAccessibleName(words)
        self.held: Mapping[str, QAction] = {}
        self.fired.connect(self.open_menu)

    def take(self, actions: Mapping[str, QAction]) -> None:
        """Hold these, by the ids of their verbs."""
        self.held = dict(actions)
        self.setVisible(bool(actions))

    def open_menu(self) -> None:
        """Show them above the button."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.accessibleName())
        for action in self.held.values():
            menu.addAction(action)
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        menu.setActiveAction(menu.actions()[0])
