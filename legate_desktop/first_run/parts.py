"""The middle of each step of the first run: what is shown and done there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.delegates.rows import RowDelegate, RowList, line
from legate_desktop.first_run.state import FirstRunState
from legate_desktop.first_run.view import LogLine
from legate_desktop.models import ROW_ROLE, LiveModel
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.login import StartAtLogin
from legate_desktop.pages.approvals.card import CardView
from legate_desktop.pages.approvals.dialogs import ScopeChoice
from legate_desktop.pages.approvals.diff import Diff
from legate_desktop.pages.approvals.view import Card, Change, Preview
from legate_desktop.theme.look import font, look
from legate_desktop.theme.signs import STEP_SIGNS, UNKNOWN, paint_sign
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.switch import Switch
from legate_desktop.words import one_line, tr

LOG_ROW_PX = 46


class Part(QWidget):
    """A column; `show_now` brings it up to date. With `scrolls_inside` a part of it does, and the rest stays in sight."""

    scrolls_inside = False

    def __init__(self, state: FirstRunState) -> None:
        super().__init__()
        self.setObjectName("dialogBody")
        self.state = state
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)

    def show_now(self) -> None:
        """What changes while the step is shown."""

    def say(self, text: str, *, tone: str = "") -> Label:
        """A sentence below what stands there already."""
        label = Label(text, "body", tone=tone)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label


class PlacePart(Part):
    """Where work is kept, and what locks it."""

    def __init__(self, state: FirstRunState, home: Callable[[], Path | None]) -> None:
        super().__init__(state)
        self._home = home
        self.column.addWidget(Caption(tr("The folder")))
        self.folder = OutsideText("", "mono", ink="text", framed=True, name=tr("Where work is kept"))
        self.column.addWidget(self.folder)
        self.say(
            tr(
                "What is secret in it is locked with a key that lies in this system's keyring. Without a keyring you are "
                "asked for a passphrase."
            )
        )
        self.column.addStretch(1)

    def show_now(self) -> None:
        home = self._home()
        self.folder.set_text(str(home) if home is not None else tr("The engine starts…"))


class LogDelegate(RowDelegate):
    """A line of the log, and below it what it means."""

    row_px = LOG_ROW_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, LogLine):
            return
        side = look.px(12)
        paint_sign(painter, QRectF(box.left(), box.top() + look.px(8), side, side), STEP_SIGNS.get(row.sign, UNKNOWN))
        left, width = box.left() + side + 10, box.width() - side - 10
        line(painter, QPointF(left, box.top() + look.px(4)), width, look.px(20), row.text, font("mono"), "text")
        line(painter, QPointF(left, box.top() + look.px(23)), width, look.px(18), row.meaning, font("small"), "text3")


class DeputyPart(Part):
    """The deputy at work, with a word on every line."""

    scrolls_inside = True

    def __init__(self, state: FirstRunState) -> None:
        super().__init__(state)
        self.begin = Button(tr("Let it work"), kind="primary", icon_name="bot")
        self.begin.fired.connect(state.begin)
        row = QHBoxLayout()
        row.addWidget(self.begin)
        row.addStretch(1)
        self.words = self.say("")
        self.column.insertLayout(0, row)
        self.model: LiveModel[LogLine] = LiveModel(lambda found: f"{found.text}. {found.meaning}")
        self.list = RowList(LogDelegate(), tr("Log of the practice deputy"))
        self.list.setModel(self.model)
        self.column.addWidget(self.list, 1)

    def show_now(self) -> None:
        state = self.state
        self.begin.setVisible(state.approvals is None)
        self.model.set_rows(state.lines)
        self.list.scrollToBottom()
        waits = "deputy" in state.done
        words = tr("It waits for you. Go on to see what for.") if waits else tr("It opens its workspace, and reads…")
        self.words.setText(words if state.approvals is not None else "")


class QuestionPart(Part):
    """The card under the deputy's question, whole, and two answers."""

    scrolls_inside = True

    def __init__(self, state: FirstRunState) -> None:
        super().__init__(state)
        self.card = CardView(leads_to_run=False)
        self.nothing = Label("", "body", tone="quiet")
        self.nothing.setWordWrap(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.card)
        self.stack.addWidget(self.nothing)
        self.column.addWidget(self.stack, 1)
        self.approve = Button(tr("Approve once"), kind="primary", icon_name="check")
        self.reject = Button(tr("Reject"), kind="secondary")
        self.approve.fired.connect(self._approve)
        self.reject.fired.connect(self._reject)
        self.column.addWidget(_wrapping(self.approve, self.reject))

    def show_now(self) -> None:
        approvals = self.state.approvals
        card = approvals.card if approvals is not None else None
        is_open = approvals is not None and card is not None and not approvals.why_not()
        for button in (self.approve, self.reject):
            button.setEnabled(is_open)
        if approvals is not None and card is not None:
            self.card.show_card(card, approvals.now())
            self.stack.setCurrentWidget(self.card)
        else:
            self.nothing.setText(self._nothing())
            self.stack.setCurrentWidget(self.nothing)

    def _nothing(self) -> str:
        if self.state.approvals is None:
            return tr("Let the practice deputy work first, one step back.")
        return tr("Nothing waits now. The deputy may ask again in a moment.")

    def _approve(self) -> None:
        approvals = self.state.approvals
        if approvals is not None and not approvals.is_inert():
            approvals.approve_once()
            self.state.answered(with_rule=False)

    def _reject(self) -> None:
        approvals = self.state.approvals
        if approvals is not None and approvals.card is not None and not approvals.is_inert():
            approvals.reject(approvals.card, "")
            self.state.answered(with_rule=False)


