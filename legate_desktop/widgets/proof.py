"""Who is asking: the passphrase again, for what needs a fresh proof."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.words import tr


class ProofDialog(Dialog):
    """`what` says what goes on once it is proved."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Is it you?"), tr("Go on"), parent=parent)
        self.body.addWidget(OutsideText(what, name=tr("What goes on")))
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName(tr("Passphrase"))
        label = Label(tr("Passphrase"), "name")
        label.setBuddy(self.passphrase)
        hint = Label(tr("What leaves this machine or loosens a rule asks for it again."), "small", tone="quiet")
        hint.setWordWrap(True)
        for widget in (label, self.passphrase, hint):
            self.body.addWidget(widget)
        self.setMinimumWidth(460)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.passphrase.text() else tr("Give your passphrase.")
