"""The three dialogs of the page: a reason, a scope, edited arguments. Each is bound to the card it was opened for."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QPlainTextEdit, QRadioButton, QWidget

from legate_desktop.pages.approvals.view import Card, JsonError
from legate_desktop.theme.look import font
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.json_editor import JsonEditor
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.words import tr, visible

LONGEST_REASON = 2_000


class RejectDialog(Dialog):
    """Why not. The reason is the person's own words to the agent, and may be empty."""

    def __init__(self, card: Card, *, and_stop: bool, parent: QWidget | None = None) -> None:
        title = tr("Reject and stop the run") if and_stop else tr("Reject")
        super().__init__(title, title if not and_stop else tr("Reject and stop"), kind="danger", parent=parent)
        self.card = card
        self.and_stop = and_stop
        self.body.addWidget(OutsideText(card.sentence, name=tr("What is asked")))
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
        hint_label = Label(hint, "small", tone="quiet")
        hint_label.setWordWrap(True)
        self.body.addWidget(hint_label)
        self.setMinimumWidth(480)
        self.reason.setFocus()

    @property
    def text(self) -> str:
        """The reason as given."""
        return self.reason.toPlainText().strip()

    def what_is_wrong(self) -> str:
        if len(self.text) > LONGEST_REASON:
            return tr("At most {n} characters.").format(n=f"{LONGEST_REASON:,}")
        return ""


class ScopesDialog(Dialog):
    """Approve, and make a rule of it: one of the scopes the core offers."""

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(tr("Approve, and for later too"), tr("Approve"), parent=parent)
        self.card = card
        self.body.addWidget(OutsideText(card.sentence, name=tr("What is asked")))
        text = tr("This approves what is on the card now, and makes a rule for what is like it. Rules can be deleted under Rules.")
        hint = Label(text, "small", tone="quiet")
        hint.setWordWrap(True)
        self.body.addWidget(hint)
        self._group = QButtonGroup(self)
        for at, scope in enumerate(card.scopes):
            # A mnemonic would be read out of the agent's text: every & is doubled.
            choice = QRadioButton(visible(scope.words, keep_lines=False).replace("&", "&&"))
            choice.setAccessibleName(visible(scope.words, keep_lines=False))
            choice.setFont(font("body"))
            self._group.addButton(choice, at)
            self.body.addWidget(choice)
        self.setMinimumWidth(520)
        if first := self._group.button(0):
            first.setFocus()

    @property
    def scope_id(self) -> str:
        """The chosen scope."""
        at = self._group.checkedId()
        return self.card.scopes[at].id if at >= 0 else ""

    def choose(self, at: int) -> None:
        """Choose the scope at this place."""
        self._group.button(at).setChecked(True)

    def what_is_wrong(self) -> str:
        return "" if self.scope_id else tr("Choose how far this goes.")


class EditDialog(Dialog):
    """The arguments as JSON; what is sent is validated again by the core, and both versions are kept."""

    def __init__(self, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(tr("Edit, then approve"), tr("Approve the edited"), parent=parent)
        self.card = card
        self.send_button.set_held(card.row.is_grave)
        self.body.addWidget(OutsideText(f"{card.row.tool}", "mono_name", name=tr("Tool")))
        self.editor = JsonEditor(dict(card.proposed), tr("Arguments as JSON"))
        self.editor.setMinimumHeight(260)
        self.body.addWidget(self.editor, 1)
        hint = Label(
            tr("What you change counts as yours for this one call. The audit keeps what was proposed and what you made of it."),
            "small",
            tone="quiet",
        )
        hint.setWordWrap(True)
        self.body.addWidget(hint)
        self.editor.checked.connect(self._on_checked)
        self.resize(640, 520)
        self._on_checked()
        self.editor.setFocus()

    def what_is_wrong(self) -> str:
        value = self.editor.value
        if isinstance(value, JsonError):
            return value.message
        if value == dict(self.card.proposed):
            return tr("Nothing is changed yet. To approve it as it is, go back and press A.")
        return ""

    def _on_checked(self) -> None:
        value = self.editor.value
        self.say_problem(value.message if isinstance(value, JsonError) else "")
        self.send_button.setEnabled(not isinstance(value, JsonError))
