"""The chosen step, whole: what came out, what it was given, what the model saw, what is stored; its place in the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.runs.view import StepDetail, StepRow, step_name, step_state_words
from legate_desktop.theme.signs import STEP_SIGNS, UNKNOWN
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.icon_button import IconButton
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.long_text import LongText
from legate_desktop.widgets.pill import PillLabel
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.widgets.tabs import Tabs
from legate_desktop.words import number, one_line, plural, short_hash, tr, value_text

LEAST_BODY_PX = 60
TABS = ("output", "arguments", "context", "raw")


class StepPane(QWidget):
    """`approval_wanted` carries the id of the question that the step asked."""

    approval_wanted = Signal(str)
    copied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.tab = "output"
        self._step: StepRow | None = None
        self._detail: StepDetail | None = None
        self._shown: tuple[str, StepDetail | None] | None = None
        self.title = OutsideText("", "title", ink="text", name=tr("Step"))
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.pill = PillLabel()
        self.tabs = Tabs(
            [
                ("output", tr("Output")),
                ("arguments", tr("Arguments")),
                ("context", tr("Context")),
                ("raw", tr("Raw")),
            ],
            tr("What of the step"),
        )
        self.tabs.chosen.connect(self.turn_to)
        self.body = QScrollArea()
        self.body.setWidgetResizable(True)
        self.body.setFrameShape(QFrame.Shape.NoFrame)
        self.body.setObjectName("detail")
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.setMinimumHeight(LEAST_BODY_PX)
        self.question = Button(tr("Open its question"), kind="quiet")
        self.question.fired.connect(self._on_question)
        self.chain = OutsideText("", "mono", ink="text2", name=tr("Its place in the chain"))
        self.copy = IconButton("copy", tr("Copy the whole hash"))
        self.copy.fired.connect(self._copy)
        self._build()
        self.show_step(None, None)

    def turn_to(self, tab: str) -> None:
        """Output, arguments, context or raw."""
        self.tab = tab
        self.tabs.choose(tab)
        self._show_body()

    def set_compact(self, *, is_compact: bool) -> None:
        """Below the log the chosen row says already which step this is."""
        self.title.setVisible(not is_compact)

    def show_step(self, step: StepRow | None, detail: StepDetail | None) -> None:
        """Show this step; its content may come a moment later."""
        self._step, self._detail = step, detail
        self.setEnabled(step is not None)
        self.title.set_text(one_line(step_name(step)) if step else tr("No step chosen"))
        self.sign.setVisible(step is not None)
        self.sign.set_sign(STEP_SIGNS.get(step.state, UNKNOWN) if step else UNKNOWN)
        self.words.setText(_state_line(step, detail) if step else "")
        self.pill.setVisible(step is not None and bool(step.effect))
        if step is not None and step.effect:
            self.pill.set_effect(step.effect)
        self.question.setVisible(step is not None and bool(step.approval_id))
        has_place = detail is not None and detail.seq > 0
        for widget in (self.chain, self.copy, self._chain_caption):
            widget.setVisible(has_place)
        if detail is not None and has_place:
            place = tr("seq {seq}   {hash}")
            self.chain.set_text(place.format(seq=number(detail.seq), hash=short_hash(detail.entry_hash)))
            self.chain.setToolTip(detail.entry_hash)
            self.chain.setAccessibleDescription(detail.entry_hash)
        self._show_body()

    # Building.

    def _build(self) -> None:
        self._chain_caption = Caption(tr("Chain"))
        state_row = QHBoxLayout()
        state_row.setSpacing(8)
        state_row.addWidget(self.sign)
        state_row.addWidget(self.words, 1)
        state_row.addWidget(self.pill)
        head = QVBoxLayout()
        head.setContentsMargins(20, 14, 20, 0)
        head.setSpacing(4)
        head.addWidget(self.title)
        head.addLayout(state_row)
        self._questions = QHBoxLayout()
        self._questions.setSpacing(4)
        self._questions.addWidget(self.question)
        self._questions.addStretch(1)
        chain_row = QHBoxLayout()
        chain_row.setSpacing(8)
        chain_row.addWidget(self._chain_caption)
        chain_row.addWidget(self.chain, 1)
        chain_row.addWidget(self.copy)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 4, 12, 10)
        foot.setSpacing(2)
        foot.addLayout(self._questions)
        foot.addLayout(_inset(chain_row, 8))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.tabs)
        column.addWidget(self.body, 1)
        column.addLayout(foot)

    # Showing.

    def _show_body(self) -> None:
        wanted = (self.tab, self._detail)
        if self._shown is not None and self._shown[0] == wanted[0] and self._shown[1] == wanted[1]:
            return
        self._shown = wanted
        inside = QWidget()
        inside.setObjectName("detailBody")
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 6, 20, 12)
        column.setSpacing(6)
        detail = self._detail
        if detail is not None and not detail.is_shown:
            column.addWidget(_note(tr("You may not read what this step holds, or it was erased.")))
        elif detail is not None:
            {"output": _output, "arguments": _arguments, "context": _context, "raw": _raw}[self.tab](column, detail)
        column.addStretch(1)
        self.body.setWidget(inside)

    def _on_question(self) -> None:
        if self._step is not None and self._step.approval_id:
            self.approval_wanted.emit(self._step.approval_id)

    def _copy(self) -> None:
        if self._detail is not None:
            QGuiApplication.clipboard().setText(self._detail.entry_hash)
            self.copied.emit()


def _state_line(step: StepRow, detail: StepDetail | None) -> str:
    parts = [step_state_words(step.state)]
    if step.model:
        parts.append(one_line(step.model))
    if step.tokens:
        parts.append(tr("{count} tok").format(count=number(step.tokens)))
    if detail is not None and detail.taken_over:
        parts.append(tr("Taken over, not done again"))
    return " · ".join(parts)


def _output(column: QVBoxLayout, detail: StepDetail) -> None:
    if detail.output:
        column.addWidget(LongText(detail.output, tr("Output"), most_lines=40))
    else:
        column.addWidget(_note(tr("Nothing came out yet.")))


def _arguments(column: QVBoxLayout, detail: StepDetail) -> None:
    if detail.arguments is None:
        column.addWidget(_note(tr("This step was given no arguments.")))
        return
    is_edited = detail.proposed is not None and detail.proposed != detail.arguments
    if is_edited:
        column.addWidget(_note(tr("A person edited it. It ran with these:")))
    _values(column, detail.arguments)
    if is_edited:
        column.addWidget(_note(tr("The agent had proposed these:")))
        _values(column, detail.proposed)


def _values(column: QVBoxLayout, arguments: Any) -> None:
    if not isinstance(arguments, Mapping):
        column.addWidget(LongText(value_text(arguments), tr("Arguments")))
        return
    for name, value in cast("Mapping[str, Any]", arguments).items():
        column.addWidget(Label(one_line(str(name)), "mono", tone="quiet"))
        column.addWidget(LongText(value_text(value), one_line(str(name)), most_lines=12))


ROLES = {"system": "Instructions", "user": "Person", "assistant": "Model", "tool": "Tool"}


def _context(column: QVBoxLayout, detail: StepDetail) -> None:
    if not detail.context:
        column.addWidget(_note(tr("No model was asked for this.")))
        return
    column.addWidget(_note(plural("The model was given %n message(s), the oldest first.", len(detail.context))))
    for message in detail.context:
        who = tr(ROLES.get(message.role, message.role))
        caption = f"{who} · {one_line(message.name)}" if message.name else who
        column.addWidget(Label(caption, "mono", tone="quiet"))
        column.addWidget(LongText(message.text, caption, most_lines=8))


def _raw(column: QVBoxLayout, detail: StepDetail) -> None:
    column.addWidget(LongText(value_text(detail.raw), tr("What is stored"), most_lines=60))


def _note(text: str) -> Label:
    note = Label(text, "small", tone="quiet")
    note.setWordWrap(True)
    return note


def _inset(layout: QHBoxLayout, side: int) -> QHBoxLayout:
    layout.setContentsMargins(side, 0, 0, 0)
    return layout
