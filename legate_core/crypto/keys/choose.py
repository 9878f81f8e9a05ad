"""Which key port a process uses, by its settings."""

from __future__ import annotations

import hashlib

from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.keys.port import KeyPort
from legate_core.crypto.keys.system import SystemKeys
from legate_core.settings import Settings


def key_port(settings: Settings) -> KeyPort:
    """The key port that LEGATE_KEYS names, still locked. Keys in memory are seeded by the folder's path."""
    if settings.keys == "passphrase":
        return PassphraseKeys(settings.home)
    if settings.keys == "memory":
        seed = hashlib.sha256(str(settings.home).encode("utf-8", "surrogatepass")).digest()
        return MemoryKeys(seed, is_throw_away=settings.is_throw_away, folder=settings.home)
    return SystemKeys(settings.home)
