"""Keys for demonstrations and tests: derived from a seed, so that a killed and restarted process finds them again."""

from __future__ import annotations

import hmac

from legate_core.crypto.keys.port import BODIES, DEVICE, check_name, is_note, master_name
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid, Locked

_DERIVED = frozenset({BODIES, DEVICE, master_name(1)})


class MemoryKeys:
    """A `KeyPort` that protects nothing. Refused outside a throw-away data folder.

    The first keys of an installation are always there, derived from the seed; whatever else is put lives as long as
    the process.
    """

    kind = "memory"
    needs_passphrase = False

    def __init__(self, seed: bytes, *, is_throw_away: bool) -> None:
        if not is_throw_away:
            raise Invalid(
                "Keys in memory protect nothing and are for throw-away data folders only. "
                "Set LEGATE_KEYS to keyring or passphrase."
            )
        self._seed = seed
        self._values: dict[str, bytes | None] = {}
        self._is_locked = True

    @property
    def is_locked(self) -> bool:
        return self._is_locked

    def unlock(self, passphrase: Secret | None = None) -> None:
        self._is_locked = False

    def lock(self) -> None:
        self._is_locked = True

    def get(self, name: str) -> bytes | None:
        self._check(name)
        if name not in self._values and name in _DERIVED:
            return hmac.digest(self._seed, b"legate/keys/memory/1|" + name.encode(), "sha256")
        return self._values.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._check(name)
        self._values[name] = bytes(value)

    def delete(self, name: str) -> None:
        self._check(name)
        self._values[name] = None

    def _check(self, name: str) -> None:
        check_name(name)
        if self._is_locked and not is_note(name):
            raise Locked("The keys in memory are locked. Unseal the vault, then try again.")
