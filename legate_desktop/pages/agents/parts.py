"""The parts of the builder as forms: purpose, instructions, knowledge, limits. Model and tools have files of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.view import Draft
from legate_desktop.theme.look import font
from legate_desktop.widgets.check_box import CheckBox
from legate_desktop.widgets.labels import Label
from legate_desktop.words import number, one_line, plural, tr

INSTRUCTIONS_MOST = 64_000
FORM_MOST_PX = 680


class Form(QScrollArea):
    """A scrolling column of labelled fields. `take` shows a draft without telling of it as if a person had typed."""

    def __init__(self, state: BuilderState, title: str, text: str) -> None:
        super().__init__()
        self.state = state
        self.is_taking = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(20, 14, 20, 20)
        self.column.setSpacing(8)
        heading = Label(title, "title")
        hint = Label(text, "small", tone="quiet")
        hint.setWordWrap(True)
        self.column.addWidget(heading)
        self.column.addWidget(hint)
        self.setWidget(inside)
        # Qt would paint both, and cut the glow behind the title in two.
        inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def take(self, draft: Draft) -> None:
        """Show this draft."""
        self.is_taking = True
        try:
            self.show_draft(draft)
        finally:
            self.is_taking = False

    def show_draft(self, draft: Draft) -> None:
        """Put the draft's values into the fields."""
        raise TypeError(f"{type(self).__name__} does not say how it shows a draft")

    def take_focus(self) -> None:
        """The keys go to the first field."""

    def add_field(self, text: str, hint: str, field: QWidget) -> None:
        """A label, its control, and a hint below it."""
        label = Label(text, "name")
        label.setBuddy(field)
        field.setAccessibleName(text)
        self.column.addSpacing(4)
        self.column.addWidget(label)
        self.column.addWidget(field)
        if hint:
            said = Label(hint, "small", tone="quiet")
            said.setWordWrap(True)
            field.setAccessibleDescription(hint)
            self.column.addWidget(said)

    def edit(self, **changes: Any) -> None:
        """A person changed something."""
        if not self.is_taking:
            self.state.edit(**changes)


