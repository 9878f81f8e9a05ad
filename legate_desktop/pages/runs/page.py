"""The Runs page: the runs, the log of the chosen one, what it streams; builds and binds and has no opinion."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.runs.rows import RunDelegate, StepDelegate
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.verbs import VERBS
from legate_desktop.pages.runs.view import RunRow, StepRow, figures, run_sentence, state_words, step_sentence
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import counted, one_line, plural, tr

AGES_EVERY_MS = 1_000
STEP_TEXT_LINES = 14


class RunsPage(Page):
    """The page of a `RunsState`; what it says goes through the context."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(RunsState)
        self.practice = context.practice
        self.is_following = True
        self._seconds = QTimer(self, interval=AGES_EVERY_MS)
        self.verbs = Verbs(self, VERBS)
        self._build()
        self._bind()
        self._show_rows()
        self._show_log()

    # What the verbs do.

    def take_focus(self) -> None:
        """The page was opened: the keys go to the list, or to where it will be."""
        self.stack.take_focus()

    def place(self) -> str:
        return self.state.selected_id

    def show_place(self, object_id: str) -> None:
        self.state.select(object_id)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def cancel(self) -> None:
        """Cancel the chosen run."""
        self.state.cancel()

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

    def toggle_follow(self) -> None:
        """Keep the newest step in view, or stay where the person is."""
        self.is_following = not self.is_following
        self._follow()

    # Building.

    def _build(self) -> None:
        head = PageTitle(tr("Runs"))
        self.head = head
        self.filter = FilterField(tr("By name, state or reason"))
        head.row.addWidget(self.filter, 10)
        self.model: LiveModel[RunRow] = LiveModel(lambda run: run_sentence(run, self.state.now()))
        self.list = RowList(RunDelegate(self.state.now), tr("Runs"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(60)
        self.empty = EmptyState("activity", tr("No run yet"), tr("Each time a deputy works, its log is kept here."))
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        left = QWidget()
        left.setMinimumWidth(tokens.LIST_MIN_PX)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self._build_log())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.splitter, 1)

    def _build_log(self) -> QWidget:
        self.name = OutsideText("", "title", ink="text", name=tr("Run"))
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.numbers = OutsideText("", "mono", ink="text3", name=tr("Figures"))
        state_row = QHBoxLayout()
        state_row.setSpacing(8)
        state_row.addWidget(self.sign)
        state_row.addWidget(self.words, 1)
        self.words.setWordWrap(True)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        self.buttons: dict[str, Button] = {}
        for verb_id in ("cancel", "stop_all", "follow"):
            verb = self.verbs.verb(verb_id)
            button = Button(verb.name, kind=verb.kind)
            button.follow(self.verbs[verb_id])
            self.buttons[verb_id] = button
            flow.addWidget(button)
        self.steps_model: LiveModel[StepRow] = LiveModel(step_sentence)
        self.steps = RowList(StepDelegate(self.state.now), tr("Log of the run"))
        self.steps.setModel(self.steps_model)
        self.step_text = OutsideText("", "mono", framed=True, most_lines=STEP_TEXT_LINES, name=tr("The chosen step"))
        self.stream_caption = Caption(tr("Writing now"))
        self.stream = OutsideText("", "body", framed=True, most_lines=8, name=tr("Writing now"))
        log = QWidget()
        log.setObjectName("detail")
        log.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        log.setMinimumWidth(tokens.DETAIL_MIN_PX)
        column = QVBoxLayout(log)
        column.setContentsMargins(0, 18, 0, 14)
        column.setSpacing(6)
        head = _indented(QVBoxLayout())
        head.addWidget(self.name)
        head.addLayout(state_row)
        head.addWidget(self.numbers)
        head.addWidget(buttons)
        head.addSpacing(6)
        head.addWidget(Caption(tr("Mission log")))
        foot = _indented(QVBoxLayout())
        for widget in (self.step_text, self.stream_caption, self.stream):
            foot.addWidget(widget)
            widget.hide()
        column.addLayout(head)
        # The rows bring their own indent, so that the bar of the chosen one stands at the edge.
        column.addWidget(self.steps, 1)
        column.addLayout(foot)
        return log

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.selection_changed.connect(self._show_selection)
        state.log_changed.connect(self._show_log)
        state.streamed.connect(self._show_stream)
        self.practice.changed.connect(self._show_rows)
        self.empty.action.follow(self.verbs["practice"])
        self.filter.textChanged.connect(state.set_filter)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.steps.selectionModel().currentRowChanged.connect(self._on_step)
        self.steps.verticalScrollBar().sliderMoved.connect(self._stop_following)
        self._seconds.timeout.connect(self._on_second)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_time()

    def hideEvent(self, event: QHideEvent) -> None:
        self._seconds.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left = max(tokens.LIST_MIN_PX, min(400, round(self.width() * 0.34)))
        self.splitter.setSizes([left, self.width() - left])

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        run = self.model.at(current.row())
        if run is not None:
            self.state.select(run.id)

    def _on_step(self, current: QModelIndex, _previous: QModelIndex) -> None:
        step = self.steps_model.at(current.row())
        if step is not None and current.row() < len(self.steps_model.rows) - 1:
            self._stop_following()
        self._show_step()

    def _on_second(self) -> None:
        self.model.refresh()
        self._show_head()

    # Showing.

    def _keep_time(self) -> None:
        """A clock runs only while something visible runs."""
        if self.isVisible() and self.state.open_count:
            self._seconds.start()
        else:
            self._seconds.stop()

    def _show_rows(self) -> None:
        state = self.state
        blocked = self.list.selectionModel().blockSignals(True)
        self.model.set_rows(state.rows)
        self.list.selectionModel().blockSignals(blocked)
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.rows else self.empty)
        if state.filter_text:
            self.empty.say(tr("Nothing matches"), tr("No run holds all of these words."))
        else:
            how = "" if self.practice.is_here else tr("Start one in a terminal: legate run AGENT TASK.")
            self.empty.say(tr("No run yet"), f"{tr('Each time a deputy works, its log is kept here.')} {how}".strip())
        self.empty.action.setVisible(self.practice.is_here and not self.practice.is_working and not state.filter_text)
        self.head.set_count(f"{counted(state.open_count)} {tr('open')}" if state.open_count else "")
        self._show_selection()
        self._keep_time()

    def _show_selection(self) -> None:
        at = self.model.position_of(self.state.selected_id)
        selection = self.list.selectionModel()
        if at >= 0 and not selection.isRowSelected(at, QModelIndex()):
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            blocked = selection.blockSignals(True)
            selection.setCurrentIndex(self.model.index(at, 0), flags)
            selection.blockSignals(blocked)
            self.list.scrollTo(self.model.index(at, 0))
        self.list.viewport().update()
        self._show_head()

    def _show_head(self) -> None:
        run = self.state.selected
        self.name.set_text(one_line(run.name) if run else tr("No run chosen"))
        self.sign.set_sign(RUN_SIGNS.get(run.state, UNKNOWN) if run else UNKNOWN)
        self.sign.setVisible(run is not None)
        self.words.setText(state_words(run, self.state.now()) if run else "")
        self.numbers.set_text(f"{run.id} · {figures(run, self.state.now())}" if run else "")
        self.verbs.settle()

    def _show_log(self) -> None:
        self.steps_model.set_rows(self.state.steps)
        self._show_step()
        self._follow()
        self._show_head()

    def _show_step(self) -> None:
        step = self.steps_model.at(self.steps.currentIndex().row())
        self.step_text.setVisible(step is not None and bool(step.text))
        if step is not None:
            self.step_text.set_text(step.text)

    def _show_stream(self, text: str) -> None:
        self.stream.set_text(text)
        for widget in (self.stream_caption, self.stream):
            widget.setVisible(bool(text))
        if text:
            self.stream.verticalScrollBar().setValue(self.stream.verticalScrollBar().maximum())

    def _follow(self) -> None:
        self.buttons["follow"].kind = "secondary" if self.is_following else "quiet"
        self.buttons["follow"].update()
        if self.is_following:
            self.steps.scrollToBottom()

    def _stop_following(self, _value: int = 0) -> None:
        if self.is_following:
            self.is_following = False
            self._follow()


def _indented(layout: QVBoxLayout) -> QVBoxLayout:
    layout.setContentsMargins(20, 0, 20, 0)
    layout.setSpacing(6)
    return layout
