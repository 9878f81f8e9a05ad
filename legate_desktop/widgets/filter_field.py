"""The filter of a list: a field with a glass, emptied by its own button or by Esc."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.theme.look import look
from legate_desktop.theme.resources import icon
from legate_desktop.words import tr


class FilterField(QLineEdit):
    """`what` says in the tip what is looked in."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(tr("Filter…   /"))
        self.setAccessibleName(tr("Filter"))
        self.setAccessibleDescription(what)
        self.setToolTip(what)
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(84)
        self.setMaximumWidth(270)
        self._icon = self.addAction(icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition)
        look.changed.connect(self._dress)

    def _dress(self) -> None:
        self._icon.setIcon(icon("search", "text3"))
