"""The cards of the Deck: a question decided in place, a run with its stop, a failure, and the list for a beginner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.view import ApprovalRow, Card
from legate_desktop.pages.deck.view import DeckRun, Step, failure_words, run_words
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN, Sign
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.pill import DoubtLabel, PillLabel
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import one_line, short_age, tr, value_text

MOST_LINES = 3


class QuestionCard(QFrame):
    """Everything that is asked, whole: what it does, with which arguments, from where, and why. Grave ones lead to their card."""

    approved = Signal()
    rejected = Signal()
    reviewed = Signal()

    def __init__(self, row: ApprovalRow, card: Card | None, why_not: str, now: int) -> None:
        super().__init__()
        self.setObjectName("card")
        self.row = row
        self.card = card
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(DoubtLabel() if row.is_in_doubt else PillLabel(row.effect))
        head.addWidget(OutsideText(one_line(row.tool), "mono", ink="text", name=tr("Tool")), 1)
        self.age = Label("", "mono", tone="quiet")
        self.say_age(now)
        head.addWidget(self.age)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(
            OutsideText(one_line(f"{row.agent}: {tr_core(row.title)}"), "name", ink="text", name=tr("What it does"))
        )
        if card is not None:
            self._whole(column, card)
        buttons = QWidget()
        flow = FlowLayout(buttons, spacing=4)
        self.approve = Button(tr("Approve once"), kind="secondary", icon_name="check")
        self.reject = Button(tr("Reject…"), kind="quiet")
        self.review = Button(tr("Open the card"), kind="quiet")
        for button, signal in (
            (self.approve, self.approved),
            (self.reject, self.rejected),
            (self.review, self.reviewed),
        ):
            # Three questions stand side by side; the name says which of them a button is for.
            button.setAccessibleName(f"{button.text()}: {one_line(tr_core(row.title))}")
            button.fired.connect(signal)
            flow.addWidget(button)
        for button in (self.approve, self.reject):
            button.setEnabled(card is not None and not why_not)
            button.setToolTip(why_not)
        column.addWidget(buttons)

    def say_age(self, now: int) -> None:
        """How long ago it was asked."""
        self.age.setText(short_age(now - self.row.asked_at))

    @staticmethod
    def _whole(column: QVBoxLayout, card: Card) -> None:
        for argument in card.arguments:
            origin = f"{one_line(argument.name)} · {one_line(tr_core(argument.origin.words))}"
            is_steered = argument.origin.kind == "source" and argument.is_authority
            column.addWidget(OutsideText(origin, "small", ink="red" if is_steered else "text3", name=tr("Origin")))
            name = one_line(argument.name)
            column.addWidget(
                OutsideText(value_text(argument.value), "mono", framed=True, most_lines=MOST_LINES, name=name)
            )
        if card.why:
            column.addWidget(OutsideText(card.why, "small", most_lines=3, name=tr("Why, in the agent's words")))


class LineCard(QFrame):
    """A caption and lines under it: what runs now, what failed, the list for a beginner."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self.setObjectName("card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(Caption(caption))
        self.lines = QVBoxLayout()
        self.lines.setSpacing(2)
        column.addLayout(self.lines)
        self.nothing = Label("", "body", tone="quiet")
        self.nothing.setWordWrap(True)
        column.addWidget(self.nothing)
        column.addStretch(1)

    def show_lines(self, lines: Sequence[QWidget], nothing: str) -> None:
        """These lines, or a sentence on why there are none."""
        while (item := self.lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for line in lines:
            self.lines.addWidget(line)
        self.nothing.setText(nothing)
        self.nothing.setVisible(not lines)


class Line(QWidget):
    """A sign, a name with words under it, and buttons whose names say what they are for."""

    def __init__(self, sign: Sign, name: str, words: str) -> None:
        super().__init__()
        self._name = one_line(name)
        self.text = OutsideText("", "small", ink="text2", most_lines=4, name=self._name)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)
        self.row.addWidget(SignLabel(sign), 0, Qt.AlignmentFlag.AlignVCenter)
        self.row.addWidget(self.text, 1)
        self.say(words)

    def say(self, words: str) -> None:
        """Other words under the same name."""
        self.text.set_text(f"{self._name}\n{words}" if words else self._name)

    def add(self, text: str, act: Callable[[], None]) -> None:
        """One thing to do with it."""
        button = Button(text, kind="quiet")
        button.setAccessibleName(f"{text}: {self._name}")
        button.fired.connect(act)
        self.row.addWidget(button)


def run_line(run: DeckRun, now: int, opened: Callable[[], None], stopped: Callable[[], None]) -> Line:
    """A run that goes on: name, state, Open, Stop."""
    line = Line(RUN_SIGNS.get(run.state, UNKNOWN), run.name, run_words(run, now))
    line.add(tr("Open"), opened)
    line.add(tr("Stop"), stopped)
    return line


def failure_line(run: DeckRun, now: int, opened: Callable[[], None]) -> Line:
    """A run that failed, with its reason."""
    line = Line(RUN_SIGNS.get(run.state, UNKNOWN), run.name, failure_words(run, now))
    line.add(tr("Open"), opened)
    return line


def step_line(step: Step, act: Callable[[], None]) -> Line:
    """One step of the list for a beginner."""
    sign = RUN_SIGNS["succeeded" if step.is_done else "ready"]
    line = Line(sign, step.words, tr("Done") if step.is_done else "")
    if not step.is_done:
        line.add(tr("Show me"), act)
    return line
