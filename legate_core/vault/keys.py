"""The vault's master keys while they are open in this process."""

from __future__ import annotations

import threading

from legate_core.crypto.envelope import MasterKey
from legate_core.crypto.keys import KeyPort, get_or_make, master_name
from legate_core.crypto.secret import Secret
from legate_core.errors import Locked

FIRST = 1


class Vault:
    """Holds the opened master keys, and knows for whom the vault's page is closed. One per process, a port of the kernel.

    Whether a workspace's vault is *sealed* is a row of the database and not known here: `lend` reads it in the very
    transaction it lends in.
    """

    def __init__(self, keys: KeyPort) -> None:
        self._keys = keys
        self._guard = threading.Lock()
        self._masters: dict[int, MasterKey] = {}
        self._closed_at: dict[tuple[str, str], int] = {}

    @classmethod
    def open(cls, keys: KeyPort, *, may_make: bool = True) -> Vault:
        """The vault on an unlocked key port. Makes the first master key where there is none and `may_make`.

        Pass `may_make=False` where a record exists already: a fresh key would only hide that the right one is lost.
        """
        vault = cls(keys)
        vault._masters[FIRST] = MasterKey(FIRST, get_or_make(keys, master_name(FIRST), may_make=may_make))
        return vault

    @property
    def kind(self) -> str:
        """Where the keys live, in a word of LEGATE_KEYS."""
        return self._keys.kind

    @property
    def needs_passphrase(self) -> bool:
        """Whether unsealing asks for a passphrase."""
        return self._keys.needs_passphrase

    @property
    def is_open(self) -> bool:
        """Whether master keys are in memory now."""
        return bool(self._masters)

    def current(self) -> MasterKey:
        """The master key that new records are sealed under."""
        return self.master(FIRST)

    def master(self, number: int) -> MasterKey:
        """A master key by its number. Raises `Locked` where only a passphrase brings it back."""
        with self._guard:
            if number not in self._masters:
                if self._keys.is_locked and self._keys.needs_passphrase:
                    raise sealed()
                if self._keys.is_locked:
                    self._keys.unlock()
                key = get_or_make(self._keys, master_name(number), may_make=False)
                self._masters[number] = MasterKey(number, key)
            return self._masters[number]

    def unseal(self, passphrase: Secret) -> None:
        """Bring the master keys back. A wrong passphrase raises `Locked` and changes nothing."""
        self._keys.unlock(passphrase)
        self.current()

    def forget(self) -> None:
        """Drop every master key and lock the port behind it."""
        with self._guard:
            self._masters.clear()
            self._keys.lock()

    def close_page(self, workspace_id: str, person_id: str, at: int) -> None:
        """Close the vault's page for a person, until they prove afresh that it is them."""
        self._closed_at[workspace_id, person_id] = at

    def is_page_closed(self, workspace_id: str, person_id: str, proved_at: int) -> bool:
        """Whether the page was closed for a person who has not proved who they are since."""
        closed_at = self._closed_at.get((workspace_id, person_id))
        return closed_at is not None and proved_at < closed_at


def sealed() -> Locked:
    """What everybody hears who needs a secret from a sealed vault."""
    return Locked("The vault is sealed. Unseal it under Vault or with 'legate vault unseal', then this goes on.")
