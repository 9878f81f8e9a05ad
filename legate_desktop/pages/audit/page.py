"""The Audit page: the table, the filters, the state of the chain, the chosen entry; builds and binds and has no opinion."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.cells import CellTable
from legate_desktop.pages.audit.detail import VERDICT_SIGNS, Detail
from legate_desktop.pages.audit.filters import ColumnFilters
from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.audit.verbs import VERBS
from legate_desktop.pages.audit.view import column_names
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import moment, number, plural, tr

TYPING_MS = 250
FACES = (
    ("mono", "text3"),
    ("mono", "text3"),
    ("small", "text2"),
    ("mono", "text"),
    ("mono", "text2"),
    ("mono", "text3"),
)
WIDTHS = (86, 128, 116, 146, 0, 122)
LEAVE = {5: 0, 4: 1, 2: 2, 1: 3}


class AuditPage(Page):
    """The page of an `AuditState`; what it says goes through the context."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(AuditState)
        self.practice = context.practice
        self.verbs = Verbs(self, VERBS)
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._build()
        self._bind()
        self._show_rows()
        self._show_selection()
        context.when_open(self.state.open)

    # What the verbs do.

    def take_focus(self) -> None:
        self.stack.take_focus()

    def foot(self) -> QWidget:
        return self.links

    def place(self) -> str:
        return str(self.state.selected_seq or "")

    def show_place(self, object_id: str) -> None:
        if object_id.isdecimal():
            self.state.go_to(int(object_id))

    def focus_filter(self) -> None:
        """Put the cursor into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def toggle_columns(self) -> None:
        """Show or hide the filters by column; hidden ones say nothing."""
        is_shown = self.columns.isHidden()
        self.columns.setVisible(is_shown)
        if is_shown:
            self.columns.fields["what"].setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.columns.clear()
            self.take_focus()

    def ask_export(self) -> None:
        """Ask where to, then write it there."""
        dialog = QFileDialog(self, tr("Export with proof"), "legate-journal.jsonl", tr("Journals (*.jsonl)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("jsonl")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.state.export(Path(path)))
        dialog.open()

    def open_run(self) -> None:
        """Go to the run that the entry belongs to."""
        if self.state.place is not None:
            self.context.go("runs", self.state.place.row.run_id)

    def open_approval(self) -> None:
        """Go to the approval that the entry belongs to."""
        if self.state.place is not None:
            self.context.go("approvals", self.state.place.row.approval_id)

    def copy_hash(self) -> None:
        """Put the hash of the chosen entry on the clipboard."""
        if self.state.place is not None:
            QGuiApplication.clipboard().setText(self.state.place.row.hash)

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Audit"))
        self.search = FilterField(tr("Anything an entry says"))
        self.head.row.addWidget(self.search, 10)
        self.columns = ColumnFilters()
        self.columns.hide()
        # The model outlives the page, which is built anew in another language.
        self.state.model.rename(column_names())
        self.table = CellTable(FACES, WIDTHS, LEAVE, tr("Entries of the journal"))
        self.table.setModel(self.state.model)
        self.empty = EmptyState("scroll-text", "", "")
        self.stack = ListStack(self.table)
        self.stack.addWidget(self.empty)
        left = QWidget()
        left.setMinimumWidth(tokens.LIST_MIN_PX)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._build_chain())
        column.addWidget(_indented(self.columns))
        column.addWidget(self.stack, 1)
        self.detail = Detail()
        right = QWidget()
        right.setMinimumWidth(tokens.DETAIL_MIN_PX)
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(self.detail, 1)
        side.addWidget(self._build_links())
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

    def _build_chain(self) -> QWidget:
        """What is known of the chain, and what can be done about it."""
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.words, 1)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        self.buttons: dict[str, Button] = {}
        for verb_id in ("verify", "stop", "export", "columns", "newest"):
            flow.addWidget(self._button(verb_id))
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(20, 0, 20, 10)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(buttons)
        return box

    def _build_links(self) -> QWidget:
        self.links = QWidget()
        self.links.setObjectName("answers")
        self.links.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        room = QVBoxLayout(self.links)
        room.setContentsMargins(20, 8, 20, 8)
        room.addWidget(buttons)
        for verb_id in ("open_run", "open_approval"):
            flow.addWidget(self._button(verb_id))
        return self.links

    def _button(self, verb_id: str) -> Button:
        verb = self.verbs.verb(verb_id)
        button = Button(verb.name, kind=verb.kind)
        button.follow(self.verbs[verb_id])
        self.buttons[verb_id] = button
        return button

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.selection_changed.connect(self._show_selection)
        state.verifying_changed.connect(self._show_chain)
        state.exporting_changed.connect(self._show_chain)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.columns.changed.connect(self._typing.start)
        self._typing.timeout.connect(lambda: state.narrow(self.columns.filters(self.search.text())))
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.table.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.detail.wanted.connect(state.go_to)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        right = max(tokens.DETAIL_MIN_PX, min(tokens.DETAIL_MAX_PX, round(self.width() * 0.38)))
        self.splitter.setSizes([self.width() - right, right])

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.state.model.at(current.row())
        if row is not None:
            self.state.select(row.seq)
        elif current.isValid() and self.state.model.is_whole:
            self.state.select(self.state.model.count - current.row())

    def _on_scrolled(self, value: int) -> None:
        self.state.is_at_top = value == 0

    # Showing.

    def _show_rows(self) -> None:
        state = self.state
        if state.problem:
            self.empty.say(tr("The journal cannot be read"), state.problem)
        elif state.is_narrowed:
            self.empty.say(tr("Nothing matches"), tr("No entry fits what is searched for."))
        else:
            self.empty.say(tr("Nothing happened yet"), tr("Everything that ever happens is listed and proved here."))
        is_empty = not state.model.count and not state.is_loading
        self.stack.turn_to(self.empty if is_empty or (state.problem and not state.model.count) else self.table)
        more = "" if state.model.is_whole else "+" if state.model.canFetchMore(QModelIndex()) else ""
        self.head.set_count(f"{number(state.model.count)}{more}" if state.model.count else "")
        self.buttons["newest"].setVisible(state.new_count > 0)
        self.verbs["newest"].setText(plural("%n new", state.new_count))
        self._choose_row()
        self._show_chain()

    def _choose_row(self) -> None:
        choose_row(self.table, self.state.position_of(self.state.selected_seq))

    def _show_selection(self) -> None:
        self._choose_row()
        state, now = self.state, self.state.now()
        if state.place is not None:
            self.detail.show_place(state.place, now)
        elif not state.selected_seq and state.report is not None:
            self.detail.show_report(state.report, now)
        elif not state.selected_seq:
            self.detail.show_nothing(tr("Choose an entry to see what it says and where it stands in the chain."))
        self.links.setVisible(state.place is not None)
        self.verbs.settle()

    def _show_chain(self) -> None:
        state = self.state
        report = state.report
        if state.is_verifying:
            self.sign.set_sign(RUN_SIGNS["running"])
            self.words.setText(state.progress)
        elif state.export_words:
            self.sign.set_sign(RUN_SIGNS["running"])
            self.words.setText(tr("Exporting: {words}").format(words=state.export_words))
        elif report is not None:
            self.sign.set_sign(VERDICT_SIGNS.get(report.state, UNKNOWN))
            checked = tr("checked {moment}").format(moment=moment(report.at, state.now()))
            self.words.setText(f"{report.headline} · {checked}")
        else:
            self.sign.set_sign(UNKNOWN)
            self.words.setText(tr("Not verified since Legate was opened."))
        self.verbs.settle()
        is_busy = not state.why_not_stop()
        self.buttons["stop"].setVisible(is_busy)
        self.buttons["verify"].setVisible(not state.is_verifying)


def _indented(widget: QWidget) -> QWidget:
    """A layout that wraps keeps no margin of its own."""
    holder = QWidget()
    room = QVBoxLayout(holder)
    room.setContentsMargins(20, 0, 20, 8)
    room.addWidget(widget)
    return holder
