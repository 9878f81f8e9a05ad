"""A list and what stands in its place while it is empty; the keyboard stays there, whatever is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget


class ListStack(QStackedWidget):
    """Without it, Qt would pass the focus of a list that empties to whatever comes next, such as a button."""

    def __init__(self, view: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.setAccessibleName(view.accessibleName())
        self.addWidget(view)

    def take_focus(self) -> None:
        """To the list; while there is none, here."""
        target = self._view if self.currentWidget() is self._view else self
        # Only as long as it stands in for the list: Tab must not stop at it.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if target is self._view else Qt.FocusPolicy.ClickFocus)
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def turn_to(self, widget: QWidget) -> None:
        """Show this one, and keep the keys if they were here."""
        if widget is self.currentWidget():
            return
        focus = QApplication.focusWidget()
        had_focus = focus is not None and (focus is self or self.isAncestorOf(focus))
        self.setCurrentWidget(widget)
        if had_focus:
            self.take_focus()
