"""Files dropped on the window: the page in front says whether it takes them, and they go to it; nothing starts by itself.

A page takes files by having `takes_files(paths) -> str`, the words for what would become of them (nothing: it does not
take these), and `take_files(paths)`, called when they are let go.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMainWindow, QWidget

from legate_desktop.outside import links
from legate_desktop.theme.look import colour, font

OUTLINE_PX = 2
INSET_PX = 8
VEIL_ALPHA = 200


class Dropping(QObject):
    """One per window. A link of ours that is dropped is opened, wherever it falls."""

    def __init__(self, window: QMainWindow, current_page: Callable[[], Any], open_link: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._current_page, self._open_link = window, current_page, open_link
        self.zone = DropZone(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and not isinstance(event, QDragMoveEvent):
            return self._on_drop(event)
        if isinstance(event, QDragEnterEvent):
            return self._on_enter(event)
        if event.type() == QEvent.Type.DragLeave:
            self.zone.hide()
        return super().eventFilter(watched, event)

    def _on_enter(self, event: QDragEnterEvent) -> bool:
        words = self._words_for(event.mimeData())
        if words or link_in(event.mimeData()):
            self.zone.show_for(words)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()
        return True

    def _on_drop(self, event: QDropEvent) -> bool:
        self.zone.hide()
        link = link_in(event.mimeData())
        if link:
            self._open_link(link)
        elif self._words_for(event.mimeData()):
            # Copied, never moved: whoever offers the files must not delete them.
            event.setDropAction(Qt.DropAction.CopyAction)
            self._current_page().take_files(files_in(event.mimeData()))
        else:
            event.ignore()
            return True
        event.accept()
        return True

    def _words_for(self, data: QMimeData) -> str:
        takes = getattr(self._current_page(), "takes_files", None)
        paths = files_in(data)
        return takes(paths) if takes is not None and paths else ""


def files_in(data: QMimeData) -> list[Path]:
    """The files and folders of this machine in what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []


def link_in(data: QMimeData) -> str:
    """Our link in what is dragged, or nothing."""
    words = [url.toString() for url in data.urls()] if data.hasUrls() else []
    words += data.text().split() if data.hasText() else []
    return next((word for word in words if links.parse(word) is not None), "")


class DropZone(QWidget):
    """Lies over the window while something is dragged: an outline, and what would become of it."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def show_for(self, words: str) -> None:
        """Show it over the whole window."""
        self._words = words
        self.setAccessibleName(words)
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colour("abyss"))
        veil.setAlpha(VEIL_ALPHA)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colour("amber_text"), OUTLINE_PX, Qt.PenStyle.DashLine))
        box = QRectF(self.rect()).adjusted(INSET_PX, INSET_PX, -INSET_PX, -INSET_PX)
        painter.drawRoundedRect(box, 12, 12)
        painter.setFont(font("title"))
        painter.setPen(colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
