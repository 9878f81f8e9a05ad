"""The two ways to see a passage in its document: in the text, marked, and on its page, drawn."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea, QTextEdit, QWidget

from legate_desktop.pages.knowledge.rows import mark_format
from legate_desktop.pages.knowledge.view import Sheet, Spans, shown
from legate_desktop.theme.look import colour, font, look
from legate_desktop.words import tr

MARK_ALPHA = 70
LEAST_DRAWN_PX, MOST_DRAWN_PX = 400, 2_000


class SheetText(QPlainTextEdit):
    """A document's text. `pointed` carries the position of the passage that was clicked.

    It is no text field: one-letter keys go through to the page, Tab moves on.
    """

    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = Sheet("", {})
        self.setObjectName("plain")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Text of the document"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(16)
        self._chosen: tuple[int, str, Spans] = (-1, "", ())
        self._dress()
        look.changed.connect(self._dress)

    def show_sheet(self, sheet: Sheet) -> None:
        """Another text."""
        if sheet is not self._sheet:
            self._sheet = sheet
            self.setPlainText(sheet.text)

    def show_passage(self, position: int, text: str, marks: Spans) -> None:
        """Mark a passage, and in it the words asked for, and bring it into view."""
        self._chosen = (position, text, marks)
        self._mark()
        place = self._sheet.places.get(position)
        if place is not None:
            cursor = QTextCursor(self.document())
            # Its end first, so that as much of it as fits is in view, and its beginning in any case.
            for at in reversed(place):
                cursor.setPosition(min(at, len(self._sheet.text)))
                self.setTextCursor(cursor)
                self.ensureCursorVisible()

    def marked_text(self) -> list[str]:
        """What is marked: the passage, then the words in it."""
        return [selection.cursor.selectedText() for selection in self.extraSelections()]  # type: ignore[attr-defined]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            event.ignore()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            at = self.cursorForPosition(event.position().toPoint()).position()
            under = [position for position, (start, end) in self._sheet.places.items() if start <= at < end]
            if under:
                self.pointed.emit(under[-1])

    def _mark(self) -> None:
        position, text, marks = self._chosen
        place = self._sheet.places.get(position)
        if place is None:
            self.setExtraSelections([])
            return
        start, end = place
        ground = QTextCharFormat()
        ground.setBackground(colour("amber_wash"))
        ground.setForeground(colour("text"))
        made = [self._selection(start, end, ground)]
        for first, last in shown(text, marks)[1]:
            made.append(self._selection(start + first, min(end, start + last), mark_format()))
        self.setExtraSelections(made)

    def _selection(self, start: int, end: int, how: QTextCharFormat) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        most = self.document().characterCount() - 1
        cursor.setPosition(min(start, most))
        cursor.setPosition(min(end, most), QTextCursor.MoveMode.KeepAnchor)
        made.cursor, made.format = cursor, how  # type: ignore[attr-defined]  # missing in PySide's stubs
        return made

    def _dress(self) -> None:
        self.setFont(font("body"))
        self._mark()


class _Paper(QWidget):
    """The page itself, as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = QPixmap()
        self.marks: tuple[tuple[int, int, int, int], ...] = ()

    def fit(self, width: int) -> None:
        """Take this width, and the height that goes with it."""
        if self.picture.isNull():
            self.setFixedSize(QSize(max(1, width), 1))
            return
        wide = min(width, self.picture.width())
        self.setFixedSize(wide, round(wide * self.picture.height() / max(1, self.picture.width())))

    def scale(self) -> float:
        """How large it is shown."""
        return self.width() / max(1, self.picture.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.picture.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(self.rect(), self.picture)
        wash = QColor(colour("amber"))
        wash.setAlpha(MARK_ALPHA)
        scale = self.scale()
        for left, top, right, bottom in self.marks:
            box = QRectF(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
            painter.fillRect(box.adjusted(-2, -2, 2, 2), wash)


class SheetPicture(QScrollArea):
    """A page as a picture with the passage marked; scrolled to where it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paper = _Paper()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setWidget(self.paper)
        self.viewport().setAutoFillBackground(False)
        self.show_page(b"", (), "")

    @property
    def wanted_px(self) -> int:
        """How wide a picture is wanted: sharp on this screen."""
        wide = round(self.viewport().width() * self.devicePixelRatioF())
        return max(LEAST_DRAWN_PX, min(MOST_DRAWN_PX, wide))

    def show_page(self, png: bytes, marks: tuple[tuple[int, int, int, int], ...], name: str) -> None:
        """Show this picture; none for an empty one."""
        picture = QPixmap()
        if png:
            picture.loadFromData(png, "PNG")
        self.paper.picture, self.paper.marks = picture, marks
        self.setAccessibleName(name or tr("Page of the document"))
        self.paper.fit(self.viewport().width())
        self.paper.update()
        if marks:
            # Once it is laid out, or there is nothing to scroll yet.
            QTimer.singleShot(0, self, self._scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.paper.fit(self.viewport().width())

    def _scroll(self) -> None:
        if self.paper.marks:
            left, top, right, bottom = self.paper.marks[0]
            scale = self.paper.scale()
            self.ensureVisible(round((left + right) / 2 * scale), round((top + bottom) / 2 * scale), 40, 120)
