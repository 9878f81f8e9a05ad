"""Asking who is there before something grave goes on; and for the passphrase that proves it, where none was set yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtWidgets import QWidget

from legate_desktop.pages.vault import requests
from legate_desktop.pages.vault.dialogs import PassphraseDialog
from legate_desktop.pages.vault.view import Failed, Wanted
from legate_desktop.widgets.proof import ProofDialog
from legate_desktop.words import tr


class Keeper(Protocol):
    """What knows whether there is a passphrase, and can set one."""

    @property
    def has_passphrase(self) -> bool: ...

    @property
    def opens_keys(self) -> bool: ...

    def set_passphrase(self, new: str, old: str, done: Callable[[], None], failed: Failed) -> None: ...


class Prover(Keeper, Protocol):
    """The state of a page on which something may want a proof."""

    def prove(self, wanted: Wanted, passphrase: str, failed: Failed) -> None: ...


class Unset:
    """The vault of a workspace in which nobody has set a passphrase yet."""

    has_passphrase = False
    opens_keys = False

    def __init__(self, bridge: Any) -> None:
        self._bridge = bridge

    def set_passphrase(self, new: str, old: str, done: Callable[[], None], failed: Failed) -> None:
        """Choose the first one."""
        command = requests.set_passphrase(new, old)
        self._bridge.send(command, lambda _result: done(), lambda message, _is_away: failed(message))


def ask_who(parent: QWidget, bridge: Any, said: str, given: Callable[[str], None], *, why: str = "") -> None:
    """Ask for the passphrase on a page that does not follow the vault; where none was set, for a new one first.

    `given` gets the passphrase. Who may not ask how the vault stands cannot know better than that there is one.
    """

    def ask_it() -> None:
        dialog = ProofDialog(said, parent, why=why)
        dialog.sent.connect(lambda: given(dialog.passphrase.text()))
        dialog.open()

    def take(standing: Any) -> None:
        if standing.has_passphrase:
            ask_it()
        else:
            ask_passphrase(parent, Unset(bridge), why=_needs_one(said), then=given)

    bridge.ask(requests.status_query(), take, lambda _message, _is_away: ask_it())


def ask_proof(parent: QWidget, prover: Prover, wanted: Wanted, problem: str = "") -> None:
    """Ask who is there, then let it go on; a wrong passphrase is asked for again, with the reason."""
    if not prover.has_passphrase:

        def prove(new: str) -> None:
            prover.prove(wanted, new, lambda message: ask_proof(parent, prover, wanted, message))

        ask_passphrase(parent, prover, why=_needs_one(wanted.said), then=prove)
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
    prover: Keeper,
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


def _needs_one(said: str) -> str:
    words = tr("This is grave and wants a proof that it is you, so it needs a passphrase first: {what}.")
    return words.format(what=said.removesuffix("."))