class RulePart(Part):
    """The next question, and how far a yes to it may go."""

    def __init__(self, state: FirstRunState) -> None:
        super().__init__(state)
        self.sentence = OutsideText("", "name", ink="text", name=tr("What is asked"))
        self.column.addWidget(self.sentence)
        self.choices_box = QVBoxLayout()
        self.column.addLayout(self.choices_box)
        self.preview = OutsideText("", "small", framed=True, most_lines=5, name=tr("What this would have answered"))
        self.preview.hide()
        self.column.addWidget(self.preview)
        self.approve = Button(tr("Approve, with a rule"), kind="primary", icon_name="list-checks")
        self.approve.fired.connect(self._approve)
        row = QHBoxLayout()
        row.addWidget(self.approve)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addStretch(1)
        self.choices: list[ScopeChoice] = []
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._on_chosen)
        self._shown: Card | None = None

    def show_now(self) -> None:
        approvals = self.state.approvals
        card = approvals.card if approvals is not None else None
        if card is not self._shown:
            self._show_card(card)
        self.approve.setEnabled(approvals is not None and self._chosen() is not None and not approvals.why_not())

    def _show_card(self, card: Card | None) -> None:
        self._shown = card
        for choice in self.choices:
            self.choices_box.removeWidget(choice)
            choice.hide()
            choice.deleteLater()
        self.preview.hide()
        # A choice that wants an amount or an end is for the real page.
        scopes = [scope for scope in card.scopes if not (scope.needs_end or scope.needs_amount)] if card else []
        self.choices = [ScopeChoice(scope) for scope in scopes]
        for choice in self.choices:
            self._group.addButton(choice.radio)
            self.choices_box.addWidget(choice)
        nothing = tr("Nothing waits now. A rule can be made from any later answer.")
        said = tr_core(card.sentence) if card is not None else nothing
        self.sentence.set_text(said)

    def _chosen(self) -> ScopeChoice | None:
        return next((choice for choice in self.choices if choice.radio.isChecked()), None)

    def _on_chosen(self, _at: int, is_on: bool) -> None:
        approvals, chosen, card = self.state.approvals, self._chosen(), self._shown
        if is_on and approvals is not None and card is not None and chosen is not None:
            approvals.preview(card, chosen.scope.id, None, self._show_preview)
        self.show_now()

    def _show_preview(self, found: Preview | str) -> None:
        self.preview.set_text(found if isinstance(found, str) else "\n".join([found.words, *found.newest]))
        self.preview.show()

    def _approve(self) -> None:
        approvals, chosen, card = self.state.approvals, self._chosen(), self._shown
        if approvals is not None and chosen is not None and card is not None:
            approvals.approve_scope(card, chosen.scope.id)
            self.state.answered(with_rule=True)


