"""The chosen base: its name and figures, what goes on in it, and three tabs: documents, a question, what is known of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTableView, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.knowledge.about_tab import AboutTab
from legate_desktop.pages.knowledge.ask_tab import AskTab
from legate_desktop.pages.knowledge.asking import AskState
from legate_desktop.pages.knowledge.jobs import Jobs
from legate_desktop.pages.knowledge.rows import DOCUMENT_PX, DocumentDelegate
from legate_desktop.pages.knowledge.state import KnowledgeState
from legate_desktop.pages.knowledge.view import Document, agents_words, base_words, document_sentence
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import OutsideText
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.selection import unheard
from legate_desktop.widgets.tabs import Tabs
from legate_desktop.words import one_line, tr

HEAD_BUTTONS = ("add_files", "add_folder")
DOCUMENT_BUTTONS = ("open", "retry", "cancel", "remove")


class BasePane(QWidget):
    """Builds and shows; the page binds what it says."""

    def __init__(
        self, state: KnowledgeState, asking: AskState, do_job: Callable[[str, str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self.tab = "documents"
        self.jobs = Jobs(do_job)
        self.ask = AskTab(asking)
        self.about = AboutTab(state.now)
        self._build()

    def give_verbs(self, verbs: Verbs) -> None:
        """The controls of the page's verbs that stand here."""
        for buttons, flow in ((HEAD_BUTTONS, self._head), (DOCUMENT_BUTTONS, self._flow)):
            for verb_id in buttons:
                verb = verbs.verb(verb_id)
                button = Button(verb.name, kind=verb.kind)
                button.follow(verbs[verb_id])
                flow.addWidget(button)
        self.empty.action.follow(verbs["add_files"])
        self.about.give_verbs(verbs)

    def turn_to(self, tab: str) -> None:
        """Show a tab."""
        self.tab = tab
        self.tabs.choose(tab)
        self.filter.setVisible(tab == "documents")
        self.pages.setCurrentWidget({"documents": self.documents, "ask": self.ask, "about": self.about}[tab])

    def take_focus(self) -> None:
        """To where the tab begins."""
        if self.tab == "documents":
            self.stack.take_focus()
        elif self.tab == "ask":
            self.ask.take_focus()
        else:
            self.about.take_focus()

    def chosen(self) -> list[Document]:
        """The documents that are chosen, in the order of the list."""
        rows = sorted(index.row() for index in self.list.selectionModel().selectedRows())
        return [row for at in rows if (row := self.model.at(at)) is not None]

    # Building.

    def _build(self) -> None:
        self.name = OutsideText("", "title", ink="text", most_lines=1, name=tr("Knowledge base"))
        self.facts = OutsideText("", "small", ink="text3", most_lines=2, name=tr("What is in it"))
        controls = QWidget()
        self._head = FlowLayout(controls)
        head = QVBoxLayout()
        head.setContentsMargins(20, 18, 16, 4)
        head.setSpacing(2)
        for widget in (self.name, self.facts, controls, self.jobs):
            head.addWidget(widget)
        self.tabs = Tabs(
            (("documents", tr("Documents")), ("ask", tr("Ask")), ("about", tr("Details"))), tr("Parts of the base")
        )
        self.filter = FilterField(tr("By name, kind, folder or reason"))
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 16, 0)
        bar.addWidget(self.tabs, 1)
        bar.addWidget(self.filter)
        self.pages = QStackedWidget()
        self.documents = self._documents()
        for page in (self.documents, self.ask, self.about):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(bar)
        column.addWidget(self.pages, 1)

    def _documents(self) -> QWidget:
        self.model: LiveModel[Document] = LiveModel(lambda row: document_sentence(row, self.state.now()))
        self.list = RowList(DocumentDelegate(self.state.now), tr("Documents"))
        self.list.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.list.setModel(self.model)
        self.skeleton = Skeleton(DOCUMENT_PX)
        self.empty = EmptyState("file-text", "", "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        controls = QWidget()
        self._flow = FlowLayout(controls)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        inset = QVBoxLayout()
        inset.setContentsMargins(16, 4, 16, 8)
        inset.addWidget(controls)
        column.addLayout(inset)
        self.controls = controls
        return page

    # Showing.

    def show_base(self) -> None:
        """The figures of the chosen base."""
        base = self.state.selected
        if base is not None:
            self.name.set_text(one_line(base.name))
            self.facts.set_text(f"{base_words(base)} · {agents_words(base)}")
        self.about.show_base(base, self.state.index_progress)

    def show_jobs(self) -> None:
        """What goes on in it."""
        self.jobs.show_jobs(self.state.jobs())
        self.about.show_base(self.state.selected, self.state.index_progress)

    def show_documents(self) -> None:
        """Its documents, or why there are none."""
        state = self.state
        was_empty = not self.model.rows
        with unheard(self.list):
            self.model.set_rows(state.documents)
            if was_empty and state.documents:
                self.list.selectRow(0)
        if state.is_reading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.documents else self.empty)
        if state.filter_text:
            self.empty.say(tr("Nothing matches"), tr("No document holds all of these words."))
        else:
            self.empty.say(
                tr("Nothing in it yet"),
                tr("Drop files or a folder here: PDF, DOCX, HTML, Markdown, TXT, CSV, EML and MBOX are read."),
            )
        self.empty.action.setVisible(not state.filter_text)
        self.controls.setVisible(bool(state.documents))

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.turn_to("documents")
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()
