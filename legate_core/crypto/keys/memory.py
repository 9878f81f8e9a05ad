"""Keys for demonstrations and tests: derived from a seed, so that a killed and restarted process finds them again."""

from __future__ import annotations

import hmac
import json
import threading
from pathlib import Path

from legate_core.crypto.keys.files import write_whole
from legate_core.crypto.keys.port import BODIES, DEVICE, check_name, is_note, master_name
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Locked

_DERIVED = frozenset({BODIES, DEVICE, master_name(1)})


class MemoryKeys:
    """A `KeyPort` that protects nothing. Refused outside a throw-away data folder.

    The first keys of an installation are always there, derived from the seed; other keys live as long as the process.
    Notes, which are public, are kept in `notes.json` of the folder, where one is given.
    """

    kind = "memory"
    needs_passphrase = False

    def __init__(self, seed: bytes, *, is_throw_away: bool, folder: Path | None = None) -> None:
        if not is_throw_away:
            raise Invalid(
                "Keys in memory protect nothing and are for throw-away data folders only. "
                "Set LEGATE_KEYS to keyring or passphrase."
            )
        self._seed = seed
        self._notes = folder / "notes.json" if folder is not None else None
        self._values: dict[str, bytes | None] = {}
        self._is_locked = True
        # A checkpoint's thread outlives the task that waited for it, so two may keep a note at the same time.
        self._guard = threading.RLock()

    @property
    def is_locked(self) -> bool:
        return self._is_locked

    def unlock(self, passphrase: Secret | None = None) -> None:
        self._is_locked = False

    def lock(self) -> None:
        self._is_locked = True

    def get(self, name: str) -> bytes | None:
        self._check(name)
        if is_note(name) and name not in self._values:
            note = self._kept_notes().get(name)
            return None if note is None else note.encode()
        if name not in self._values and name in _DERIVED:
            return hmac.digest(self._seed, b"legate/keys/memory/1|" + name.encode(), "sha256")
        return self._values.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._check(name)
        with self._guard:
            self._values[name] = bytes(value)
            if is_note(name) and self._notes is not None:
                write_whole(self._notes, json.dumps(self._kept_notes() | {name: value.decode()}).encode())

    def delete(self, name: str) -> None:
        self._check(name)
        with self._guard:
            self._values[name] = None
            if is_note(name) and self._notes is not None:
                kept = self._kept_notes()
                kept.pop(name, None)
                write_whole(self._notes, json.dumps(kept).encode())

    def _kept_notes(self) -> dict[str, str]:
        if self._notes is None or not self._notes.exists():
            return {}
        try:
            return dict(json.loads(self._notes.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise Damaged(
                f"The notes at {self._notes} cannot be read ({error}). Delete the throw-away folder."
            ) from error

    def _check(self, name: str) -> None:
        check_name(name)
        if self._is_locked and not is_note(name):
            raise Locked("The keys in memory are locked. Unseal the vault, then try again.")
