"""What is asked before a secret comes, changes or goes, before the vault is sealed, and for its passphrase."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.pages.vault.view import KINDS, Form, NewSecret, SecretRow, loses_words, stop_words
from legate_desktop.widgets.check_box import CheckBox
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, hint_label
from legate_desktop.widgets.passphrase import is_too_short, least_words, passphrase_field
from legate_desktop.words import one_line, plural, tr

NAME_MOST = 80
WIDE_PX = 520

Recognise = Callable[[str], Form]


class NewSecretDialog(Dialog):
    """A secret on its way in. What is pasted is recognised by its form, and fills in what is still empty."""

    def __init__(self, recognise: Recognise, *, may_share: bool, parent: QWidget | None = None) -> None:
        super().__init__(tr("Add a secret"), tr("Put it into the vault"), parent=parent)
        self._recognise = recognise
        self._form = Form("")
        self._filled: dict[QLineEdit, str] = {}
        self.value = secret_field(tr("The secret"))
        self.found = hint_label("")
        self.name = _line(tr("What it is called"), tr("such as Mail password"), NAME_MOST)
        self.hosts = _line(tr("Where it may be sent"), tr("such as api.example.com"))
        self.kind = ChoiceButton(tr("What it is"), tuple((kind, tr(word)) for kind, word in KINDS.items()))
        self.kind.choose("api_key")
        self.kind.chosen.connect(self.kind.choose)
        self.personal = CheckBox(tr("For my own runs only"))
        self.personal.setEnabled(may_share)
        self.personal.setChecked(not may_share)
        hosts_hint = tr("Hosts, with a blank between them. It is never lent for another, and there are no wildcards.")
        self._add(self.value, tr("Paste it. It is not shown again, and the clipboard is emptied once it is kept."))
        self.body.addWidget(self.found)
        self._add(self.name, "")
        self._add(self.hosts, hosts_hint)
        self.body.addWidget(Label(tr("What it is"), "name"))
        self.body.addWidget(self.kind)
        self.body.addWidget(self.personal)
        self.setMinimumWidth(WIDE_PX)
        self.value.textChanged.connect(self._on_value)
        self.value.setFocus()

    @property
    def given(self) -> NewSecret:
        """The secret as given."""
        connector = self._form.connector if self.hosts.text().strip() == self._form.host else ""
        return NewSecret(
            self.name.text().strip(),
            self._form.text,
            tuple(self.hosts.text().replace(",", " ").split()),
            self.kind.current,
            connector,
            self.personal.isChecked(),
        )

    def fill(self, given: NewSecret, problem: str) -> None:
        """Show again what could not be kept, and why."""
        self.value.setText(given.value)
        self.name.setText(given.name)
        self.hosts.setText(" ".join(given.hosts))
        self.kind.choose(given.kind)
        self.personal.setChecked(given.is_personal)
        self.say_problem(problem)
        # The first key typed into the field of the secret would empty it; it is seldom what was wrong.
        self.name.setFocus()

    def what_is_wrong(self) -> str:
        if not self._form.text:
            return tr("Paste the secret.")
        if not self.name.text().strip():
            return tr("Give it a name.")
        return "" if self.given.hosts else tr("Name a host that it may be sent to.")

    def _on_value(self, text: str) -> None:
        self._form = self._recognise(text)
        lines = text.strip().count("\n") + 1
        said = plural("%n line(s)", lines) if lines > 1 else ""
        if self._form.who:
            where = tr("for {host}").format(host=self._form.host) if self._form.host else ""
            said = ", ".join(part for part in (tr("Recognised: {who}").format(who=self._form.who), where, said) if part)
            self._suggest(self.name, self._form.who)
            self._suggest(self.hosts, self._form.host)
            if self._form.kind in KINDS:
                self.kind.choose(self._form.kind)
        self.found.setText(said)

    def _suggest(self, field: QLineEdit, text: str) -> None:
        """Fill in what the form says, unless somebody typed something else there."""
        if text and field.text() == self._filled.get(field, ""):
            field.setText(text)
            self._filled[field] = text

    def _add(self, field: QLineEdit, hint: str) -> None:
        self.add_field(field)
        if hint:
            self.body.addWidget(hint_label(hint))


class ReplaceDialog(Dialog):
    """A new value for a secret."""

    def __init__(self, row: SecretRow, recognise: Recognise, parent: QWidget | None = None) -> None:
        title = tr("Replace {name}").format(name=one_line(row.name))
        super().__init__(title, tr("Replace its value"), parent=parent)
        self._recognise = recognise
        self.value = secret_field(tr("The new value"))
        label = Label(self.value.accessibleName(), "name")
        label.setBuddy(self.value)
        said = tr("The old value is gone at once. Hosts and name stay; what names it goes on with the new one.")
        self.found = hint_label("")
        self._hosts = row.hosts
        for widget in (label, self.value, hint_label(said), self.found):
            self.body.addWidget(widget)
        self.setMinimumWidth(WIDE_PX)
        self.value.textChanged.connect(self._on_value)
        self.value.setFocus()

    @property
    def given(self) -> str:
        """The value as given."""
        return self._recognise(self.value.text()).text

    def what_is_wrong(self) -> str:
        return "" if self.given else tr("Paste the secret.")

    def _on_value(self, text: str) -> None:
        form = self._recognise(text)
        if form.host and form.host not in self._hosts:
            said = tr("This looks like one for {host}, but this secret goes to {hosts}.")
            self.found.setText(said.format(host=form.host, hosts=", ".join(self._hosts)))
        else:
            self.found.setText(tr("Recognised: {who}").format(who=form.who) if form.who else "")


class RemoveDialog(Dialog):
    """A secret is about to go for good: what fails then."""

    def __init__(self, row: SecretRow, parent: QWidget | None = None) -> None:
        title = tr("Remove {name} for good").format(name=one_line(row.name))
        super().__init__(title, tr("Remove it"), kind="danger", parent=parent)
        said = tr(
            "Its value is destroyed and cannot be brought back. That it was here, and who used it, stays in the journal."
        )
        for text, tone in ((loses_words(row), "bad" if not row.uses.is_none else ""), (said, "quiet")):
            self.body.addWidget(_text(text, tone))
        self.setMinimumWidth(WIDE_PX)
        self.cancel_button.setFocus()


class SealDialog(Dialog):
    """The vault is about to be sealed: what that stops."""

    def __init__(self, rows: list[SecretRow], *, needs_passphrase: bool, parent: QWidget | None = None) -> None:
        super().__init__(tr("Seal the vault"), tr("Seal it"), kind="danger", parent=parent)
        runs = any(row.uses.runs for row in rows)
        said = tr("Lending stops at once, the keys are forgotten, and a restart does not open it. Nothing is lost.")
        back = (
            tr("Only your passphrase unseals it.") if needs_passphrase else tr("Unsealing it needs no passphrase here.")
        )
        for text, tone in ((stop_words(rows), "bad" if runs else ""), (said, "quiet"), (back, "quiet")):
            self.body.addWidget(_text(text, tone))
        self.setMinimumWidth(WIDE_PX)
        self.send_button.setFocus()


class UnsealDialog(Dialog):
    """The passphrase that opens the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Unseal the vault"), tr("Unseal"), parent=parent)
        self.passphrase = passphrase_field(tr("Passphrase"))
        self.add_field(self.passphrase)
        self.body.addWidget(hint_label(tr("Secrets are lent again, and runs that waited go on.")))
        self.setMinimumWidth(WIDE_PX)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.passphrase.text() else tr("Give your passphrase.")


