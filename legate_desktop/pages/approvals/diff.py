"""What changes, line by line: the sign stands in the text, the wash behind it only helps."""

from __future__ import annotations

from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QWidget

from legate_desktop.pages.approvals.view import Change
from legate_desktop.theme.look import colour
from legate_desktop.widgets.labels import OutsideText

INKS = {"+": ("green_wash", "green"), "-": ("red_wash", "red")}


class Diff(OutsideText):
    """Removed and added lines with their signs; whole, wrapped and selectable."""

    def __init__(self, changes: tuple[Change, ...], name: str, parent: QWidget | None = None) -> None:
        super().__init__("", "mono", framed=True, most_lines=24, name=name, parent=parent)
        self.show_changes(changes)

    def show_changes(self, changes: tuple[Change, ...]) -> None:
        """Show these instead."""
        self.set_text("\n".join(f"{change.sign} {change.text}" for change in changes))
        # `visible` may not change the number of lines, so line n of the text is change n.
        cursor = QTextCursor(self.document())
        for change in changes:
            wash, ink = INKS.get(change.sign, ("", "text2"))
            for _ in range(change.text.count("\n") + 1):
                self._mark(cursor, wash, ink)
                cursor.movePosition(QTextCursor.MoveOperation.NextBlock)

    @staticmethod
    def _mark(cursor: QTextCursor, wash: str, ink: str) -> None:
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        letters = QTextCharFormat()
        letters.setForeground(colour(ink))
        cursor.mergeCharFormat(letters)
        block = QTextBlockFormat()
        if wash:
            block.setBackground(colour(wash))
        cursor.setBlockFormat(block)
