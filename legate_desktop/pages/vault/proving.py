"""Asking who is there before something grave goes on; and for the passphrase that proves it, where none was set yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QWidget

from legate_desktop.pages.vault.dialogs import PassphraseDialog
from legate_desktop.pages.vault.view import Failed, Wanted
from legate_desktop.widgets.proof import ProofDialog
from legate_desktop.words import tr


class Prover(Protocol):
    """The state of a page on which something may want a proof."""

    @property
    def has_passphrase(self) -> bool: ...

    @property
    def opens_keys(self) -> bool: ...

    def prove(self, wanted: Wanted, passphrase: str, failed: Failed) -> None: ...

    def set_passphrase(self, new: str, old: str, done: Callable[[], None], failed: Failed) -> None: ...


def ask_proof(parent: QWidget, prover: Prover, wanted: Wanted, problem: str = "") -> None:
    """Ask who is there, then let it go on; a wrong passphrase is asked for again, with the reason."""
    if not prover.has_passphrase:
        why = tr("This is grave and wants a proof that it is you, so it needs a passphrase first: {what}.")

        def prove(new: str) -> None:
            prover.prove(wanted, new, lambda message: ask_proof(parent, prover, wanted, message))

        ask_passphrase(parent, prover, why=why.format(what=wanted.said), then=prove)
        return
    dialog = ProofDialog(wanted.said, parent)
    dialog.say_problem(problem)

    def send() -> None:
        passphrase = dialog.passphrase.text()
        dialog.passphrase.clear()
        prover.prove(wanted, passphrase, lambda message: ask_proof(parent, prover, wanted, message))

    dialog.sent.connect(send)
    dialog.open()


def ask_passphrase(
    parent: QWidget,
    prover: Prover,
    *,
    why: str = "",
    problem: str = "",
    then: Callable[[str], None] = lambda _new: None,
) -> None:
    """Ask for a new passphrase, and for the old one where there is one; `then` gets the new one once it holds."""
    dialog = PassphraseDialog(has_one=prover.has_passphrase, opens_keys=prover.opens_keys, why=why, parent=parent)
    dialog.say_problem(problem)

    def send() -> None:
        new, old = dialog.new.text(), dialog.old.text()
        for field in (dialog.old, dialog.new, dialog.again):
            field.clear()
        prover.set_passphrase(
            new,
            old,
            lambda: then(new),
            lambda message: ask_passphrase(parent, prover, why=why, problem=message, then=then),
        )

    dialog.sent.connect(send)
    dialog.open()
