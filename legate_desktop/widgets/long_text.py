"""A value of any length: shown whole in parts, so that five megabytes cost the window no more than one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import MOST_CHARACTERS, Label, OutsideText
from legate_desktop.words import number, tr


class LongText(QWidget):
    """A short text looks like any other; a long one has its place in the whole below it, and buttons to turn."""

    def __init__(self, text: str, name: str, *, most_lines: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = text
        self._at = 0
        self.text = OutsideText("", "mono", framed=True, most_lines=most_lines, name=name)
        self.place = Label("", "mono", tone="quiet")
        self.back = Button(tr("Previous part"), kind="quiet")
        self.on = Button(tr("Next part"), kind="quiet")
        self.back.fired.connect(self._back)
        self.on.fired.connect(self._on)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.text)
        turn = QHBoxLayout()
        turn.addWidget(self.place)
        turn.addStretch(1)
        turn.addWidget(self.back)
        turn.addWidget(self.on)
        self._turn = (self.place, self.back, self.on)
        if len(text) > MOST_CHARACTERS:
            column.addLayout(turn)
        self._show()

    def _back(self) -> None:
        self._at = max(0, self._at - MOST_CHARACTERS)
        self._show()

    def _on(self) -> None:
        self._at = min(self._at + MOST_CHARACTERS, len(self._whole) - 1)
        self._show()

    def _show(self) -> None:
        end = min(len(self._whole), self._at + MOST_CHARACTERS)
        self.text.set_text(self._whole[self._at : end])
        text = tr("Characters {first} to {last} of {all}")
        self.place.setText(text.format(first=number(self._at + 1), last=number(end), all=number(len(self._whole))))
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.back.setEnabled(self._at > 0)
        self.on.setEnabled(end < len(self._whole))