class VerifyPart(Part):
    """The verdict, and the byte."""

    def __init__(self, state: FirstRunState) -> None:
        super().__init__(state)
        self.verify = Button(tr("Verify the journal"), kind="primary", icon_name="scroll-text")
        self.verify.fired.connect(state.verify)
        self.change = Button(tr("Change one byte on a copy"), kind="secondary", icon_name="pencil")
        self.change.fired.connect(state.change_byte)
        self.column.addWidget(_wrapping(self.verify, self.change))
        self.verdict = self.say("")
        self.entry = Caption("")
        self.column.addWidget(self.entry)
        self.difference = Diff((), tr("The byte that was changed"))
        self.column.addWidget(self.difference)
        self.found = self.say("", tone="bad")
        self.still = self.say(tr("That was the copy. The journal itself is as it was: verify it again."), tone="quiet")
        self.column.addStretch(1)

    def show_now(self) -> None:
        state = self.state
        self.verify.setEnabled(not state.is_verifying)
        self.change.setEnabled(not state.is_verifying)
        if state.verdict is not None:
            self.verdict.set_tone("good" if state.verdict.is_sound else "bad")
        self.verdict.setText(state.verdict.sentence if state.verdict is not None else "")
        byte = state.changed_byte
        for widget in (self.entry, self.difference, self.found, self.still):
            widget.setVisible(byte is not None)
        if byte is not None:
            self.entry.setText(tr("Entry {seq}, {name}").format(seq=byte.seq, name=one_line(byte.name)))
            self.difference.show_changes((Change("-", one_line(byte.before)), Change("+", one_line(byte.after))))
            self.found.setText(byte.sentence)


class ModelPart(Part):
    """The way to the models; nothing is needed now."""

    def __init__(self, state: FirstRunState, opened: Callable[[], None]) -> None:
        super().__init__(state)
        self.open = Button(tr("Finish, and open Models"), kind="secondary", icon_name="cpu")
        self.open.fired.connect(opened)
        row = QHBoxLayout()
        row.addWidget(self.open)
        row.addStretch(1)
        self.column.addLayout(row)
        self.say(tr("It can wait: the practice deputy needs none, and the Deck reminds you."), tone="quiet")
        self.column.addStretch(1)


class OutsidePart(Part):
    """Three switches, asked here and not before."""

    def __init__(self, state: FirstRunState, choices: Choices | None, login: StartAtLogin) -> None:
        super().__init__(state)
        self._login = login
        self._add(tr("Start at login, in the background"), login.is_on(), self._switch_login)
        if choices is not None:
            now = choices.now
            self._add(
                tr("Go on in the background when the window is closed"),
                now.closing == "stay",
                lambda is_on: choices.choose("closing", "stay" if is_on else "quit"),
            )
            self._add(
                tr("Tell me when something waits"),
                now.notifications,
                lambda is_on: choices.choose("notifications", is_on),
            )
        self.column.addStretch(1)

    def _add(self, name: str, is_on: bool, put: Callable[[bool], Any]) -> None:
        switch = Switch(name)
        switch.setChecked(is_on)
        switch.clicked.connect(lambda checked: put(checked))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(switch)
        label = Label(name, "body")
        label.setBuddy(switch)
        row.addWidget(label, 1, Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row)

    def _switch_login(self, is_on: bool) -> None:
        try:
            if is_on:
                self._login.turn_on()
            else:
                self._login.turn_off()
        except OSError as error:
            self.state.problem = tr("The system refused: {reason}").format(reason=error.strerror or str(error))
            self.state.changed.emit()


def _wrapping(*buttons: Button) -> QWidget:
    """Buttons beside each other, or below where there is no room."""
    row = QWidget()
    flow = FlowLayout(row)
    for button in buttons:
        flow.addWidget(button)
    return row
