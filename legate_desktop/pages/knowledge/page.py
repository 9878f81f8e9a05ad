"""The Knowledge page: bases at the left, the chosen one beside them, an open document over both; builds and binds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice
from legate_desktop.pages.knowledge.asking import AskState
from legate_desktop.pages.knowledge.base_pane import BasePane
from legate_desktop.pages.knowledge.dialogs import NameDialog, ReasonsDialog, ReindexDialog, RemoveBaseDialog
from legate_desktop.pages.knowledge.document_view import DocumentView
from legate_desktop.pages.knowledge.dropping import Intake, words_for
from legate_desktop.pages.knowledge.opened import OpenedState
from legate_desktop.pages.knowledge.rows import BASE_PX, BaseDelegate
from legate_desktop.pages.knowledge.state import KnowledgeState
from legate_desktop.pages.knowledge.verbs import VERBS
from legate_desktop.pages.knowledge.view import Base, Document, Hit, base_sentence
from legate_desktop.shell.context import PageContext
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.words import counted, tr

BASES_PX = 230
NEW_SIDES_PX = 28
FAILED_FILTER = "failed"


class KnowledgePage(Page):
    """The page of a `KnowledgeState`; what was asked and what is open have states of their own."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(KnowledgeState)
        self.asking = context.state(AskState)
        self.opened = context.state(OpenedState)
        self.intake = Intake(context, self, self._on_taken)
        self._hit: Hit | None = None
        self._build()
        self.verbs = Verbs(self, VERBS)
        self._give_verbs()
        self._bind()
        self._show_bases()
        self._on_selection()
        self._on_documents()

    @property
    def is_open(self) -> bool:
        """Whether a document is open."""
        return self.pages.currentWidget() is self.document

    # What the window asks.

    def take_focus(self) -> None:
        if self.is_open:
            self.document.take_focus()
        elif self.pane.tab == "ask" and self.asking.hits:
            self.pane.ask.stack.take_focus()
        elif self.state.selected is not None and (self.pane.tab == "ask" or self.state.documents):
            self.pane.take_focus()
        else:
            self.stack.take_focus()

    def foot(self) -> QWidget:
        return self.pane.controls

    def place(self) -> str:
        return self.opened.place() if self.is_open else self.state.selected_id

    def show_place(self, object_id: str) -> None:
        """A base, a document, or a passage by its citation."""
        document_id, mark, position = object_id.strip("[]").partition("#")
        if self._hit is not None and self._hit.id == object_id:
            self.opened.show(self._hit.document_id, self._hit.position, self._hit.marks)
        elif document_id.startswith("kb_"):
            self.state.select(document_id)
            self._turn_back()
        elif mark and not document_id.startswith("doc_"):
            self.opened.show_cited(object_id)
        else:
            self.opened.show(document_id, int(position) if position.isdecimal() else 0)

    def takes_files(self, paths: Sequence[Path]) -> str:
        """What would become of files dropped here."""
        base = self.state.selected
        return words_for(self.context, paths, base.name if base is not None else "")

    def take_files(self, paths: Sequence[Path]) -> None:
        """They go to the chosen base; of a folder it is asked into which, and whether it is followed."""
        self.intake.take(paths, self.state.selected_id, asks=False)

    # What the verbs do.

    def chosen_documents(self) -> list[Document]:
        """The documents that verbs are about."""
        if self.is_open:
            row = self.state.document(self.opened.document_id)
            return [row] if row is not None else []
        return self.pane.chosen() if self.pane.tab == "documents" else []

    def may_open(self) -> bool:
        """Whether there is something to open."""
        is_hit = self.pane.tab == "ask" and self.asking.selected is not None
        return not self.is_open and (is_hit or bool(self.chosen_documents()))

    def open_chosen(self) -> None:
        """The chosen document, or the chosen hit where it stands."""
        if self.pane.tab == "ask":
            self.pane.ask.open_chosen()
        elif rows := self.chosen_documents():
            self.context.go("knowledge", rows[0].id)

    def close_document(self) -> None:
        """Back to the base."""
        self._turn_back()
        self.take_focus()

    def move_by(self, by: int) -> None:
        """The next row of the list that has the keys, or that a person would mean."""
        if self.is_open:
            self.opened.move(by)
        elif self.list.hasFocus() or self.pane.tab == "about":
            self.state.move(by)
        elif self.pane.tab == "ask":
            self.asking.move(by)
        else:
            at = max(0, min(len(self.pane.model.rows) - 1, self.pane.list.currentIndex().row() + by))
            self.pane.list.selectRow(at)

    def turn_to(self, tab: str) -> None:
        """A tab of the base, and the keys go there."""
        if self.is_open:
            self._turn_back()
        self.pane.turn_to(tab)
        self.pane.take_focus()
        self.verbs.settle()

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self._turn_back()
        self.pane.focus_filter()

    def choose_files(self) -> None:
        """Choose files, then add them."""
        dialog = QFileDialog(self, tr("Add files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.take_files([Path(name) for name in names]))
        dialog.open()

    def choose_folder(self) -> None:
        """Choose a folder, then ask whether it is followed."""
        dialog = QFileDialog(self, tr("Add a folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.take_files([Path(name)]))
        dialog.open()

    def ask_new(self) -> None:
        """Ask for a name, then make a base."""
        dialog = NameDialog(tr("New knowledge base"), tr("Make it"), self.state.why_not_name, parent=self)
        dialog.sent.connect(lambda: self.state.create(dialog.text))
        dialog.open()

    def ask_rename(self) -> None:
        """Ask for another name."""
        base = self.state.selected
        if base is not None:
            dialog = NameDialog(
                tr("Rename"), tr("Rename"), lambda name: self.state.why_not_name(name, base.id), base.name, self
            )
            dialog.sent.connect(lambda: self.state.rename(base, dialog.text))
            dialog.open()

    def ask_reindex(self) -> None:
        """Ask with which model, then build a second index."""
        base = self.state.selected
        if base is not None:
            dialog = ReindexDialog(base, self)
            dialog.sent.connect(lambda: self.state.reindex(base, dialog.embedder))
            dialog.open()

    def ask_remove_base(self) -> None:
        """Show who loses it, then take it out."""
        base = self.state.selected
        if base is not None:
            dialog = RemoveBaseDialog(base, self)
            dialog.sent.connect(lambda: self._remove_base(base))
            dialog.open()

    def retry(self) -> None:
        """Read the chosen documents again."""
        self.state.retry([row.id for row in self.chosen_documents() if not row.is_unread])

    def cancel(self) -> None:
        """Read the chosen documents no further."""
        self.state.cancel([row.id for row in self.chosen_documents() if row.is_unread])

    def remove(self) -> None:
        """Take the chosen documents out; that can be undone."""
        rows = self.chosen_documents()
        if self.is_open:
            self.close_document()
        self.state.remove(rows)

    def chosen_citation(self) -> str:
        """The mark of the passage in front."""
        if self.is_open:
            return self.opened.selected.citation if self.opened.selected is not None else ""
        hit = self.asking.selected if self.pane.tab == "ask" else None
        return hit.id if hit is not None else ""

    def copy_citation(self) -> None:
        """The mark of the passage in front, for an answer."""
        QGuiApplication.clipboard().setText(self.chosen_citation())
        self.context.say(Notice(tr("Copied: {citation}").format(citation=self.chosen_citation())))

    def why_not_original(self) -> str:
        """Why the file itself cannot be opened; nothing if it can."""
        rows = self.chosen_documents()
        if not rows:
            return tr("Choose a document")
        if not rows[0].origin or self.state.is_far():
            return tr("The file is not on this computer")
        return ""

    def open_original(self) -> None:
        """The file itself, in the program that the system has for it."""
        rows = self.chosen_documents()
        if rows and not QDesktopServices.openUrl(QUrl.fromLocalFile(rows[0].origin)):
            said = tr("{path} cannot be opened. It may have been moved.").format(path=rows[0].origin)
            self.context.say(Notice(said, is_error=True))

    def do_job(self, verb: str, job_id: str) -> None:
        """What a line above the documents offers."""
        imports = self.state.imports
        if verb == "show":
            ReasonsDialog(imports.refused(job_id), QGuiApplication.clipboard().setText, self).open()
        elif verb == "failed":
            self.pane.turn_to("documents")
            self.pane.filter.setText(FAILED_FILTER)
        else:
            {
                "cancel": lambda: imports.cancel(job_id),
                "dismiss": lambda: imports.dismiss(job_id),
                "cancel_all": self.state.cancel,
                "retry_all": self.state.retry,
            }[verb]()

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Knowledge"))
        self.model: LiveModel[Base] = LiveModel(lambda base: base_sentence(base, self.state.now()))
        self.list = RowList(BaseDelegate(self.state.now), tr("Knowledge bases"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(BASE_PX, engine=self.context)
        self.empty = EmptyState("book-open", "", "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        self.left = QWidget()
        self.left.setMinimumWidth(BASES_PX)
        column = QVBoxLayout(self.left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        self._new = QVBoxLayout()
        self._new.setContentsMargins(NEW_SIDES_PX - 12, 0, 12, 8)
        column.addLayout(self._new)
        column.addWidget(self.stack, 1)
        self.pane = BasePane(self.state, self.asking, self.do_job)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.left)
        self.splitter.addWidget(self.pane)
        self.document = DocumentView(self.opened)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.splitter)
        self.pages.addWidget(self.document)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)

    def _give_verbs(self) -> None:
        verb = self.verbs.verb("new")
        self.new = Button(verb.name, kind=verb.kind)
        self.new.follow(self.verbs["new"])
        self._new.addWidget(self.new, 0, Qt.AlignmentFlag.AlignLeft)
        self.empty.action.follow(self.verbs["new"])
        self.pane.give_verbs(self.verbs)
        self.document.give_verbs(self.verbs)

    def _bind(self) -> None:
        state, pane = self.state, self.pane
        state.bases_changed.connect(self._show_bases)
        state.selection_changed.connect(self._on_selection)
        state.documents_changed.connect(self._on_documents)
        state.jobs_changed.connect(pane.show_jobs)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.list.activated.connect(lambda _index: self.pane.take_focus())
        pane.list.selectionModel().selectionChanged.connect(lambda *_changes: self.verbs.settle())
        pane.list.activated.connect(lambda _index: self.open_chosen())
        pane.filter.textChanged.connect(state.set_filter)
        pane.tabs.chosen.connect(self._on_tab)
        pane.ask.wanted.connect(self._on_hit)
        pane.ask.left.connect(self._on_left_question)
        pane.about.unfollowed.connect(self._on_unfollowed)
        pane.about.agent_wanted.connect(lambda agent_id: self.context.go("agents", agent_id))
        self.asking.selection_changed.connect(self.verbs.settle)
        self.opened.shown.connect(self._on_opened)
        self.opened.closed.connect(self._turn_back)
        self.document.turned.connect(self.verbs.settle)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # With large text the one button above the list may need more than the list.
        least = max(BASES_PX, self.new.sizeHint().width() + NEW_SIDES_PX)
        self.left.setMinimumWidth(least)
        left = max(least, min(360, round(self.width() * 0.27)))
        self.splitter.setSizes([left, self.width() - left])

    # What happens.

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        base = self.model.at(current.row())
        if base is not None:
            self.state.select(base.id)

    def _on_selection(self) -> None:
        self.asking.turn_to(self.state.selected_id)
        if self.opened.base_id != self.state.selected_id:
            self._turn_back()
        self._show_base()
        self._show_chosen()

    def _on_documents(self) -> None:
        self.pane.show_documents()
        if self.is_open and self.opened.base_id == self.state.selected_id and not self.state.is_reading:
            self.opened.refresh(self.state.document(self.opened.document_id))
        self.verbs.settle()

    def _on_tab(self, tab: str) -> None:
        self.pane.turn_to(tab)
        self.verbs.settle()

    def _on_left_question(self) -> None:
        """Esc in the question: the keys go to the hits, or to the bases."""
        (self.pane.ask.stack if self.asking.hits else self.stack).take_focus()

    def _on_hit(self, hit: Hit) -> None:
        """Open a hit where it stands: on its page, where it has one."""
        self._hit = hit
        self.document.prefers_page = hit.page > 0
        self.context.go("knowledge", hit.id)
        self._hit = None

    def _on_opened(self) -> None:
        if self.opened.document is not None and self.opened.base_id:
            self.state.select(self.opened.base_id)
        if not self.is_open:
            self.pages.setCurrentWidget(self.document)
            self.document.take_focus()
        self.verbs.settle()

    def _on_unfollowed(self, folder: str) -> None:
        base = self.state.selected
        if base is not None:
            self.state.unwatch(base, folder)

    def _on_taken(self, base_id: str) -> None:
        self.state.select(base_id)
        self.pane.turn_to("documents")

    def _remove_base(self, base: Base) -> None:
        self._turn_back()
        self.state.remove_base(base)

    def _turn_back(self) -> None:
        if self.is_open:
            self.pages.setCurrentWidget(self.splitter)
            self.verbs.settle()

    # Showing.

    def _show_bases(self) -> None:
        state = self.state
        with unheard(self.list):
            self.model.set_rows(state.bases)
        # Before it gets the keys: a list without a cursor would put it on its first row.
        self._show_chosen()
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.bases else self.empty)
        self.empty.say(
            tr("No knowledge base yet"),
            tr("Documents that agents may look things up in and cite live here. Make a base, or drop a folder."),
        )
        self.empty.action.setVisible(not state.is_loading)
        self.new.setVisible(bool(state.bases))
        self.head.set_count(counted(len(state.bases)) if state.bases else "")
        self._show_base()

    def _show_base(self) -> None:
        self.pane.setVisible(self.state.selected is not None)
        self.pane.show_base()
        self.pane.show_jobs()
        self.verbs.settle()

    def _show_chosen(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id), scrolls=False)
