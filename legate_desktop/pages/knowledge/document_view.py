"""An open document beside its passages: the chosen one is marked in the text, and on its page where it has pages."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.knowledge.opened import OpenedState
from legate_desktop.pages.knowledge.rows import PASSAGE_PX, PassageDelegate
from legate_desktop.pages.knowledge.sheet import SheetPicture, SheetText
from legate_desktop.pages.knowledge.view import Passage, document_words, passage_sentence
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.icon_button import IconButton
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.widgets.tabs import Tabs
from legate_desktop.words import number, one_line, tr

LIST_PX = 250


class DocumentView(QWidget):
    """The view of an `OpenedState`."""

    turned = Signal()

    def __init__(self, state: OpenedState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.shows_page = False
        self.prefers_page = False
        self._build()
        state.shown.connect(self._show)
        state.chosen.connect(self._show_passage)
        state.drawn.connect(self._show_picture)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.text.pointed.connect(state.choose)
        self.tabs.chosen.connect(lambda tab: self.turn_to(is_page=tab == "page"))

    def give_verbs(self, verbs: Verbs) -> None:
        """The controls of the page's verbs that stand here."""
        self.back.follow(verbs["back_to_list"])
        for verb_id in ("copy_citation", "open_original"):
            verb = verbs.verb(verb_id)
            button = Button(verb.name, kind="quiet")
            button.follow(verbs[verb_id])
            self._flow.addWidget(button)
        for verb_id, button in (("previous_page", self.page_back), ("next_page", self.page_on)):
            button.follow(verbs[verb_id])

    def take_focus(self) -> None:
        """To the passages."""
        self.stack.take_focus()

    def turn_to(self, *, is_page: bool) -> None:
        """The text, or the page as a picture."""
        self.shows_page = is_page and self.state.has_pages
        self.prefers_page = self.shows_page
        self.tabs.choose("page" if self.shows_page else "text")
        self.sheets.setCurrentWidget(self.paper if self.shows_page else self.text)
        self._draw()
        self._show_picture()
        self.turned.emit()

    def turn_page(self, by: int) -> None:
        """The next page of the document, whatever passage is on it."""
        picture = self.state.picture
        if picture is not None and 1 <= self.state.page + by <= picture.pages:
            self.state.draw(self.picture.wanted_px, self.state.page + by)

    def why_not_turn_page(self, by: int) -> str:
        """Why there is no such page to turn to; nothing if there is."""
        picture = self.state.picture
        if not self.shows_page or picture is None:
            return tr("Turn to the page first")
        return "" if 1 <= self.state.page + by <= picture.pages else tr("There is no further page")

    def _build(self) -> None:
        self.back = IconButton("arrow-left", tr("Back"))
        self.name = OutsideText("", "title", ink="text", most_lines=1, name=tr("Document"))
        self.facts = OutsideText("", "small", ink="text3", most_lines=2, name=tr("What is known of it"))
        head = QHBoxLayout()
        head.setContentsMargins(12, 14, 16, 0)
        head.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.facts)
        head.addLayout(words, 1)
        controls = QWidget()
        self._flow = FlowLayout(controls)
        inset = QVBoxLayout()
        inset.setContentsMargins(36, 0, 16, 4)
        inset.addWidget(controls)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._passages())
        self.splitter.addWidget(self._sheets())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(inset)
        column.addWidget(self.splitter, 1)

    def _passages(self) -> QWidget:
        self.model: LiveModel[Passage] = LiveModel(passage_sentence)
        self.list = RowList(PassageDelegate(lambda: 0), tr("Passages"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(PASSAGE_PX)
        self.empty = EmptyState("file-text", "", "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        self.earlier = Button(tr("Earlier"), kind="quiet")
        self.later = Button(tr("Later"), kind="quiet")
        self.earlier.fired.connect(lambda: self.state.turn(-1))
        self.later.fired.connect(lambda: self.state.turn(1))
        self.shown_of = Label("", "mono", tone="quiet")
        turn = QHBoxLayout()
        turn.setContentsMargins(20, 0, 8, 4)
        turn.addWidget(self.shown_of, 1)
        turn.addWidget(self.earlier)
        turn.addWidget(self.later)
        side = QWidget()
        side.setMinimumWidth(LIST_PX - 40)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addLayout(turn)
        return side

    def _sheets(self) -> QWidget:
        self.text = SheetText()
        self.picture = SheetPicture()
        self.picture_words = OutsideText("", "small", ink="text3", most_lines=3, name=tr("Page"))
        self.page_back = IconButton("chevron-left", tr("Previous page"))
        self.page_on = IconButton("chevron-right", tr("Next page"))
        turn = QHBoxLayout()
        turn.setContentsMargins(16, 4, 16, 4)
        turn.addWidget(self.picture_words, 1)
        turn.addWidget(self.page_back)
        turn.addWidget(self.page_on)
        self.paper = QWidget()
        paper = QVBoxLayout(self.paper)
        paper.setContentsMargins(0, 0, 0, 0)
        paper.setSpacing(0)
        paper.addLayout(turn)
        paper.addWidget(self.picture, 1)
        self.tabs = Tabs((("text", tr("Text")), ("page", tr("Page"))), tr("How it is shown"))
        self.sheets = QStackedWidget()
        self.sheets.addWidget(self.text)
        self.sheets.addWidget(self.paper)
        side = QWidget()
        side.setObjectName("detail")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self.sheets, 1)
        return side

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left = max(LIST_PX - 40, min(360, round(self.width() * 0.3)))
        self.splitter.setSizes([left, self.width() - left])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None:
            self.state.choose(row.position)

    # Showing.

    def _show(self) -> None:
        state = self.state
        document = state.document
        self.name.set_text(one_line(document.name) if document is not None else "")
        self.facts.set_text(document_words(document) if document is not None else "")
        with unheard(self.list):
            self.model.set_rows(state.passages)
        # Before it gets the keys: a list without a cursor would put it on its first row.
        self._show_chosen()
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.empty.say(tr("Nothing to show") if state.problem else "", state.problem)
            self.stack.turn_to(self.list if state.passages else self.empty)
        self._show_turning()
        self.tabs.tabs["page"].setVisible(state.has_pages)
        self.tabs.setVisible(state.has_pages)
        self.text.show_sheet(state.sheet)
        if state.document is not None and self.prefers_page != self.shows_page:
            self.turn_to(is_page=self.prefers_page)
        self._show_passage()

    def _show_turning(self) -> None:
        state = self.state
        total = state.document.chunks if state.document is not None else 0
        last = state.first + len(state.passages)
        self.shown_of.setText(
            tr("{first} to {last} of {total}").format(
                first=number(state.first), last=number(max(0, last - 1)), total=number(total)
            )
            if state.passages
            else ""
        )
        is_long = bool(state.first or state.has_more)
        for button in (self.earlier, self.later):
            button.setVisible(is_long)
        self.shown_of.setVisible(is_long)
        self.earlier.setEnabled(state.first > 0)
        self.later.setEnabled(state.has_more)

    def _show_passage(self) -> None:
        self._show_chosen()
        passage = self.state.selected
        if passage is not None:
            marks = self.state.marks if self.state.marked == passage.position else ()
            self.text.show_passage(passage.position, passage.text, marks)
        self._draw()
        self.turned.emit()

    def _show_chosen(self) -> None:
        passage = self.state.selected
        if passage is not None:
            choose_row(self.list, self.model.position_of(passage.id))

    def _draw(self) -> None:
        """Ask for the picture only where somebody looks at it."""
        if self.shows_page and self.isVisible():
            self.state.draw(self.picture.wanted_px)

    def _show_picture(self) -> None:
        state = self.state
        picture: Any = state.picture
        if picture is not None:
            words = tr("Page {page} of {pages}").format(page=number(picture.page), pages=number(picture.pages))
            marked = tr("the passage is marked") if picture.marks else ""
            self.picture.show_page(picture.png, tuple(picture.marks), ", ".join(filter(None, (words, marked))))
        else:
            words = state.picture_problem or (tr("The page is being drawn") if state.is_drawing else "")
            self.picture.show_page(b"", (), words)
        self.picture_words.set_text(words)
        self.turned.emit()
