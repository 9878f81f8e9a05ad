"""Asking for the passphrase of the keys, at a start that cannot go on without it."""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import hint_label
from legate_desktop.widgets.passphrase import is_too_short, least_words, passphrase_field
from legate_desktop.words import tr

WIDE_PX = 480


class KeysDialog(Dialog):
    """One field for a passphrase that was chosen, two for a new one."""

    def __init__(self, *, is_new: bool, problem: str, parent: QWidget | None = None) -> None:
        title = tr("Choose a passphrase") if is_new else tr("Open your work")
        super().__init__(title, tr("Choose it") if is_new else tr("Open"), parent=parent)
        self._is_new = is_new
        why = tr("This system has no keyring, so what is secret is locked with a passphrase of yours.")
        lost = tr("It is asked for at each start. Nobody can recover it; keep it safe.")
        opened = tr("The keys of this folder lie under a passphrase. Without it nothing can be read.")
        self.body.addWidget(hint_label(f"{why} {lost}" if is_new else opened))
        self.passphrase = passphrase_field(tr("Passphrase"))
        self.add_field(self.passphrase)
        self.again = passphrase_field(tr("The same again")) if is_new else None
        if self.again is not None:
            self.add_field(self.again)
            self.body.addWidget(hint_label(least_words()))
        self.cancel_button.setText(tr("Not now"))
        self.setMinimumWidth(WIDE_PX)
        self.say_problem(tr_core(problem))
        self.passphrase.setFocus()

    def what_is_wrong(self) -> str:
        if self._is_new and is_too_short(self.passphrase.text()):
            return least_words()
        if self.again is not None and self.again.text() != self.passphrase.text():
            return tr("The two differ.")
        return "" if self.passphrase.text() else tr("Give your passphrase.")


class KeyAsker(QObject):
    """Asked in the core's thread, answered in the window's; one question at a time."""

    _wanted = Signal(bool, str)

    def __init__(self, window: QWidget | None = None) -> None:
        super().__init__()
        self.window = window
        self.dialog: KeysDialog | None = None
        self._answer: Future[str | None] = Future()
        self._is_over = False
        self._wanted.connect(self._show, Qt.ConnectionType.QueuedConnection)

    async def ask(self, is_new: bool, problem: str) -> str | None:
        """The passphrase that a person gives, or nothing."""
        # The engine's own: before the first paint nothing of it is loaded.
        import asyncio

        self._answer = Future()
        if self._is_over:
            return None
        self._wanted.emit(is_new, problem)
        return await asyncio.wrap_future(self._answer)

    def give_up(self) -> None:
        """Legate ends: whoever waits for an answer gets none."""
        self._is_over = True
        self._settle(None)

    def _show(self, is_new: bool, problem: str) -> None:
        dialog = self.dialog = KeysDialog(is_new=is_new, problem=problem, parent=self.window)
        dialog.sent.connect(lambda: self._settle(dialog.passphrase.text()))
        dialog.rejected.connect(lambda: self._settle(None))
        dialog.open()

    def _settle(self, passphrase: str | None) -> None:
        self.dialog = None
        if not self._answer.done():
            self._answer.set_result(passphrase)
