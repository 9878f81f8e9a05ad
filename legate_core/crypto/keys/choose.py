"""Which key port a process uses, by its settings."""

from __future__ import annotations

import hashlib

from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.keys.port import KeyPort
from legate_core.crypto.keys.system import ID_FILE, SystemKeys
from legate_core.errors import Invalid
from legate_core.settings import DATABASE_FILE, KEYS_FILE, Settings


def key_port(settings: Settings) -> KeyPort:
    """The key port that LEGATE_KEYS names, still locked. Keys in memory are seeded by the folder's path.

    Raises `Invalid` for a passphrase where the keys lie in the keyring: a file of keys beside them would only hide that.
    """
    lies_in_keyring = _lies_in_keyring(settings)
    if settings.keys == "passphrase":
        if lies_in_keyring:
            raise Invalid(
                "The keys of this data folder lie in this system's keyring, not under a passphrase. "
                "Start the keyring, then try again without LEGATE_KEYS."
            )
        return PassphraseKeys(settings.home)
    if settings.keys == "memory":
        seed = hashlib.sha256(str(settings.home).encode("utf-8", "surrogatepass")).digest()
        return MemoryKeys(seed, is_throw_away=settings.is_throw_away, folder=settings.home)
    return SystemKeys(settings.home, holds_keys=lies_in_keyring)


def _lies_in_keyring(settings: Settings) -> bool:
    """Whether a data folder was worked with before, with its keys in the keyring."""
    has_work = not settings.database_url and (settings.home / DATABASE_FILE).exists()
    return has_work and (settings.home / ID_FILE).exists() and not (settings.home / KEYS_FILE).exists()
