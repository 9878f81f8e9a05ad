"""The Runs page: the list with its filters, and beside it the viewer of the chosen run; builds and binds, has no opinion."""

from __future__ import annotations

from PySide6.QtCore import QConcatenateTablesProxyModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.pages.runs import filters
from legate_desktop.pages.runs.rows import RUN_PX, RunDelegate
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.verbs import VERBS
from legate_desktop.pages.runs.viewer import RunViewer
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.theme.look import look
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row
from legate_desktop.words import counted, plural, tr

AGES_EVERY_MS = 1_000
ROWS_AHEAD = 20
"""The next page of the history is asked for when fewer rows than this are left below the eye."""


class RunsPage(Page):
    """The page of a `RunsState`; what it says goes through the context."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(RunsState)
        self.practice = context.practice
        self.is_wide = False
        self._new_count = 0
        self._selected_id = ""
        self._seconds = QTimer(self, interval=AGES_EVERY_MS)
        self.viewer = RunViewer(context)
        self._build()
        self.verbs = Verbs(self, VERBS)
        self.viewer.give_verbs(self.verbs)
        self._bind()
        self._show_filters()
        self._show_rows()
        self._on_selection()

    # What the verbs do.

    def take_focus(self) -> None:
        """The page was opened: the keys go to the list, or to where it will be."""
        if self.is_wide:
            self.viewer.take_focus()
        else:
            self.stack.take_focus()

    def place(self) -> str:
        return self.state.selected_id

    def show_place(self, object_id: str) -> None:
        self.state.select(object_id)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.narrow()
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def move_by(self, by: int) -> None:
        """The next run, or the next step where the log has the keys."""
        if self.is_wide or self.viewer.steps.hasFocus():
            self.viewer.state.move(by)
        else:
            self.state.move(by)

    def widen(self) -> None:
        """The log takes the whole page, and the keys."""
        if self.state.selected_id and not self.is_wide:
            self.is_wide = True
            self.left.hide()
            self.viewer.take_focus()
            self.verbs.settle()

    def narrow(self) -> None:
        """The list comes back."""
        if self.is_wide:
            self.is_wide = False
            self.left.show()
            self.stack.take_focus()
            self.verbs.settle()

    def tear_off(self) -> None:
        """The chosen run in a window of its own."""
        self.context.tear_off("runs", self.state.selected_id)

    def stop_all(self) -> None:
        """Ask once, then end every open run."""
        dialog = Dialog(tr("Stop everything"), tr("Stop everything"), kind="danger", parent=self)
        ends = plural("%n run(s) will end.", self.state.open_count)
        words = Label(f"{ends} {tr('What was done stays done; what waits for you is withdrawn.')}", "body")
        words.setWordWrap(True)
        dialog.body.addWidget(words)
        dialog.setMinimumWidth(420)
        dialog.sent.connect(self.state.stop_all)
        dialog.open()

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Runs"))
        self.filter = FilterField(tr("By name, id or reason"))
        self.head.row.addWidget(self.filter, 10)
        self.by_state = ChoiceButton(tr("State"), filters.state_choices())
        self.by_agent = ChoiceButton(tr("Agent"), [("", tr("Any agent"))])
        self.by_time = ChoiceButton(tr("Time"), filters.time_choices())
        choices = QWidget()
        flow = FlowLayout(choices, spacing=6)
        for button in (self.by_state, self.by_agent, self.by_time):
            flow.addWidget(button)
        self.model = QConcatenateTablesProxyModel()
        self.model.addSourceModel(self.state.head)
        self.model.addSourceModel(self.state.history)
        self.list = RowList(RunDelegate(self.state.now), tr("Runs"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(RUN_PX, engine=self.context)
        self.empty = EmptyState("activity", tr("No run yet"), tr("Each time a deputy works, its log is kept here."))
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        self.new = Button("", kind="secondary", parent=self.stack)
        self.new.hide()
        self.left = QWidget()
        self.left.setMinimumWidth(tokens.LIST_MIN_PX)
        column = QVBoxLayout(self.left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        inset = QVBoxLayout()
        inset.setContentsMargins(20, 0, 12, 8)
        inset.addWidget(choices)
        column.addLayout(inset)
        column.addWidget(self.stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.left)
        self.splitter.addWidget(self.viewer)
        self.viewer.setMinimumWidth(tokens.DETAIL_MIN_PX)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.splitter, 1)

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.selection_changed.connect(self._on_selection)
        state.filters_changed.connect(self._show_filters)
        state.head.rowsAboutToBeInserted.connect(self._on_arriving)
        self.practice.changed.connect(self._show_rows)
        self.empty.action.follow(self.verbs["practice"])
        self.filter.textChanged.connect(state.set_filter)
        self.by_state.chosen.connect(state.set_state)
        self.by_agent.chosen.connect(state.set_agent)
        self.by_time.chosen.connect(state.set_time)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.list.activated.connect(lambda _index: self.widen())
        self.list.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.new.fired.connect(self.list.scrollToTop)
        self._seconds.timeout.connect(self._on_second)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_time()

    def hideEvent(self, event: QHideEvent) -> None:
        self._seconds.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left = max(tokens.LIST_MIN_PX, min(380, round(self.width() * 0.27)))
        self.splitter.setSizes([left, self.width() - left])
        self._place_new()

    # What happens.

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        run = self.state.at(current.row())
        if run is not None:
            self.state.select(run.id)

    def _on_selection(self) -> None:
        self.viewer.state.show(self.state.selected_id)
        self._show_selection()

    def _on_second(self) -> None:
        self.list.viewport().update()

    def _on_arriving(self, _parent: QModelIndex, first: int, last: int) -> None:
        """New rows come on top: whoever has scrolled down stays where they are, and is told how many."""
        bar = self.list.verticalScrollBar()
        above = look.px(RUN_PX) * first
        if self.state.is_loading or bar.value() <= above:
            return
        count, at = last - first + 1, bar.value()
        QTimer.singleShot(0, lambda: self._stay(at, count))

    def _stay(self, at: int, count: int) -> None:
        self._new_count += count
        self.list.verticalScrollBar().setValue(at + count * look.px(RUN_PX))
        self._show_new()

    def _on_scrolled(self, value: int) -> None:
        if value < look.px(RUN_PX):
            self._new_count = 0
        self._show_new()
        left = self.list.verticalScrollBar().maximum() - value
        history = self.state.history
        if left < ROWS_AHEAD * look.px(RUN_PX) and history.canFetchMore(QModelIndex()):
            history.fetchMore(QModelIndex())

    # Showing.

    def _keep_time(self) -> None:
        """A clock runs only while something visible runs."""
        if self.isVisible() and self.state.open_count:
            self._seconds.start()
        else:
            self._seconds.stop()

    def _show_filters(self) -> None:
        chosen = self.state.filters
        self.by_state.choose(chosen.state)
        self.by_agent.set_choices([("", tr("Any agent")), *self.state.agents], chosen.agent_id)
        self.by_time.choose(chosen.time)
        if self.filter.text() != chosen.text:
            self.filter.setText(chosen.text)

    def _show_rows(self) -> None:
        state = self.state
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.row_count else self.empty)
        is_filtered = state.filters.is_anything
        if is_filtered:
            self.empty.say(tr("Nothing matches"), tr("No run fits what is chosen above."))
        else:
            how = "" if self.practice.is_here else tr("Start one in a terminal: legate run AGENT TASK.")
            self.empty.say(tr("No run yet"), f"{tr('Each time a deputy works, its log is kept here.')} {how}".strip())
        self.empty.action.setVisible(self.practice.is_here and not self.practice.is_working and not is_filtered)
        self.head.set_count(tr("{count} open").format(count=counted(state.open_count)) if state.open_count else "")
        self._show_selection()
        self._keep_time()

    def _show_selection(self) -> None:
        is_new = self.state.selected_id != self._selected_id
        at = self.state.position_of(self.state.selected_id)
        if at < 0:
            # Its cursor stays: a list without one would choose its first row as soon as it gets the keys.
            self.list.clearSelection()
        else:
            choose_row(self.list, at, scrolls=is_new)
        self._selected_id = self.state.selected_id
        self.list.viewport().update()
        self.verbs.settle()

    def _show_new(self) -> None:
        self.new.setVisible(self._new_count > 0)
        if self._new_count:
            words = plural("%n new", self._new_count)
            self.new.setText(words)
            self.new.setAccessibleName(tr("{count}, to the top").format(count=words))
            self.new.adjustSize()
            self._place_new()

    def _place_new(self) -> None:
        self.new.move((self.stack.width() - self.new.width()) // 2, 6)
        self.new.raise_()
