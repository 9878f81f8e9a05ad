"""One run in full: its head, the mission log with its bars, the chosen step, what streams; builds and binds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice
from legate_desktop.pages.runs import saving
from legate_desktop.pages.runs.dialogs import ForkDialog, ShareDialog
from legate_desktop.pages.runs.log_rows import LineDelegate, TimeAxis, line_sentence
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.step_pane import StepPane
from legate_desktop.pages.runs.timeline import Line
from legate_desktop.pages.runs.view import Masked, figures, origin_words, state_words, step_sentence
from legate_desktop.pages.runs.viewer_state import ViewerState
from legate_desktop.pages.vault.proving import ask_who
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.theme.look import look
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.icon_button import IconButton
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import one_line, tr

SECOND_MS = 1_000
BESIDE_FROM_PX = 820
"""From this width on the chosen step stands beside the log, otherwise below it."""
BUTTONS = ("follow", "retry", "fork", "share", "cancel")
SMALL = ("retry", "fork", "share")
SMALL_UNDER_PX = 700
"""In a narrower viewer these are icons, so that the log keeps its room."""


class RunViewer(QWidget):
    """Shows the run of its state. `give_verbs` comes from whoever owns the actions: the page, or a window of its own."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.runs = context.state(RunsState)
        self.state = ViewerState(context.bridge, self.runs)
        self.verbs: Verbs | None = None
        self.buttons: dict[str, Button] = {}
        self.small: dict[str, IconButton] = {}
        self._seconds = QTimer(self, interval=SECOND_MS)
        self._build()
        self._bind()
        self._show_run()
        self._show_log()

    def give_verbs(self, verbs: Verbs) -> None:
        """The actions that the buttons show."""
        self.verbs = verbs
        for verb_id in BUTTONS:
            verb = verbs.verb(verb_id)
            button = Button(verb.name, kind=verb.kind)
            button.follow(verbs[verb_id])
            self.buttons[verb_id] = button
            self._flow.addWidget(button)
            if verb_id in SMALL:
                small = IconButton(verb.icon, verb.name)
                small.follow(verbs[verb_id])
                self.small[verb_id] = small
                self._flow.addWidget(small)
        self._fit()
        self._settle()

    # What the verbs do.

    def cancel(self) -> None:
        """End the run."""
        self.runs.cancel(self.state.run_id)

    def toggle_follow(self) -> None:
        """Keep the newest step in view, or stay where the person is."""
        self.state.set_following(is_following=not self.state.is_following)

    def ask_fork(self) -> None:
        """Ask what the fork is told, then begin it."""
        step = self.state.step
        if step is None:
            return
        dialog = ForkDialog(step, self)
        dialog.sent.connect(lambda: self.state.fork(step.index, dialog.text, is_published=dialog.published.isChecked()))
        dialog.open()

    def ask_share(self) -> None:
        """Ask what is masked, then make the file."""
        run = self.state.run
        if run is None:
            return
        dialog = ShareDialog(f"{one_line(run.name)}   {run.id}", self)
        dialog.sent.connect(lambda: self.state.share(dialog.masks))
        dialog.open()

    def copy_id(self) -> None:
        """The run's id into the clipboard."""
        self._copied(self.state.run_id, tr("Copied: {what}"))

    def copy_link(self) -> None:
        """A link that opens this run."""
        self._copied(f"legate://run/{self.state.run_id}", tr("Copied: {what}"))

    def take_focus(self) -> None:
        """The keys go to the log."""
        self.stack.take_focus()

    # Building.

    def _build(self) -> None:
        self.steps_model: LiveModel[Line] = LiveModel(line_sentence(step_sentence))
        self.steps = RowList(LineDelegate(lambda: self.state.timeline), tr("Mission log"))
        self.steps.setModel(self.steps_model)
        self.empty = EmptyState("activity", "", "")
        self.stack = ListStack(self.steps)
        self.stack.addWidget(self.empty)
        self.axis = TimeAxis()
        self.aside = OutsideText("", "small", ink="text2", most_lines=3, name=tr("Meanwhile"))
        self.stream_caption = Caption(tr("Writing now"))
        self.stream = OutsideText("", "body", framed=True, most_lines=6, name=tr("Writing now"))
        log = QWidget()
        column = QVBoxLayout(log)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        self.log_caption = Caption(tr("Mission log"))
        self.log_caption.setParent(self.axis)
        self.log_caption.move(20, 2)
        column.addWidget(self.axis)
        column.addWidget(self.stack, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 4, 20, 10)
        foot.setSpacing(4)
        for widget in (self.aside, self.stream_caption, self.stream):
            foot.addWidget(widget)
            widget.hide()
        column.addLayout(foot)
        self.pane = StepPane()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(log)
        self.pane_area = self._scrolled(self.pane)
        self.splitter.addWidget(self.pane_area)
        log.setMinimumHeight(120)
        self.pane_area.setMinimumSize(300, 150)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(self._build_head())
        whole.addWidget(self.splitter, 1)

    @staticmethod
    def _scrolled(pane: StepPane) -> QScrollArea:
        """Under the log and with large text the pane is higher than its place."""
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(pane)
        return area

    def _build_head(self) -> QWidget:
        self.name = OutsideText("", "title", ink="text", name=tr("Run"))
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        self.numbers = OutsideText("", "mono", ink="text3", name=tr("Figures"))
        self.origin = Button("", kind="quiet")
        self.origin.fired.connect(self._open_origin)
        self.task = OutsideText("", "small", ink="text2", most_lines=2, name=tr("What it was asked"))
        state_row = QHBoxLayout()
        state_row.setSpacing(8)
        state_row.addWidget(self.sign)
        state_row.addWidget(self.words, 1)
        state_row.addWidget(self.origin)
        buttons = QWidget()
        self._flow = FlowLayout(buttons)
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(20, 14, 20, 4)
        column.setSpacing(3)
        column.addWidget(self.name)
        column.addLayout(state_row)
        column.addWidget(self.numbers)
        column.addWidget(self.task)
        column.addWidget(buttons)
        return head

    def _bind(self) -> None:
        state = self.state
        state.run_changed.connect(self._show_run)
        state.log_changed.connect(self._show_log)
        state.step_changed.connect(self._show_step)
        state.detail_changed.connect(self._show_step)
        state.streamed.connect(self._show_stream)
        state.noticed.connect(self.context.say)
        state.begun.connect(lambda run_id: self.context.go("runs", run_id))
        state.proof_wanted.connect(self._ask_proof)
        state.masked.connect(self._save)
        self.runs.rows_changed.connect(self._settle)
        self.steps.selectionModel().currentRowChanged.connect(self._on_current)
        self.steps.activated.connect(self._on_activated)
        self.steps.verticalScrollBar().sliderMoved.connect(lambda _at: state.set_following(is_following=False))
        self.pane.approval_wanted.connect(lambda approval_id: self.context.go("approvals", approval_id))
        self.pane.copied.connect(lambda: self.context.say(Notice(tr("Copied the hash"))))
        self._seconds.timeout.connect(self._on_second)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_time()

    def hideEvent(self, event: QHideEvent) -> None:
        self._seconds.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        is_beside = self.width() >= BESIDE_FROM_PX
        self.splitter.setOrientation(Qt.Orientation.Horizontal if is_beside else Qt.Orientation.Vertical)
        self.pane.set_compact(is_compact=not is_beside)
        if is_beside:
            pane = max(340, min(tokens.DETAIL_MAX_PX, round(self.width() * 0.36)))
            self.splitter.setSizes([self.width() - pane, pane])
        else:
            height = max(1, self.splitter.height())
            self.splitter.setSizes([round(height * 0.52), round(height * 0.48)])
        if self.state.is_following:
            self._to_the_end()

    def _fit(self) -> None:
        is_small = self.width() < look.px(SMALL_UNDER_PX)
        for verb_id, small in self.small.items():
            small.setVisible(is_small)
            self.buttons[verb_id].setVisible(not is_small)

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        shown = self.steps_model.at(current.row())
        if shown is not None and shown.step is not None and shown.id != self.state.step_id:
            self.state.set_following(is_following=current.row() == len(self.steps_model.rows) - 1)
            self.state.select(shown.id)

    def _on_activated(self, index: QModelIndex) -> None:
        shown = self.steps_model.at(index.row())
        if shown is not None and shown.children:
            self.state.toggle(shown.id)

    def _on_second(self) -> None:
        self.state.tick()
        self._show_run()

    # Showing.

    def _keep_time(self) -> None:
        """A clock runs only while something visible runs."""
        if self.isVisible() and self.state.run is not None and self.state.run.is_open:
            self._seconds.start()
        else:
            self._seconds.stop()

    def _show_run(self) -> None:
        state, run = self.state, self.state.run
        self.name.set_text(one_line(run.name) if run else tr("No run chosen"))
        self.sign.set_sign(RUN_SIGNS.get(run.state, UNKNOWN) if run else UNKNOWN)
        self.sign.setVisible(run is not None)
        self.words.setText(state_words(run, state.now()) if run else "")
        times = state.timeline
        self.numbers.set_text(f"{run.id} · {figures(run, times.working_ms, times.waiting_ms)}" if run else "")
        self.numbers.setVisible(run is not None)
        self.task.set_text(one_line(state.task))
        self.task.setVisible(bool(state.task))
        origin = origin_words(run) if run else ""
        self.origin.setText(origin)
        self.origin.setAccessibleName(origin)
        self.origin.setVisible(bool(origin))
        self.origin.setEnabled(run is not None and bool(run.origin_run_id))
        self._show_emptiness()
        self._keep_time()
        self._settle()

    def _show_log(self) -> None:
        state = self.state
        with unheard(self.steps):
            self.steps_model.set_rows(state.lines)
        self.axis.show_timeline(state.timeline)
        run = state.run
        if run is not None:
            times = state.timeline
            self.numbers.set_text(f"{run.id} · {figures(run, times.working_ms, times.waiting_ms)}")
        self._show_emptiness()
        self._show_selection()
        if "follow" in self.buttons:
            self.buttons["follow"].kind = "secondary" if state.is_following else "quiet"
            self.buttons["follow"].update()
        if state.is_following:
            self._to_the_end()

    def _to_the_end(self) -> None:
        """A turn later, when the list knows its new height."""
        QTimer.singleShot(0, self, self.steps.scrollToBottom)

    def _show_emptiness(self) -> None:
        state = self.state
        if state.lines:
            self.stack.turn_to(self.steps)
            return
        if state.problem:
            self.empty.say(tr("This run cannot be shown"), state.problem)
        elif state.run_id:
            self.empty.say(tr("No step yet"), tr("What it does stands here as it happens."))
        else:
            self.empty.say("", "")
        self.stack.turn_to(self.empty)

    def _show_selection(self) -> None:
        choose_row(self.steps, self.steps_model.position_of(self.state.step_id))

    def _show_step(self) -> None:
        self._show_selection()
        self.pane.show_step(self.state.step, self.state.detail)
        self._settle()

    def _show_stream(self, text: str) -> None:
        aside = self.state.aside.text if self.state.aside is not None else ""
        self.aside.set_text(aside)
        self.aside.setVisible(bool(aside))
        self.stream.set_text(text)
        for widget in (self.stream_caption, self.stream):
            widget.setVisible(bool(text))
        if text:
            self.stream.verticalScrollBar().setValue(self.stream.verticalScrollBar().maximum())

    def _settle(self) -> None:
        if self.verbs is not None:
            self.verbs.settle()

    # Leaving.

    def _open_origin(self) -> None:
        run = self.state.run
        if run is not None and run.origin_run_id:
            self.context.go("runs", run.origin_run_id)

    def _ask_proof(self, then: Any) -> None:
        run = self.state.run
        name = one_line(run.name) if run else ""
        said = tr("Share {run} as a file").format(run=name)
        ask_who(self, self.context.bridge, said, lambda passphrase: self.state.prove(passphrase, then))

    def _save(self, file: Masked) -> None:
        saving.ask_where(self, file.name, lambda path: self._write(file, path))

    def _write(self, file: Masked, path: str) -> None:
        problem = saving.write(path, file.text)
        if problem:
            self.context.say(Notice(problem, is_error=True))
        else:
            self.state.saved(file, path)

    def _copied(self, what: str, said: str) -> None:
        QGuiApplication.clipboard().setText(what)
        self.context.say(Notice(said.format(what=what)))
