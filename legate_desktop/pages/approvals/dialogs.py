"""The dialogs of the page: a reason, a scope, edited arguments, a proof. Each is bound to its card."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QDate, QDateTime, Qt, QTime, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDateEdit,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QStackedWidget,
    QWidget,
)

from legate_desktop.core_words import tr_core
from legate_desktop.json_text import JsonError, as_text
from legate_desktop.pages.approvals.diff import Diff
from legate_desktop.pages.approvals.edit_form import ArgumentsForm
from legate_desktop.pages.approvals.view import Card, Preview, Scope, versions
from legate_desktop.theme.look import font
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.json_editor import JsonEditor
from legate_desktop.widgets.labels import Label, OutsideText, hint_label
from legate_desktop.words import number, tr, visible

LONGEST_REASON = 2_000
DEFAULT_DAYS = 7


class RejectDialog(Dialog):
    """Why not. The reason is the person's own words to the agent, and may be empty."""

    def __init__(self, card: Card, *, and_stop: bool, parent: QWidget | None = None) -> None:
        title = tr("Reject and stop the run") if and_stop else tr("Reject")
        super().__init__(title, title if not and_stop else tr("Reject and stop"), kind="danger", parent=parent)
        self.card = card
        self.and_stop = and_stop
        self.body.addWidget(OutsideText(tr_core(card.sentence), name=tr("What is asked")))
        hint = (
            tr("The run ends here. The reason is kept in its log.")
            if and_stop
            else tr("The reason goes to the agent, which may plan again. It may be left empty.")
        )
        label = Label(tr("Reason"), "name")
        self.reason = QPlainTextEdit()
        self.reason.setObjectName("field")
        self.reason.setFont(font("body"))
        self.reason.setTabChangesFocus(True)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.setFixedHeight(96)
        label.setBuddy(self.reason)
        self.body.addWidget(label)
        self.body.addWidget(self.reason)
        self.body.addWidget(hint_label(hint))
        self.setMinimumWidth(480)
        self.reason.setFocus()

    @property
    def text(self) -> str:
        """The reason as given."""
        return self.reason.toPlainText().strip()

    def what_is_wrong(self) -> str:
        if len(self.text) > LONGEST_REASON:
            return tr("At most {n} characters.").format(n=number(LONGEST_REASON))
        return ""


