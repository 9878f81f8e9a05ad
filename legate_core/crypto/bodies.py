"""Bodies of runs: sealed under a key per run, committed to with salts that die with that key."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from legate_core.crypto.canonical import canonical
from legate_core.errors import Damaged

NONCE_BYTES = 12


class BodyKey:
    """The 32-byte key of one run (or of a workspace's own bodies), with what is derived from it once."""

    __slots__ = ("aead", "raw", "reference_key", "salt_key", "scope")

    def __init__(self, raw: bytes, scope: str) -> None:
        if len(raw) != 32:
            raise Damaged("A body key has the wrong length. Restore the latest backup.")
        self.raw = raw
        self.scope = scope.encode()
        self.aead = AESGCM(hmac.digest(raw, b"legate/body/seal/1", "sha256"))
        self.reference_key = hmac.digest(raw, b"legate/body/reference/1", "sha256")
        self.salt_key = hmac.digest(raw, b"legate/body/salt/1", "sha256")

    def __repr__(self) -> str:
        return "BodyKey(…)"


def seal_body(key: BodyKey, ref: str, data: bytes) -> bytes:
    """Nonce and AES-256-GCM ciphertext of `data`; bound to its reference and its run."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.aead.encrypt(nonce, data, _bound(key, ref))


def open_body(key: BodyKey, ref: str, blob: bytes) -> bytes:
    """The data behind a sealed body. Raises `Damaged` for anything but exactly what was sealed under this reference."""
    try:
        return key.aead.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _bound(key, ref))
    except (InvalidTag, ValueError) as error:
        raise Damaged("A stored body was changed or cut. Run 'legate verify' and restore a backup.") from error


def salt(key: BodyKey, workspace_id: str, seq: int) -> bytes:
    """The salt of the commitments in one journal entry. Derived, never stored: it is gone with the key."""
    return hmac.digest(key.salt_key, f"{workspace_id}/{seq}".encode(), "sha256")


def commitment(salt: bytes, row: Mapping[str, Any]) -> str:
    """SHA-256(salt | canonical row) in hexadecimal."""
    return hashlib.sha256(salt + canonical(dict(row))).hexdigest()


class BodyKeyRing:
    """Makes, wraps and unwraps body keys under one data key, which is opened once at start."""

    def __init__(self, data_key: bytes) -> None:
        self._aead = AESGCM(data_key)

    def new_key(self, workspace_id: str, scope: str) -> BodyKey:
        """A fresh random key for a scope."""
        return BodyKey(os.urandom(32), f"{workspace_id}/{scope}")

    def wrap(self, workspace_id: str, scope: str, key: BodyKey) -> bytes:
        """The key encrypted under the data key, bound to its workspace and scope."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key.raw, f"{workspace_id}/{scope}".encode())

    def unwrap(self, workspace_id: str, scope: str, wrapped: bytes) -> BodyKey:
        """The key behind a wrapped one. Raises `Damaged` when it was changed or belongs to another scope."""
        try:
            raw = self._aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"{workspace_id}/{scope}".encode())
        except (InvalidTag, ValueError) as error:
            raise Damaged("A stored body key was changed or cut. Restore the latest backup.") from error
        return BodyKey(raw, f"{workspace_id}/{scope}")


def _bound(key: BodyKey, ref: str) -> bytes:
    return b"legate/body/1|" + key.scope + b"|" + ref.encode()
