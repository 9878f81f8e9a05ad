"""What a person can do on the Vault page. Nothing here shows a value."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import MOVES, Verb, always


def _use(page: Any) -> str:
    return page.state.why_not_use()


def _change(page: Any) -> str:
    return page.state.why_not_change()


def _test(page: Any) -> str:
    return page.state.why_not_test()


def _remove(page: Any) -> str:
    return page.state.why_not_remove()


def _lock(page: Any) -> str:
    return page.state.why_not_lock()


def _seal(page: Any) -> str:
    return page.state.why_not_seal()


def _unseal(page: Any) -> str:
    return page.state.why_not_unseal()


def _run(page: Any) -> str:
    return page.state.why_not_open_run()


VERBS: tuple[Verb, ...] = (
    Verb(
        "new", "Add a secret…", "N", "plus", "primary", lambda p: p.ask_new(), _use, permission="credentials.create.personal"
    ),
    Verb(
        "replace", "Replace…", "E", "refresh-cw", "secondary", lambda p: p.ask_replace(), _change,
        permission="credentials.replace",
    ),
    Verb("test", "Test", "T", "zap", "secondary", lambda p: p.test(), _test, permission="drafts.create"),
    Verb(
        "remove", "Remove…", "Delete", "trash-2", "danger", lambda p: p.ask_remove(), _remove,
        permission="credentials.delete",
    ),
    Verb("lock", "Lock", "", "lock", "secondary", lambda p: p.state.lock(), _lock, permission="vault.lock"),
    Verb("seal", "Seal…", "Shift+S", "shield-off", "danger", lambda p: p.ask_seal(), _seal, permission="vault.lock"),
    Verb(
        "unseal", "Unseal", "Shift+U", "lock-open", "primary", lambda p: p.ask_unseal(), _unseal, permission="vault.unlock"
    ),
    Verb("passphrase", "Passphrase…", "P", "key-round", "secondary", lambda p: p.ask_passphrase(), always),
    Verb("open_run", "Open its last run", "O", "", "secondary", lambda p: p.open_run(), _run),
    *MOVES,
)  # fmt: skip
