"""A small JSON editor: mono, line numbers, the wrong line marked, formatted on Ctrl+Shift+F."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from legate_desktop.json_text import JsonError, as_text, parse_arguments
from legate_desktop.theme.look import colour, font, look


class JsonEditor(QPlainTextEdit):
    """`value` is the parsed object or the error; `checked` comes after every change. Tab leaves the field.

    Characters that hide or reorder are written as \\u escapes, so that what is edited is what is seen.
    """

    checked = Signal()

    def __init__(self, value: dict[str, Any], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("field")
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self._gutter = _Gutter(self)
        self.value: dict[str, Any] | JsonError = value
        self._dress()
        look.changed.connect(self._dress)
        self.setPlainText(as_text(value))
        self.textChanged.connect(self._check)
        self.blockCountChanged.connect(lambda _count: self._dress())
        self.updateRequest.connect(lambda _rect, _by: self._gutter.update())
        QShortcut(QKeySequence("Ctrl+Shift+F"), self, self.format, context=Qt.ShortcutContext.WidgetShortcut)

    def format(self) -> None:
        """Indent it again, if it can be read."""
        if isinstance(self.value, dict):
            cursor = self.textCursor()
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.insertText(as_text(self.value))  # one step of undo, which setPlainText would not be

    def gutter_width(self) -> int:
        """Room for the largest line number."""
        digits = max(2, len(str(self.blockCount())))
        return QFontMetrics(self.font()).horizontalAdvance("9" * digits) + 20

    def paint_gutter(self, event: QPaintEvent) -> None:
        """Line numbers, and a mark beside the wrong line."""
        painter = QPainter(self._gutter)
        painter.setFont(self.font())
        wrong = self.value.line if isinstance(self.value, JsonError) else 0
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            number = block.blockNumber() + 1
            painter.setPen(colour("red" if number == wrong else "text3"))
            text = f"✕ {number}" if number == wrong else str(number)
            box = QRect(0, round(top), self._gutter.width() - 8, QFontMetrics(self.font()).height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)
            top += height
            block = block.next()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._gutter.setGeometry(inside.left(), inside.top(), self.gutter_width(), inside.height())

    def _check(self) -> None:
        self.value = parse_arguments(self.toPlainText())
        is_wrong = isinstance(self.value, JsonError)
        marks: list[QTextEdit.ExtraSelection] = []
        if isinstance(self.value, JsonError) and self.value.line:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.document().findBlockByNumber(self.value.line - 1))  # type: ignore[attr-defined]  # missing in PySide's stubs
            mark.format.setBackground(colour("red_wash"))  # type: ignore[attr-defined]  # as above
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # type: ignore[attr-defined]  # as above
            marks.append(mark)
        self.setExtraSelections(marks)
        if self.property("invalid") != is_wrong:
            self.setProperty("invalid", is_wrong)
            self.style().unpolish(self)
            self.style().polish(self)
        self._gutter.update()
        self.checked.emit()

    def _dress(self) -> None:
        self.setFont(font("mono"))
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)


class _Gutter(QWidget):
    def __init__(self, editor: JsonEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_gutter(event)
