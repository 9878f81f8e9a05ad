"""Who is asking: the passphrase again, for what needs a fresh proof."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import OutsideText, hint_label
from legate_desktop.widgets.passphrase import passphrase_field
from legate_desktop.words import tr


class ProofDialog(Dialog):
    """`what` says what goes on once it is proved, `why` why that needs a proof."""

    def __init__(self, what: str, parent: QWidget | None = None, *, why: str = "") -> None:
        super().__init__(tr("Is it you?"), tr("Go on"), parent=parent)
        self.body.addWidget(OutsideText(what, name=tr("What goes on")))
        self.passphrase = passphrase_field(tr("Passphrase"))
        self.add_field(self.passphrase)
        self.body.addWidget(hint_label(why or tr("What leaves this machine or loosens a rule asks for it again.")))
        self.setMinimumWidth(460)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.passphrase.text() else tr("Give your passphrase.")
