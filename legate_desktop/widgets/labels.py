"""Labels by role of type, and text from outside that is only ever shown as plain text."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent, QTextCursor, QTextOption
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QWidget

from legate_desktop.theme.look import font, look
from legate_desktop.words import number, tr, visible

MOST_CHARACTERS = 20_000


class Label(QLabel):
    """A label in one role of type. Always plain text, also for our own words, so that no one has to remember."""

    def __init__(self, text: str = "", role: str = "body", *, tone: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        if tone:
            self.setProperty("tone", tone)
        self.setText(text)
        self._dress()
        look.changed.connect(self._dress)

    def set_tone(self, tone: str) -> None:
        """turn, good, bad, quiet, or nothing."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)

    def _dress(self) -> None:
        self.setFont(font(self.role))


def hint_label(text: str) -> Label:
    """A quiet line that explains the field above it, on as many lines as it needs."""
    hint = Label(text, "small", tone="quiet")
    hint.setWordWrap(True)
    return hint


class Caption(Label):
    """The small capitals above a group."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, "caption", parent=parent)


class OutsideText(QPlainTextEdit):
    """Text that somebody else wrote, whole, wrapped anywhere, selectable, with everything hidden made visible.

    As tall as its text up to `most_lines`; beyond that it scrolls inside. A text longer than a page of a long book is
    cut, and says by how much; what must be shown whole is a `LongText`. It is no text field: one-letter keys go through
    to the page, Tab moves on.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        *,
        ink: str = "",
        framed: bool = False,
        most_lines: int = 40,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.role = role
        self.most_lines = most_lines
        self.setObjectName("value" if framed else "plain")
        if ink:
            self.setProperty("ink", ink)
        self._padding = 14 if framed else 4
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self._shown = ""
        if name:
            self.setAccessibleName(name)
        self._dress()
        self.set_text(text)
        look.changed.connect(self._dress)

    def set_text(self, text: str) -> None:
        """Show this text; what hides in it is shown by its code point.

        A text that only grew, as one that streams in, keeps what is selected and where it is scrolled to.
        """
        shown = visible(text[:MOST_CHARACTERS])
        if len(text) > MOST_CHARACTERS:
            shown += "\n" + tr("… and {count} more characters").format(count=number(len(text) - MOST_CHARACTERS))
        if shown != self._shown:
            if self._shown and shown.startswith(self._shown):
                end = QTextCursor(self.document())
                end.movePosition(QTextCursor.MoveOperation.End)
                end.insertText(shown[len(self._shown) :])
            else:
                self.setPlainText(shown)
            self._shown = shown
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _dress(self) -> None:
        self.setFont(font(self.role))
        self._fit()

    def _lines(self) -> int:
        """How many lines it takes, wrapped ones included.

        The document's own height counts a paragraph as one line until it was laid out, which Qt leaves undone while
        this is hidden: each is laid out by being asked for its place, as far as lines can be shown.
        """
        layout, block, lines = self.document().documentLayout(), self.document().begin(), 0
        while block.isValid() and lines <= self.most_lines:
            layout.blockBoundingRect(block)
            lines += block.lineCount()
            block = block.next()
        return max(1, lines)

    def _fit(self) -> None:
        lines = self._lines()
        shown = min(lines, self.most_lines)
        height = round(shown * QFontMetricsF(self.font()).lineSpacing()) + self._padding + 2
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines > shown else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)
