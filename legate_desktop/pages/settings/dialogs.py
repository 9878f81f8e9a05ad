"""What a backup and its restoring ask: a place, and a passphrase."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import OutsideText, hint_label
from legate_desktop.widgets.passphrase import is_too_short, least_words, passphrase_field
from legate_desktop.words import tr


class BackupDialog(Dialog):
    """The passphrase of a new backup, twice."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Back everything up"), tr("Write it"), parent=parent)
        self.body.addWidget(OutsideText(str(path), "mono", framed=True, name=tr("The file")))
        said = tr(
            "It holds everything, keys included. Who has the file and this passphrase has all of it; nobody else."
        )
        self.passphrase = passphrase_field(tr("Passphrase of the backup"))
        self.add_field(self.passphrase)
        self.again = passphrase_field(tr("The same again"))
        self.add_field(self.again)
        self.body.addWidget(hint_label(said))
        self.body.addWidget(hint_label(least_words()))
        self.setMinimumWidth(520)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        if is_too_short(self.passphrase.text()):
            return least_words()
        return "" if self.passphrase.text() == self.again.text() else tr("The two differ.")


class RestoreDialog(Dialog):
    """The passphrase of a backup that goes into a folder."""

    def __init__(self, path: Path, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Restore a backup"), tr("Restore it"), parent=parent)
        self.body.addWidget(OutsideText(f"{path}\n→ {folder}", "mono", framed=True, name=tr("From and to")))
        self.passphrase = passphrase_field(tr("Passphrase of the backup"))
        self.add_field(self.passphrase)
        self.body.addWidget(hint_label(tr("It is unpacked and verified there. What is here now stays as it is.")))
        self.setMinimumWidth(520)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.passphrase.text() else tr("Give the passphrase of the backup.")
