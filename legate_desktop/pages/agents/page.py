"""The Agents page: the list, and the builder of the agent that was opened; builds and binds and has no opinion."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice
from legate_desktop.pages.agents.builder import Builder
from legate_desktop.pages.agents.dialogs import NameDialog, RunDialog
from legate_desktop.pages.agents.rows import AGENT_PX, AgentDelegate
from legate_desktop.pages.agents.state import AgentsState
from legate_desktop.pages.agents.verbs import VERBS
from legate_desktop.pages.agents.view import AgentRow, agent_sentence
from legate_desktop.pages.runs import saving
from legate_desktop.shell.context import PageContext
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.words import number, tr

BUTTONS = ("new", "open", "run", "duplicate", "export", "import", "restore", "delete")
FILE_MOST = 500_000


class AgentsPage(Page):
    """The page of an `AgentsState`."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(AgentsState)
        self.setAcceptDrops(True)
        self.builder = Builder(context)
        self._build()
        self.verbs = Verbs(self, VERBS)
        self._give_verbs()
        self._bind()
        self._show_rows()

    @property
    def is_building(self) -> bool:
        """Whether an agent is open in the builder."""
        return self.pages.currentWidget() is self.builder

    @property
    def chosen(self) -> AgentRow | None:
        """The agent that verbs are about: the open one, or the one under the cursor."""
        return self.state.find(self.builder.state.agent_id) if self.is_building else self.state.selected

    # What the verbs do.

    def take_focus(self) -> None:
        if self.is_building:
            self.builder.take_focus()
        else:
            self.stack.take_focus()

    def foot(self) -> QWidget:
        return self.builder.pane.bottom

    def place(self) -> str:
        return self.builder.state.agent_id if self.is_building else ""

    def show_place(self, object_id: str) -> None:
        self.open_builder(object_id)

    def open_chosen(self) -> None:
        """Open the agent under the cursor."""
        if self.state.selected is not None and not self.state.why_not_use(self.state.selected):
            self.context.go("agents", self.state.selected.id)

    def open_builder(self, agent_id: str) -> None:
        """Show an agent in the builder."""
        self.state.select(agent_id)
        self.builder.show_agent(agent_id)
        self.pages.setCurrentWidget(self.builder)
        self.builder.take_focus()
        self.verbs.settle()

    def close_builder(self) -> None:
        """Back to the list; what was typed is kept first."""
        self.builder.state.save()
        self.pages.setCurrentWidget(self.list_view)
        self.stack.take_focus()
        self.verbs.settle()

    def move_by(self, by: int) -> None:
        """The next agent of the list."""
        if not self.is_building:
            self.state.move(by)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        if self.is_building:
            self.close_builder()
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def ask_new(self) -> None:
        """Ask for a name, then make an agent."""
        dialog = NameDialog(self)
        dialog.sent.connect(lambda: self.state.create(dialog.name.text().strip()))
        dialog.open()

    def ask_run(self) -> None:
        """Ask for the task, then run."""
        row = self.chosen
        if row is not None:
            dialog = RunDialog(row.name, row.version, self)
            dialog.sent.connect(lambda: self.state.run(row, dialog.text))
            dialog.open()

    def duplicate(self) -> None:
        """A copy under another name."""
        if (row := self.chosen) is not None:
            self.builder.state.save()
            self.state.duplicate(row)

    def export(self) -> None:
        """The agent as a file."""
        row = self.chosen
        if row is not None:
            self.builder.state.when_saved(lambda: self.state.export(row))

    def ask_import(self) -> None:
        """Choose a file, then make an agent of it."""
        dialog = QFileDialog(self, tr("Import an agent"), "", "JSON (*.json)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_path)
        dialog.open()

    def import_path(self, path: str) -> None:
        """Make an agent from the file there."""
        try:
            if Path(path).stat().st_size > FILE_MOST:
                text = tr("This file is larger than {n} bytes, so it is no agent. Choose another.")
                self.context.say(Notice(text.format(n=number(FILE_MOST)), is_error=True))
                return
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = tr("{path} cannot be read ({why}). Choose another file.")
            self.context.say(Notice(said.format(path=path, why=error), is_error=True))
            return
        self.state.import_file(text)

    def delete(self) -> None:
        """Take the agent out of use; that can be undone."""
        if (row := self.chosen) is not None:
            if self.is_building:
                self.close_builder()
            self.state.delete(row)

    def restore(self) -> None:
        """Bring a deleted agent back."""
        if (row := self.chosen) is not None:
            self.state.restore(row)

    def toggle_deleted(self) -> None:
        """The deleted ones, or the others again."""
        self.state.show_deleted(shows=not self.state.shows_deleted)

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Agents"))
        self.filter = FilterField(tr("By name, purpose, model or tool"))
        self.head.row.addWidget(self.filter, 10)
        self.model: LiveModel[AgentRow] = LiveModel(lambda row: agent_sentence(row, self.state.now()))
        self.list = RowList(AgentDelegate(self.state.now, lambda: self.state.effects), tr("Agents"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(AGENT_PX, engine=self.context)
        self.empty = EmptyState("bot", tr("No agent yet"), "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        bar = QWidget()
        self._flow = FlowLayout(bar)
        self.list_view = QWidget()
        column = QVBoxLayout(self.list_view)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        inset = QVBoxLayout()
        inset.setContentsMargins(16, 0, 16, 8)
        inset.addWidget(bar)
        column.addLayout(inset)
        column.addWidget(self.stack, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.list_view)
        self.pages.addWidget(self.builder)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)

    def _give_verbs(self) -> None:
        self.buttons: dict[str, Button] = {}
        for verb_id in BUTTONS:
            verb = self.verbs.verb(verb_id)
            button = Button(verb.name, kind=verb.kind)
            button.follow(self.verbs[verb_id])
            self.buttons[verb_id] = button
            self._flow.addWidget(button)
        self.deleted = Button("", kind="quiet")
        self.deleted.fired.connect(self.toggle_deleted)
        self._flow.addWidget(self.deleted)
        self.empty.action.follow(self.verbs["new"])
        self.builder.give_verbs(self.verbs)

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.selection_changed.connect(self._show_selection)
        state.opened.connect(lambda agent_id: self.context.go("agents", agent_id))
        state.run_begun.connect(lambda run_id: self.context.go("runs", run_id))
        state.exported.connect(self._save)
        self.filter.textChanged.connect(state.set_filter)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.list.activated.connect(lambda _index: self.open_chosen())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in _paths(event):
            self.import_path(path)
        event.acceptProposedAction()

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None:
            self.state.select(row.id)

    # Showing.

    def _show_rows(self) -> None:
        state = self.state
        with unheard(self.list):
            self.model.set_rows(state.rows)
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.rows else self.empty)
        self.empty.say(*_empty_words(state))
        self.empty.action.setVisible(not state.filter_text and not state.shows_deleted)
        self.head.set_count(number(state.count) if state.count else "")
        words = tr("Show all that are in use") if state.shows_deleted else tr("Show the deleted")
        self.deleted.setText(words)
        self.deleted.setAccessibleName(words)
        self.deleted.updateGeometry()
        self.buttons["restore"].setVisible(state.shows_deleted)
        self.buttons["delete"].setVisible(not state.shows_deleted)
        self._show_selection()

    def _show_selection(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id))
        self.verbs.settle()

    def _save(self, name: str, text: str) -> None:
        saving.ask_where(self, name, lambda path: self._write(path, text))

    def _write(self, path: str, text: str) -> None:
        problem = saving.write(path, text)
        said = problem or tr("Saved as {path}").format(path=path)
        self.context.say(Notice(said, is_error=bool(problem)))


def _paths(event: QDropEvent) -> list[str]:
    urls = event.mimeData().urls()
    return [url.toLocalFile() for url in urls if url.isLocalFile() and url.toLocalFile().endswith(".json")]


def _empty_words(state: AgentsState) -> tuple[str, str]:
    if state.filter_text:
        return tr("Nothing matches"), tr("No agent holds all of these words.")
    if state.shows_deleted:
        return tr("Nothing was deleted"), tr("Agents that are deleted stand here and can be restored.")
    return tr("No agent yet"), tr(
        "An agent has a purpose, instructions, tools and limits. Make one, or drop a file here."
    )
