"""Where keys live: the operating system's keyring, a file under a passphrase, or memory for throw-away folders."""

from __future__ import annotations

from legate_core.crypto.keys.choose import key_port
from legate_core.crypto.keys.port import BODIES, DEVICE, KeyPort, get_or_make, is_note, master_name, note_name

__all__ = ["BODIES", "DEVICE", "KeyPort", "get_or_make", "is_note", "key_port", "master_name", "note_name"]
