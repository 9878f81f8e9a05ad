"""Keys in the operating system's keyring: only ones we know, only after it showed that it keeps what it is given.

Every call into a keyring runs in a thread of its own with a time limit, because a locked Secret Service may wait for
an answer to a prompt that nobody sees. The thread is a daemon, so that such a call does not keep the process alive.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from legate_core.crypto.keys.port import check_name, is_note
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, LegateError, Locked, Unavailable
from legate_core.private import make_folder

T = TypeVar("T")

ALLOWED = (
    ("keyring.backends.macOS", "Keyring"),
    ("keyring.backends.Windows", "WinVaultKeyring"),
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
)
"""The keyrings of operating systems, by class and in order of preference. Installing a package that offers another
one, or naming one in an environment variable, does not add to them: such back ends may be plain files."""

TIMEOUT_SECONDS = 10.0
ID_FILE = "keyring.id"


class Backend(Protocol):
    """What is used of a python-keyring back end."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class SystemKeys:
    """A `KeyPort` on the keyring of the operating system. Each data folder has a name of its own in it.

    `holds_keys` says that the keys of work that is there already lie in it: then no other place is proposed.
    """

    kind = "keyring"
    needs_passphrase = False

    def __init__(
        self,
        folder: Path,
        *,
        holds_keys: bool = False,
        find: Callable[[], Backend] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._folder = folder
        self._holds_keys = holds_keys
        self._find = find or find_backend
        self._timeout_seconds = timeout_seconds
        self._calls = threading.Lock()
        self._backend: Backend | None = None
        self._service = ""
        self._is_locked = True

    @property
    def is_locked(self) -> bool:
        return self._is_locked

    def unlock(self, passphrase: Secret | None = None) -> None:
        """Find the keyring and have it keep and give back a canary. The operating system asks whom it has to."""
        self._backend = None
        self._ready()
        self._is_locked = False

    def lock(self) -> None:
        self._is_locked = True

    def get(self, name: str) -> bytes | None:
        service, backend = self._reach(name)
        kept = self._call(lambda: backend.get_password(service, name))
        return None if kept is None else _decoded(kept, name)

    def put(self, name: str, value: bytes) -> None:
        service, backend = self._reach(name)
        text = base64.b64encode(value).decode()
        self._call(lambda: backend.set_password(service, name, text))

    def delete(self, name: str) -> None:
        service, backend = self._reach(name)
        if self._call(lambda: backend.get_password(service, name)) is not None:
            self._call(lambda: backend.delete_password(service, name))

    def _reach(self, name: str) -> tuple[str, Backend]:
        check_name(name)
        if self._is_locked and not is_note(name):
            raise Locked("The keys in the keyring are locked. Unseal the vault, then try again.")
        return self._ready()

    def _ready(self) -> tuple[str, Backend]:
        if self._backend is None:
            try:
                found = self._call(self._find)
                # Named only where there is a keyring, so that the name says that one was used.
                self._service = service = f"Legate {_folder_id(self._folder)}"
                self._backend = self._call(lambda: _proved(found, service))
            except Unavailable as error:
                if not self._holds_keys:
                    raise
                raise Unavailable(
                    "The keys of this data folder lie in this system's keyring, which cannot be used now. "
                    "Start it, then open Legate again.",
                    reason=error.message,
                ) from error
        return self._service, self._backend

    def _call(self, work: Callable[[], T]) -> T:
        """The result of `work`, run in a thread. One call at a time: a second one would open a second prompt."""
        if not self._calls.acquire(timeout=self._timeout_seconds):
            raise _unanswered()
        done = threading.Event()
        outcome: list[T] = []
        failure: list[BaseException] = []

        def run() -> None:
            try:
                outcome.append(work())
            except BaseException as error:  # handed to the caller below, whatever it is
                failure.append(error)
            finally:
                self._calls.release()
                done.set()

        threading.Thread(target=run, name="legate-keyring", daemon=True).start()
        if not done.wait(self._timeout_seconds):
            raise _unanswered()
        if failure:
            raise _in_words(failure[0]) from failure[0]
        return outcome[0]


def find_backend(allowed: Sequence[tuple[str, str]] = ALLOWED) -> Backend:
    """The first allowed keyring that works here, by its class. Raises `Unavailable` where there is none."""
    for module, name in allowed:
        try:
            kind: Any = getattr(importlib.import_module(module), name)
            if kind.viable:
                return kind()
        except (ImportError, AttributeError, RuntimeError):
            # A keyring of another operating system; its module may not even load here.
            continue
    raise Unavailable(
        "This system has no keyring that Legate may use. "
        "Set LEGATE_KEYS=passphrase to keep the keys under a passphrase instead.",
        no_keyring=True,
    )


def _proved(backend: Backend, service: str) -> Backend:
    """The keyring, after it kept a canary and gave it back."""
    canary, name = secrets.token_urlsafe(24), "canary"
    backend.set_password(service, name, canary)
    kept = backend.get_password(service, name)
    backend.delete_password(service, name)
    if kept != canary:
        raise Unavailable(
            "The keyring did not give back what it was given. "
            "Set LEGATE_KEYS=passphrase to keep the keys under a passphrase instead."
        )
    return backend


def _folder_id(folder: Path) -> str:
    """A random name for the data folder, kept in it: folders do not share keys, and may be moved."""
    path = folder / ID_FILE
    try:
        make_folder(folder)
        if not path.exists():
            fresh = path.with_name(ID_FILE + ".new")
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as handle:
                handle.write(secrets.token_hex(8) + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(fresh, path)
        name = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"The file {path} cannot be used ({error}). Check the data folder.") from error
    if len(name) != 16 or not name.isalnum():
        raise Damaged(f"The file {path} is damaged. Restore it from a backup; it says which keys belong to the folder.")
    return name


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Damaged(f"The keyring entry {name!r} was changed. Restore the keys from a backup.") from error


def _in_words(error: BaseException) -> BaseException:
    """A keyring's error as a sentence that says what to do; faults of the program stay what they are."""
    import keyring.errors

    if isinstance(error, LegateError):
        return error
    if isinstance(error, keyring.errors.KeyringLocked):
        return Locked("The keyring is locked. Unlock it (your log-in password opens it), then try again.")
    if isinstance(error, Exception):
        return Unavailable(
            f"The keyring cannot be used ({type(error).__name__}). "
            "Start it and try again, or set LEGATE_KEYS=passphrase to keep the keys under a passphrase.",
            reason=str(error),
        )
    return error


def _unanswered() -> Locked:
    return Locked("The keyring does not answer; it may be asking for its password. Answer its prompt, then try again.")
