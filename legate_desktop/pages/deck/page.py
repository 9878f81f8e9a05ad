"""The Deck: what waits, what runs, what failed, what it cost, whether the journal is sound; builds and binds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.dialogs import RejectDialog
from legate_desktop.pages.approvals.view import Card
from legate_desktop.pages.deck.cards import Line, LineCard, QuestionCard, failure_line, run_line, step_line
from legate_desktop.pages.deck.state import MOST_WAITING, DeckState
from legate_desktop.pages.deck.verbs import VERBS
from legate_desktop.pages.deck.view import DeckRun, Step, chain_words, day_plots, run_words, use_plots, week_plot
from legate_desktop.shell.context import PageContext
from legate_desktop.theme.look import look
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption, Label
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.plot import PlotCard
from legate_desktop.words import counted, plural, tr

WIDE_PX = 900
AGES_EVERY_MS = 1_000
MOST_RUNNING = 6


class DeckPage(Page):
    """The page of a `DeckState`. Two columns where there is room, one where there is not."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(DeckState)
        self.practice = context.practice
        self.verbs = Verbs(self, VERBS)
        self._seconds = QTimer(self, interval=AGES_EVERY_MS)
        self.questions: list[QuestionCard] = []
        self._is_wide: bool | None = None
        self._placed: list[QWidget] = []
        self._left_out: set[QWidget] = set()
        self._shown_runs: list[DeckRun] = []
        self._shown_steps: list[Step] = []
        self._run_lines: list[Line] = []
        self._build()
        self._bind()
        self._show_all()

    # What the verbs do.

    def take_focus(self) -> None:
        """To the first question, or to the page."""
        if self.questions and self.questions[0].approve.isEnabled():
            self.questions[0].approve.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.review_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def review(self) -> None:
        """To the card of the oldest question."""
        waiting = self.state.waiting
        self.context.go("approvals", waiting[0].id if waiting else "")

    def takes_files(self, paths: Sequence[Path]) -> str:
        """Documents go to a knowledge base from here as well."""
        # Not before something is dragged: the Deck is the first page, and is painted before anything else is loaded.
        from legate_desktop.pages.knowledge.dropping import words_for

        return words_for(self.context, paths)

    def take_files(self, paths: Sequence[Path]) -> None:
        """Ask into which, and go there."""
        from legate_desktop.pages.knowledge.dropping import Intake

        self._intake = Intake(self.context, self, lambda base_id: self.context.go("knowledge", base_id))
        self._intake.take(paths)

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Deck"))
        self.review_button = Button("", kind="quiet")
        self.review_button.follow(self.verbs["review"])
        self.head.row.addWidget(self.review_button)
        body = QWidget()
        body.setObjectName("clearBody")
        self.column = QVBoxLayout(body)
        self.column.setContentsMargins(20, 0, 20, 20)
        self.column.setSpacing(12)
        self.waiting_caption = Caption("")
        self.waiting_row = QGridLayout()
        self.waiting_row.setSpacing(10)
        self.nothing = Label("", "body", tone="quiet")
        self.begin = Button("", kind="primary")
        self.begin.follow(self.verbs["practice"])
        self.steps = LineCard(tr("First steps"))
        self.running = LineCard(tr("Running now"))
        self.failures = LineCard(tr("Failed in the last 24 hours"))
        self.chain = LineCard(tr("Journal"))
        self.cost = PlotCard(tr("Cost of the last seven days, by agent"))
        self.tokens = PlotCard(tr("Tokens of the last seven days, by agent"))
        self.weeks = PlotCard(tr("Cost by week and agent"))
        self.asked = PlotCard(tr("Questions per day"))
        self.took = PlotCard(tr("Median time to decide"))
        self.grid = QGridLayout()
        self.grid.setSpacing(12)
        nothing = QHBoxLayout()
        nothing.addWidget(self.nothing, 1)
        nothing.addWidget(self.begin)
        self.column.addWidget(self.waiting_caption)
        self.column.addLayout(self.waiting_row)
        self.column.addLayout(nothing)
        self.column.addLayout(self.grid)
        self.column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(body)
        # The glow behind the title shines through.
        self.area.viewport().setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.area, 1)
        self._place(is_wide=True)

    def _place(self, *, is_wide: bool) -> None:
        """The cards that have something to show, in two columns or one, without gaps."""
        cards = [self.steps, self.running, self.failures, self.chain, self.cost, self.tokens, self.asked, self.took]
        shown = [card for card in cards if card not in self._left_out]
        if (is_wide, shown) == (self._is_wide, self._placed):
            return
        self._is_wide, self._placed = is_wide, shown
        for at, card in enumerate(shown):
            self.grid.addWidget(card, at // 2 if is_wide else at, at % 2 if is_wide else 0)
        last = (len(shown) + 1) // 2 if is_wide else len(shown)
        self.grid.addWidget(self.weeks, last, 0, 1, 2 if is_wide else 1)
        self.grid.setColumnStretch(0, 1)
        self.grid.setColumnStretch(1, 1 if is_wide else 0)

    def _let_show(self, card: QWidget, *, is_shown: bool) -> None:
        card.setVisible(is_shown)
        self._left_out = self._left_out - {card} if is_shown else self._left_out | {card}

    def _place_again(self) -> None:
        self._place(is_wide=bool(self._is_wide))

    def _bind(self) -> None:
        state = self.state
        state.waiting_changed.connect(self._show_waiting)
        state.runs_changed.connect(self._show_running)
        state.failures_changed.connect(self._show_failures)
        state.use_changed.connect(self._show_use)
        state.days_changed.connect(self._show_days)
        state.chain_changed.connect(self._show_chain)
        state.steps_changed.connect(self._show_steps)
        self.practice.changed.connect(self._show_waiting)
        self.context.opened.connect(self._on_opened)
        state.approvals.engine_changed.connect(self._show_waiting)
        for unknown in (state.approvals.engine_changed, state.figures_refused):
            for show in (self._show_running, self._show_failures, self._show_chain, self._show_steps):
                unknown.connect(show)
        self._seconds.timeout.connect(self._on_second)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.state.visit()
        self._keep_time()

    def hideEvent(self, event: QHideEvent) -> None:
        self._seconds.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(is_wide=self.width() >= look.px(WIDE_PX))
        self._place_questions()

    def _on_opened(self) -> None:
        if self.isVisible():
            self.state.visit()

    def _on_second(self) -> None:
        """Only the words: a line that is built anew would lose the focus."""
        for question in self.questions:
            question.say_age(self.state.now())
        for run, line in zip(self._shown_runs, self._run_lines, strict=True):
            line.say(run_words(run, self.state.now()))

    def _keep_time(self) -> None:
        """A clock runs only while something visible runs or waits; its words are put right at once."""
        if self.isVisible() and (self.state.running or self.questions):
            self._on_second()
            self._seconds.start()
        else:
            self._seconds.stop()

    # Showing.

    def _show_all(self) -> None:
        self._show_waiting()
        self._show_running()
        self._show_failures()
        self._show_use()
        self._show_days()
        self._show_chain()
        self._show_steps()

    def _show_waiting(self) -> None:
        state = self.state
        shown = [(card.row, card.card, card.approve.isEnabled()) for card in self.questions]
        wanted = [
            (row, card, card is not None and not state.approvals.why_not_this(card))
            for row in state.waiting
            for card in (state.cards.get(row.id),)
        ]
        count = state.waiting_count
        self.head.set_count(f"{counted(count)} {tr('waiting')}" if count else "", is_turn=count > 0)
        self.waiting_caption.setText(plural("%n thing(s) waiting for you", count) if count else tr("Waiting for you"))
        at_work = self.practice.is_working
        words = tr("A deputy is at work. It asks here before it does anything that leaves a mark.")
        if state.approvals.is_loading:
            # Before anybody has looked, "nothing" would be a guess.
            self.nothing.setText(tr("Reading…"))
        elif state.approvals.has_never_loaded:
            self.nothing.setText(tr("The engine is not running"))
        else:
            self.nothing.setText(words if at_work else tr("Nothing waits for you."))
        self.nothing.setVisible(not count)
        self.begin.setVisible(self.practice.is_here and not at_work and not count)
        if self.review_button.hasFocus() and not count:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.verbs.settle()
        if shown == wanted:
            return
        focus = self.window().focusWidget() or self
        focused = next((old.row.id for old in self.questions if old.isAncestorOf(focus)), "")
        if focused:
            # Not left to Qt, whose next stop is anything further down, which the page would scroll to.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        for question in self.questions:
            self.waiting_row.removeWidget(question)
            question.hide()
            question.deleteLater()
        self.questions = []
        for row, card, _may in wanted:
            why_not = state.approvals.why_not_this(card) if card is not None else tr("Reading…")
            question = QuestionCard(row, card, why_not, state.now())
            question.approved.connect(lambda card=card: self._approve(card))
            question.rejected.connect(lambda card=card: self._ask_reject(card))
            question.reviewed.connect(lambda row=row: self.context.go("approvals", row.id))
            self.questions.append(question)
        self._place_questions()
        self._keep_time()
        if focused:
            self._stay_with(focused)

    def _stay_with(self, row_id: str) -> None:
        """The focus stays with the question it was on, or leaves the questions: never to the answer of another one."""
        question = next((found for found in self.questions if found.row.id == row_id), None)
        if question is None:
            if self.review_button.isEnabled():
                self.review_button.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        # Qt would show it a turn of the event loop later, and focus cannot be given to what is hidden.
        question.show()
        button = question.approve if question.approve.isEnabled() else question.review
        button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place_questions(self) -> None:
        """Side by side where there is room, else below each other."""
        for at, question in enumerate(self.questions):
            row, column = (0, at) if self._is_wide else (at, 0)
            self.waiting_row.addWidget(question, row, column, Qt.AlignmentFlag.AlignTop)
        for column in range(MOST_WAITING):
            self.waiting_row.setColumnStretch(column, 1 if self._is_wide and column < len(self.questions) else 0)
        self.waiting_row.setColumnStretch(0, 1)

    def _approve(self, card: Card | None) -> None:
        if card is not None and not self.state.is_inert(card.id):
            self.state.approvals.approve_this(card)

    def _ask_reject(self, card: Card | None) -> None:
        if card is None or self.state.is_inert(card.id):
            return
        dialog = RejectDialog(card, and_stop=False, parent=self)
        dialog.sent.connect(lambda: self.state.approvals.reject_this(dialog.card, dialog.text))
        dialog.open()

    def _show_running(self) -> None:
        runs = self.state.running[:MOST_RUNNING]
        if [(run.id, run.state) for run in runs] == [(run.id, run.state) for run in self._shown_runs] and runs:
            self._shown_runs = runs
            return
        self._shown_runs = runs
        self._run_lines = [
            run_line(
                run,
                self.state.now(),
                lambda run=run: self.context.go("runs", run.id),
                lambda run=run: self.state.stop(run),
            )
            for run in runs
        ]
        self.running.show_lines(self._run_lines, self.state.why_not_told("running") or tr("Nothing runs now."))
        self._keep_time()

    def _show_failures(self) -> None:
        lines = [
            failure_line(run, self.state.now(), lambda run=run: self.context.go("runs", run.id))
            for run in self.state.failures
        ]
        self.failures.show_lines(lines, self.state.why_not_told("failures") or tr("Nothing failed."))

    def _show_use(self) -> None:
        cost, tokens = use_plots(self.state.uses)
        self.cost.show_data(cost)
        self.tokens.show_data(tokens)
        weeks = week_plot(self.state.weeks, self.state.names)
        self.weeks.show_data(weeks)
        # What costs nothing, as a model on this machine does, needs no plot of noughts.
        self._let_show(self.cost, is_shown=not cost.is_empty)
        self._let_show(self.tokens, is_shown=not tokens.is_empty)
        self.weeks.setVisible(not weeks.is_empty)
        self._place_again()

    def _show_days(self) -> None:
        asked, took = day_plots(self.state.days)
        self.asked.show_data(asked)
        self.took.show_data(took)
        self._let_show(self.asked, is_shown=not asked.is_empty)
        self._let_show(self.took, is_shown=not took.is_empty)
        self._place_again()

    def _show_chain(self) -> None:
        words = Label(self.state.why_not_told("end") or chain_words(self.state.chain, self.state.now()), "body")
        words.setWordWrap(True)
        lines: list[QWidget] = [words]
        if self.state.chain.sentence:
            sentence = Label(
                tr_core(self.state.chain.sentence),
                "small",
                tone="bad" if self.state.chain.state == "broken" else "quiet",
            )
            sentence.setWordWrap(True)
            lines.append(sentence)
        button = Button("", kind="quiet")
        button.follow(self.verbs["verify"])
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button)
        row.addStretch(1)
        self.chain.show_lines([*lines, foot], "")
        self.verbs.settle()

    def _show_steps(self) -> None:
        is_unknown = bool(self.state.why_not_told("use", "days", "rules", "models"))
        self._let_show(self.steps, is_shown=self.state.is_beginning and not is_unknown)
        steps = self.state.steps
        if steps != self._shown_steps:
            # Every figure that comes in asks for them, and few of those change one.
            self._shown_steps = steps
            lines = [step_line(step, lambda step=step: self.context.go(step.page_id)) for step in steps]
            self.steps.show_lines(lines, "")
        self._place_again()
