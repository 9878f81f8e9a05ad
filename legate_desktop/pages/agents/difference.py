"""What differs between two definitions, as a person reads it: one line for each thing, a changed text line by line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.pages.agents.view import Difference, change_words
from legate_desktop.theme.look import colour
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.words import tr, visible

MOST_LINES = 400
_INK = {"+": "green", "-": "red", " ": "text2"}
_WASH = {"+": "green_wash", "-": "red_wash"}


class DiffLine(QWidget):
    """One line of a text: its sign, and the line on its wash."""

    def __init__(self, sign: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = sign
        shown = OutsideText(text, "mono", ink=_INK[sign], most_lines=40, name=_names()[sign])
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        mark = Label({"+": "+", "-": "\N{MINUS SIGN}", " ": " "}[sign], "mono")
        mark.setFixedWidth(12)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(shown, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._sign in _WASH:
            painter = QPainter(self)
            painter.fillRect(QRectF(self.rect()), colour(_WASH[self._sign]))


def show_difference(column: QVBoxLayout, difference: Difference) -> None:
    """Put everything that differs into a column."""
    if not difference.changes:
        column.addWidget(_note(tr("Nothing differs.")))
    for change in difference.changes:
        said = Label(visible(change_words(change), keep_lines=False), "name" if change.lines else "body")
        said.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(said, 1)
        if change.wider:
            row.addWidget(Label(tr("reaches further"), "small", tone="turn"), 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        for line in change.lines[:MOST_LINES]:
            sign = line[:1] if line[:1] in _INK else " "
            column.addWidget(DiffLine(sign, line[2:]))
        if len(change.lines) > MOST_LINES:
            column.addWidget(_note(tr("… and more. Export both versions to compare them whole.")))


def _names() -> dict[str, str]:
    return {"+": tr("Added"), "-": tr("Removed"), " ": tr("Unchanged")}


def _note(text: str) -> Label:
    note = Label(text, "small", tone="quiet")
    note.setWordWrap(True)
    return note