class PassphraseDialog(Dialog):
    """A passphrase is set or changed. `why` says what it is wanted for, where something waits for it."""

    def __init__(self, *, has_one: bool, opens_keys: bool, why: str = "", parent: QWidget | None = None) -> None:
        title = tr("Change the passphrase") if has_one else tr("Set a passphrase")
        super().__init__(title, tr("Change it") if has_one else tr("Set it"), parent=parent)
        keys = tr("It opens the keys of everything that is kept here. Without it nothing can be read: keep it safe.")
        proof = tr("It proves that it is you, for what is grave, and unlocks this page.")
        self.old = passphrase_field(tr("Old passphrase"))
        self.new = passphrase_field(tr("New passphrase"))
        self.again = passphrase_field(tr("The same again"))
        if why:
            self.body.addWidget(_text(why, ""))
        self.body.addWidget(_text(keys if opens_keys else proof, "quiet"))
        self._has_one = has_one
        for field in (self.old, self.new, self.again) if has_one else (self.new, self.again):
            self.add_field(field)
        least = least_words()
        self.body.addWidget(hint_label(least))
        self.setMinimumWidth(WIDE_PX)
        (self.old if has_one else self.new).setFocus()

    def what_is_wrong(self) -> str:
        if self._has_one and not self.old.text():
            return tr("Give the old passphrase.")
        if is_too_short(self.new.text()):
            return least_words()
        return "" if self.new.text() == self.again.text() else tr("The two new ones differ.")


def secret_field(name: str) -> QLineEdit:
    """A field for a secret: seen only while it is typed, never remembered by an input method."""
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
    field.setAccessibleName(name)
    return field


def _line(name: str, example: str, most: int = 2_000) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setMaxLength(most)
    return field


def _text(text: str, tone: str) -> Label:
    label = Label(text, "body", tone=tone)
    label.setWordWrap(True)
    return label
