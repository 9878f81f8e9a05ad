"""The Vault page while it is locked: why, and the one field that opens it again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from legate_desktop.theme.look import look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.notices import IconLabel
from legate_desktop.words import tr

FIELD_PX = 320


class LockedView(QWidget):
    """`given` carries what was typed; `say` shows why it opened nothing."""

    given = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Label("", "body")
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(tr("Passphrase"))
        self.field.setPlaceholderText(tr("Passphrase"))
        self.field.setFixedWidth(look.px(FIELD_PX))
        self.field.returnPressed.connect(self._send)
        self.button = Button(tr("Unlock"), kind="primary", icon_name="lock-open")
        self.button.fired.connect(self._send)
        self.problem = Label("", "small", tone="bad")
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 32)
        column.setSpacing(12)
        column.addStretch(2)
        for widget in (IconLabel("lock", "text3", 28), Label(tr("The vault is locked"), "title"), self.words):
            if isinstance(widget, Label):
                widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                widget.setWordWrap(True)
                column.addWidget(widget)
            else:
                column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.field)
        row.addWidget(self.button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.problem, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.tell(is_sealed=False)

    def tell(self, *, is_sealed: bool) -> None:
        """What locking means; of a vault that is sealed as well, what unlocking leaves as it is."""
        open_text = tr("Nobody sees what is kept until you prove that it is you. Runs go on meanwhile.")
        sealed_text = tr(
            "Nobody sees what is kept until you prove that it is you. It stays sealed until it is unsealed."
        )
        self.words.setText(sealed_text if is_sealed else open_text)

    def say(self, problem: str) -> None:
        """Why it is still locked; nothing takes the words away."""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def clear(self) -> None:
        """Nothing of what was typed stays."""
        self.field.clear()
        self.say("")

    def _send(self) -> None:
        passphrase = self.field.text()
        self.field.clear()
        if passphrase:
            self.given.emit(passphrase)
        else:
            self.say(tr("Give your passphrase."))
