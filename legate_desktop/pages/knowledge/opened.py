"""An open document: some of its passages with the text they make up, the chosen one, and its page as a picture. No widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.core_words import tr_core
from legate_desktop.pages.knowledge import requests
from legate_desktop.pages.knowledge.view import Document, Passage, Sheet, Spans, sheet_of
from legate_desktop.words import tr

PASSAGES = 60
"""So many at once: what a person reads at a stretch, and no more than the window lays out in a frame or two."""


class OpenedState(QObject):
    """`shown` comes with other passages, `chosen` with another passage, `drawn` with another picture."""

    shown = Signal()
    chosen = Signal()
    drawn = Signal()
    closed = Signal()

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self._asked = self._drawing = 0
        self.document: Document | None = None
        self.document_id = ""
        self.base_id = ""
        self.is_loading = False
        self.problem = ""
        self.first = 0
        self.has_more = False
        self.passages: list[Passage] = []
        self.sheet = Sheet("", {})
        self.position = -1
        self.marks: Spans = ()
        self.marked = -1
        self.picture: Any = None
        self.picture_problem = ""
        self.page = 0
        self.is_drawing = False

    # Reading.

    @property
    def selected(self) -> Passage | None:
        """The chosen passage."""
        return next((row for row in self.passages if row.position == self.position), None)

    @property
    def has_pages(self) -> bool:
        """Whether its pages can be seen as pictures."""
        return self.document is not None and self.document.kind == "pdf"

    def place(self) -> str:
        """What is open, for going back to it."""
        return f"{self.document_id}#{max(0, self.position)}" if self.document_id else ""

    # Doing.

    def show(self, document_id: str, position: int = 0, marks: Spans = ()) -> None:
        """Open a document at a passage, with the words asked for marked in it."""
        self.marks, self.marked = marks, position if marks else -1
        loaded = {row.position for row in self.passages}
        if document_id == self.document_id and position in loaded:
            self.shown.emit()
            self.choose(position)
            return
        self._load(document_id, position // PASSAGES * PASSAGES, position)

    def show_cited(self, citation: str) -> None:
        """Open the passage behind a mark, such as doc_…#3."""

        def then(passage: Any) -> None:
            self.show(passage.document_id, passage.position)

        self._bridge.ask(requests.cited_query(citation), then, self._failed)

    def choose(self, position: int) -> None:
        """Choose a passage of those that are shown."""
        if position != self.position and any(row.position == position for row in self.passages):
            self.position = position
            # The picture stays until the next one is drawn, so that the page does not blink from passage to passage.
            self._drawing += 1
            self.page, self.is_drawing, self.picture_problem = 0, False, ""
        self.chosen.emit()

    def move(self, by: int) -> None:
        """The next passage, or the one before, loading more where there are more."""
        there = self.position + by
        if self.document is None:
            return
        if any(row.position == there for row in self.passages):
            self.choose(there)
        elif 0 <= there < self.document.chunks:
            self._load(self.document_id, there // PASSAGES * PASSAGES, there)

    def turn(self, by: int) -> None:
        """The passages after those that are shown, or before."""
        if self.document is not None:
            first = self.first + by * PASSAGES
            if 0 <= first < max(1, self.document.chunks):
                self._load(self.document_id, first, first)

    def draw(self, width: int, page: int = 0) -> None:
        """Ask for the page of the chosen passage as a picture, or for another page."""
        passage = self.selected
        wanted = page or self.page or (passage.page if passage is not None else 0)
        if self.document is None or not self.has_pages or wanted < 1:
            return
        if self.page == wanted and (self.picture is not None or self.is_drawing or self.picture_problem):
            return
        self._drawing += 1
        drawing = self._drawing
        is_its_page = passage is not None and passage.page == wanted
        position = passage.position if passage is not None and is_its_page else -1
        self.page, self.is_drawing, self.picture_problem = wanted, True, ""
        self.drawn.emit()

        def then(picture: Any) -> None:
            if drawing == self._drawing:
                self.picture, self.is_drawing = picture, False
                self.drawn.emit()

        def failed(message: str, _is_away: bool) -> None:
            if drawing == self._drawing:
                self.picture, self.is_drawing, self.picture_problem = None, False, message
                self.drawn.emit()

        self._bridge.ask(requests.page_query(self.document_id, wanted, width, position), then, failed)

    def refresh(self, row: Document | None) -> None:
        """The list says what became of the open document: read anew it has other passages, removed it has none."""
        if self.document is None:
            return
        if row is None:
            self.close()
        elif row.revision != self.document.revision and row.state == "ready":
            self._load(row.id, self.first, max(0, self.position))

    def close(self) -> None:
        """Nothing is open any more."""
        self._asked += 1
        self._empty("")
        self.closed.emit()

    # What comes back.

    def _load(self, document_id: str, first: int, position: int) -> None:
        self._asked += 1
        asked = self._asked
        if document_id != self.document_id:
            self._empty(document_id)
        self.is_loading, self.problem = True, ""
        self.shown.emit()

        def then(view: Any) -> None:
            if asked == self._asked:
                self._take(view, first, position)

        def failed(message: str, _is_away: bool) -> None:
            if asked == self._asked:
                self._failed(message, _is_away)

        self._bridge.ask(requests.document_query(document_id, first), then, failed)

    def _empty(self, document_id: str) -> None:
        """Nothing of this document is here yet."""
        self.document, self.document_id = None, document_id
        self.passages, self.sheet, self.position, self.has_more = [], Sheet("", {}), -1, False
        self._forget_picture()

    def _take(self, view: Any, first: int, position: int) -> None:
        self.document, self.base_id = requests.document(view.row), view.row.base_id
        self.is_loading, self.first = False, first
        self.has_more = view.has_more or len(view.passages) > PASSAGES
        self.passages = [requests.passage(given) for given in view.passages[:PASSAGES]]
        self.sheet = sheet_of(self.passages)
        known = {row.position for row in self.passages}
        self.position = position if position in known else min(known, default=-1)
        self.problem = "" if self.passages else self._why_empty()
        self._forget_picture()
        self.shown.emit()
        self.chosen.emit()

    def _why_empty(self) -> str:
        document = self.document
        if document is None or not document.is_unread:
            return (tr_core(document.reason) if document is not None else "") or tr("It holds no passage.")
        return tr("It is not read yet.")

    def _forget_picture(self) -> None:
        self._drawing += 1
        self.picture, self.picture_problem, self.page, self.is_drawing = None, "", 0, False
        self.drawn.emit()

    def _failed(self, message: str, _is_away: bool) -> None:
        self.is_loading, self.problem = False, message
        self.shown.emit()
