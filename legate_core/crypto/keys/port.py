"""The port keys are kept behind, the names they are kept under, and how a new one is made."""

from __future__ import annotations

import hmac
import os
import re
from typing import Protocol

from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Unavailable

BODIES = "bodies"
"""The data key that wraps the keys of run bodies."""

DEVICE = "device"
"""The Ed25519 seed that signs checkpoints."""

KEY_BYTES = 32

_NAME = re.compile(r"[a-z]{1,20}(/[A-Za-z0-9_.-]{1,80})?")
_NOTES = "checkpoint/"


class KeyPort(Protocol):
    """Keeps small secret values by name. Methods may block for seconds, so a loop calls them in a thread.

    A port starts locked. While it is locked, keys are out of reach (`Locked`), but *notes* are not: the values under
    `checkpoint/` are signed public texts that are kept here only to be outside the database.
    """

    @property
    def kind(self) -> str:
        """What it is, in a word of the setting LEGATE_KEYS."""
        ...

    @property
    def is_locked(self) -> bool:
        """Whether keys are out of reach until `unlock`."""
        ...

    @property
    def needs_passphrase(self) -> bool:
        """Whether `unlock` asks for a passphrase, or the operating system has already asked whom it had to."""
        ...

    def unlock(self, passphrase: Secret | None = None) -> None:
        """Bring keys within reach. A wrong passphrase raises `Locked` and changes nothing, also when already open."""
        ...

    def lock(self) -> None:
        """Forget what `unlock` learnt. Harmless when locked."""
        ...

    def get(self, name: str) -> bytes | None:
        """The value under a name, or None where there is none."""
        ...

    def put(self, name: str, value: bytes) -> None:
        """Keep a value under a name, replacing what was there; when this returns, it survives a crash."""
        ...

    def delete(self, name: str) -> None:
        """Forget a name. Harmless where there is none."""
        ...


def master_name(number: int) -> str:
    """The name of a vault master key."""
    return f"master/{number}"


def note_name(workspace_id: str) -> str:
    """The name of the last checkpoint of a workspace's journal."""
    return f"{_NOTES}{workspace_id}"


def is_note(name: str) -> bool:
    """Whether the value under this name is a public text and no key."""
    return name.startswith(_NOTES)


def check_name(name: str) -> None:
    """Raise `Invalid` for a name that not every keyring can hold."""
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} cannot name a key; use lower-case letters, then a slash and letters or digits.")


def _place(port: KeyPort) -> str:
    """Where a port keeps keys, in words."""
    return {"keyring": "the keyring", "passphrase": "the file of keys under the passphrase"}.get(port.kind, port.kind)


def get_or_make(port: KeyPort, name: str, *, may_make: bool) -> bytes:
    """The 32-byte key under a name; a fresh random one where there is none and `may_make` says nothing depends on it.

    A new key is read back before anything is encrypted under it: a keyring that takes values and loses them shows now.
    """
    key = port.get(name)
    if key is None:
        if not may_make:
            raise Damaged(
                f"The key {name!r} of this data folder is missing from {_place(port)}. "
                "Restore the keys from a backup; nothing can be read without them.",
                key=name,
            )
        key = os.urandom(KEY_BYTES)
        port.put(name, key)
        kept = port.get(name)
        if kept is None or not hmac.compare_digest(kept, key):
            raise Unavailable(
                f"{_place(port).capitalize()} did not keep a new key. Set LEGATE_KEYS=passphrase to keep keys under a passphrase."
            )
    if len(key) != KEY_BYTES:
        raise Damaged(f"The key {name!r} has the wrong length. Restore the keys from a backup.", key=name)
    return key