class PurposePart(Form):
    """What it is called, and what it is for."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(
            state, tr("Purpose"), tr("One line that says what this deputy is for. It stands in every list.")
        )
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.purpose = _text_field(84)
        self.add_field(tr("Name"), "", self.name)
        self.add_field(tr("What it is for"), "", self.purpose)
        self.column.addStretch(1)
        self.name.textEdited.connect(lambda text: self.edit(name=text))
        self.purpose.textChanged.connect(lambda: self.edit(purpose=self.purpose.toPlainText()))

    def show_draft(self, draft: Draft) -> None:
        _set(self.name, draft.name)
        _set(self.purpose, draft.purpose)

    def take_focus(self) -> None:
        self.name.setFocus()


class InstructionsPart(Form):
    """What it is told before everything else."""

    def __init__(self, state: BuilderState) -> None:
        text = tr(
            "What it is told before every task. Addresses and numbers in here become your own words when you publish."
        )
        super().__init__(state, tr("Instructions"), text)
        self.instructions = _text_field(0)
        self.instructions.setMinimumHeight(240)
        self.count = Label("", "mono", tone="quiet")
        self.add_field(tr("Instructions"), "", self.instructions)
        self.column.setStretchFactor(self.instructions, 1)
        self.column.addWidget(self.count)
        self.instructions.textChanged.connect(self._on_text)

    def show_draft(self, draft: Draft) -> None:
        _set(self.instructions, draft.instructions)
        self._show_count()

    def take_focus(self) -> None:
        self.instructions.setFocus()

    def _on_text(self) -> None:
        self._show_count()
        self.edit(instructions=self.instructions.toPlainText())

    def _show_count(self) -> None:
        length = len(self.instructions.toPlainText())
        text = tr("{count} of {most} characters").format(count=number(length), most=number(INSTRUCTIONS_MOST))
        self.count.setText(text)
        self.count.set_tone("bad" if length > INSTRUCTIONS_MOST else "quiet")


class KnowledgePart(Form):
    """Which knowledge bases it may search, and no others."""

    def __init__(self, state: BuilderState) -> None:
        text = tr("The knowledge bases it may search, and no others. What it reads there is cited.")
        super().__init__(state, tr("Knowledge"), text)
        self.boxes: dict[str, CheckBox] = {}
        self.nothing = Label(tr("There is no knowledge base yet. Make one under Knowledge."), "body")
        self.nothing.setWordWrap(True)
        self.column.addWidget(self.nothing)
        self._rows = QVBoxLayout()
        self.column.addLayout(self._rows)
        self.column.addStretch(1)
        state.choices_changed.connect(self._show)

    def show_draft(self, draft: Draft) -> None:
        self._show()

    def take_focus(self) -> None:
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()

    def _show(self) -> None:
        chosen = self.state.draft.knowledge if self.state.draft is not None else ()
        bases = self.state.knowledge
        if [base.id for base in bases] != list(self.boxes):
            for box in self.boxes.values():
                box.deleteLater()
            self.boxes = {}
            for base in bases:
                words = f"{one_line(base.name)} · {plural('%n document(s)', base.documents)}"
                box = CheckBox(words)
                box.clicked.connect(lambda is_on, base_id=base.id: self.state.set_knowledge(base_id, is_on=is_on))
                self.boxes[base.id] = box
                self._rows.addWidget(box)
        for base in bases:
            self.boxes[base.id].setChecked(base.id in chosen or base.name in chosen)
        self.nothing.setVisible(not bases)


class LimitsPart(Form):
    """What one run may use at most."""

    FIELDS: tuple[tuple[str, str, str, int], ...] = (
        ("steps", "Steps", "Replies and calls together.", 1),
        ("wall_clock_seconds", "Minutes of work", "Waiting for an answer does not count.", 60),
        ("tokens", "Tokens", "Sent and received together.", 1),
        ("transcript_tokens", "Tokens it is shown at once", "Earlier steps are left out beyond that.", 1),
        ("malformed_replies", "Broken replies in a row", "After so many it fails and says why.", 1),
    )

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, tr("Limits"), tr("What one run may use at most. It ends early and says so, or waits."))
        self.fields: dict[str, QLineEdit] = {}
        self.problems: dict[str, Label] = {}
        for name, words, hint, unit in self.FIELDS:
            field = _number_field(r"[0-9]{1,9}")
            field.textEdited.connect(self._changer(name, unit))
            self.fields[name] = field
            self.add_field(tr(words), tr(hint), field)
            problem = self.problems[name] = Label("", "small", tone="bad")
            problem.setWordWrap(True)
            problem.hide()
            self.column.addWidget(problem)
        self.money = _number_field(r"[0-9]{0,6}([.,][0-9]{0,2})?")
        self.money.setPlaceholderText(tr("no limit"))
        self.money.textEdited.connect(self._on_money)
        hint = tr("In the currency of the price list; left empty there is none. It is set aside before each call.")
        self.add_field(tr("Money"), hint, self.money)
        self.column.addStretch(1)

    def show_draft(self, draft: Draft) -> None:
        for name, _words, _hint, unit in self.FIELDS:
            value = getattr(draft.limits, name)
            _set(self.fields[name], str(max(1, round(value / unit))))
            self._say(name, "")
        micros = draft.limits.cost_micros
        _set(self.money, f"{micros / 1_000_000:.2f}" if micros else "")

    def take_focus(self) -> None:
        self.fields["steps"].setFocus()

    def _changer(self, name: str, unit: int) -> Callable[[str], None]:
        def change(text: str) -> None:
            value = int(text) if text.isdecimal() else 0
            field = self.fields[name].accessibleName()
            self._say(name, tr("{field}: give a whole number from 1.").format(field=field) if value < 1 else "")
            if value >= 1 and not self.is_taking:
                self.state.edit_limits(**{name: value * unit})

        return change

    def _on_money(self, text: str) -> None:
        if not self.is_taking:
            amount = float(text.replace(",", ".")) if text.strip(".,") else 0.0
            self.state.edit_limits(cost_micros=round(amount * 1_000_000))

    def _say(self, name: str, problem: str) -> None:
        self.problems[name].setText(problem)
        self.problems[name].setVisible(bool(problem))
        self.state.say_wrong(f"limits.{name}", problem)


def _text_field(height: int) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setObjectName("field")
    field.setFont(font("body"))
    field.setTabChangesFocus(True)
    if height:
        field.setFixedHeight(height)
    return field


def _number_field(pattern: str) -> QLineEdit:
    field = QLineEdit()
    field.setFont(font("mono"))
    field.setMaximumWidth(180)
    field.setValidator(QRegularExpressionValidator(QRegularExpression(pattern), field))
    return field


def _set(field: QLineEdit | QPlainTextEdit, text: str) -> None:
    """Show a text unless it stands there; a cursor in it stays where it is."""
    if isinstance(field, QLineEdit):
        if field.text() != text:
            field.setText(text)
    elif field.toPlainText() != text:
        field.setPlainText(text)