class RejectManyDialog(Dialog):
    """One reason for several questions; each agent gets it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, title, kind="danger", parent=parent)
        label = Label(tr("Reason"), "name")
        self.reason = QPlainTextEdit()
        self.reason.setObjectName("field")
        self.reason.setFont(font("body"))
        self.reason.setTabChangesFocus(True)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.setFixedHeight(96)
        label.setBuddy(self.reason)
        for widget in (label, self.reason):
            self.body.addWidget(widget)
        self.body.addWidget(
            hint_label(tr("The reason goes to each agent, which may plan again. It may be left empty."))
        )
        self.setMinimumWidth(480)
        self.reason.setFocus()

    @property
    def text(self) -> str:
        """The reason as given."""
        return self.reason.toPlainText().strip()

    def what_is_wrong(self) -> str:
        if len(self.text) > LONGEST_REASON:
            return tr("At most {n} characters.").format(n=number(LONGEST_REASON))
        return ""


class ScopeChoice(QWidget):
    """One scope: a radio button, and its words beside it, whole and wrapped, because they quote the agent."""

    def __init__(self, scope: Scope, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope = scope
        self.radio = QRadioButton()
        self.radio.setAccessibleName(visible(tr_core(scope.words), keep_lines=False))
        self.words = OutsideText(visible(tr_core(scope.words), keep_lines=False), ink="text")
        self.words.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        row.addWidget(self.radio, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.radio.setChecked(True)
        self.radio.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()


class ScopesDialog(Dialog):
    """Approve, and make a rule of it: one of the scopes the core offers, with what it would have answered so far."""

    preview_wanted = Signal()

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(tr("Approve, and for later too"), tr("Approve"), parent=parent)
        self.card = card
        self.send_button.set_held(card.row.is_grave)
        self.body.addWidget(OutsideText(tr_core(card.sentence), name=tr("What is asked")))
        self.body.addWidget(
            hint_label(tr("This approves what is on the card now, and makes a rule for what is like it:"))
        )
        self._group = QButtonGroup(self)
        self.choices = [ScopeChoice(scope) for scope in card.scopes]
        for at, choice in enumerate(self.choices):
            self._group.addButton(choice.radio, at)
            self.body.addWidget(choice)
        self.amount = QLineEdit()
        self.amount.setAccessibleName(tr("At most"))
        self.amount.setPlaceholderText(tr("At most: the amount on the card, or another such as 48.20"))
        self.amount.hide()
        self.body.addWidget(self.amount)
        self.until = QDateEdit(QDate.currentDate().addDays(DEFAULT_DAYS))
        self.until.setMinimumDate(QDate.currentDate())
        self.until.setDisplayFormat("d MMMM yyyy")
        self.until.setAccessibleName(tr("Until the end of"))
        self.until.setToolTip(tr("Until the end of this day. Type it, or use the arrows."))
        self.until.hide()
        self.body.addWidget(self.until)
        self.preview = OutsideText("", "small", framed=True, most_lines=7, name=tr("What this would have answered"))
        self.preview.hide()
        self.body.addWidget(self.preview)
        self.body.addWidget(hint_label(tr("The rule stands under Rules, with its uses, and can be deleted there.")))
        self._group.idToggled.connect(lambda _at, _is_on: self._on_chosen())
        self.setMinimumWidth(540)
        if self.choices:
            self.choices[0].radio.setFocus()

    @property
    def scope(self) -> Scope | None:
        """The chosen scope."""
        at = self._group.checkedId()
        return self.card.scopes[at] if at >= 0 else None

    @property
    def amount_minor(self) -> int | None:
        """The amount in hundredths, as amounts are counted; None for the one on the card."""
        text = self.amount.text().strip()
        if self.scope is None or not self.scope.needs_amount or not text:
            return None
        return int(Decimal(text) * 100)

    @property
    def ends_at(self) -> int | None:
        """The last moment of the chosen day here, for a scope that wants an end."""
        if self.scope is None or not self.scope.needs_end:
            return None
        return QDateTime(self.until.date().addDays(1), QTime(0, 0)).toMSecsSinceEpoch() - 1

    def choose(self, at: int) -> None:
        """Choose the scope at this place."""
        self._group.button(at).setChecked(True)

    def what_is_wrong(self) -> str:
        if self.scope is None:
            return tr("Choose how far this goes.")
        text = self.amount.text().strip()
        if self.scope.needs_amount and text and not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text):
            return tr("Give the amount as digits with at most two decimals, such as 48.20.")
        return ""

    def _on_chosen(self) -> None:
        self.amount.setVisible(self.scope is not None and self.scope.needs_amount)
        self.until.setVisible(self.scope is not None and self.scope.needs_end)
        self.say_problem("")
        self.preview_wanted.emit()

    def show_preview(self, found: Preview | str) -> None:
        """What the chosen scope would have answered, or why that is not known."""
        text = found if isinstance(found, str) else "\n".join([found.words, *found.newest])
        self.preview.set_text(text)
        self.preview.show()


class EditDialog(Dialog):
    """The arguments as a form, or as JSON; what is sent is validated again by the core, and both versions are kept."""

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(tr("Edit, then approve"), tr("Approve the edited"), parent=parent)
        self.card = card
        self.send_button.set_held(card.row.is_grave)
        self.form = ArgumentsForm(card.proposed)
        self.editor = JsonEditor(dict(card.proposed), tr("Arguments as JSON"))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.form)
        self.stack.addWidget(self.editor)
        self.stack.setMinimumHeight(260)
        self.turn = Button("", kind="quiet")
        self.turn.fired.connect(self.turn_over)
        head = QHBoxLayout()
        head.addWidget(OutsideText(card.row.tool, "mono_name", name=tr("Tool")), 1)
        head.addWidget(self.turn)
        self.body.addLayout(head)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(
            hint_label(tr("What you change counts as yours for this one call. The audit keeps both versions."))
        )
        self.difference = Diff((), tr("Proposed, and yours"))
        self.difference.hide()
        self.body.insertWidget(2, self.difference)
        self.form.checked.connect(self._on_checked)
        self.editor.checked.connect(self._on_checked)
        self.resize(640, 560)
        self._on_checked()
        self.form.take_focus()

    @property
    def is_json(self) -> bool:
        """Whether the JSON is shown, and counts."""
        return self.stack.currentWidget() is self.editor

    @property
    def value(self) -> dict[str, Any] | JsonError:
        """The arguments as they stand, or what is wrong with them."""
        return self.editor.value if self.is_json else self.form.value

    def turn_over(self) -> None:
        """From the form to JSON or back; what was changed comes along, so something wrong must be put right first."""
        value = self.value
        if isinstance(value, JsonError):
            self.say_problem(value.message)
            return
        if self.is_json:
            fresh = ArgumentsForm(value)
            fresh.checked.connect(self._on_checked)
            self.stack.insertWidget(0, fresh)
            self.stack.removeWidget(self.form)
            self.form.deleteLater()
            self.form = fresh
            self.stack.setCurrentWidget(fresh)
            fresh.take_focus()
        else:
            self.editor.setPlainText(as_text(value))
            self.stack.setCurrentWidget(self.editor)
            self.editor.setFocus()
        self._on_checked()

    def what_is_wrong(self) -> str:
        value = self.value
        if isinstance(value, JsonError):
            return value.message
        if value == dict(self.card.proposed):
            return tr("Nothing is changed yet. To approve it as it is, go back and press A.")
        return ""

    def _on_checked(self) -> None:
        value = self.value
        self.turn.setText(tr("As a form") if self.is_json else tr("As JSON"))
        self.turn.setAccessibleName(self.turn.text())
        self.turn.updateGeometry()
        self.say_problem(value.message if isinstance(value, JsonError) else "")
        changes = () if isinstance(value, JsonError) else versions(self.card.proposed, value)
        self.difference.show_changes(changes)
        self.difference.setVisible(bool(changes))
        self.send_button.setEnabled(not isinstance(value, JsonError))
