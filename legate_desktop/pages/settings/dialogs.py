"""What a backup and its restoring ask: a place, and a passphrase."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.words import plural, tr

PASSPHRASE_LEAST = 8


class BackupDialog(Dialog):
    """The passphrase of a new backup, twice."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Back everything up"), tr("Write it"), parent=parent)
        self.body.addWidget(OutsideText(str(path), "mono", framed=True, name=tr("The file")))
        said = tr(
            "It holds everything, keys included. Who has the file and this passphrase has all of it; nobody else."
        )
        self.passphrase = _field(self, tr("Passphrase of the backup"))
        self.again = _field(self, tr("The same again"))
        self.body.addWidget(_hint(said))
        self.body.addWidget(_hint(plural("At least %n character(s); a few words are best.", PASSPHRASE_LEAST)))
        self.setMinimumWidth(520)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        if len(self.passphrase.text()) < PASSPHRASE_LEAST:
            return plural("At least %n character(s); a few words are best.", PASSPHRASE_LEAST)
        return "" if self.passphrase.text() == self.again.text() else tr("The two differ.")


class RestoreDialog(Dialog):
    """The passphrase of a backup that goes into a folder."""

    def __init__(self, path: Path, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Restore a backup"), tr("Restore it"), parent=parent)
        self.body.addWidget(OutsideText(f"{path}\n→ {folder}", "mono", framed=True, name=tr("From and to")))
        self.passphrase = _field(self, tr("Passphrase of the backup"))
        self.body.addWidget(_hint(tr("It is unpacked and verified there. What is here now stays as it is.")))
        self.setMinimumWidth(520)
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.passphrase.text() else tr("Give the passphrase of the backup.")


def _field(dialog: Dialog, name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    label = Label(name, "name")
    label.setBuddy(field)
    dialog.body.addWidget(label)
    dialog.body.addWidget(field)
    return field


def _hint(text: str) -> Label:
    hint = Label(text, "small", tone="quiet")
    hint.setWordWrap(True)
    return hint
