"""Envelope encryption of a vault record: a data key per record version, wrapped by a versioned master key.

    content  AES-256-GCM(DEK, 12 random bytes, data, AAD)
    AAD      RFC 8785 of ["legate/vault/1", workspace, record, field, version, master key id]
    wrap     HKDF-SHA256(master, salt = 32 random bytes, info = "legate/vault/wrap/1|" + master key id) → 64 bytes:
             a wrapping key and a commitment to it
    stored   salt, commitment, AES-256-GCM(wrapping key, nonce 0, DEK, AAD), content nonce, content

A wrapping key is used once, because its salt is fresh; so its nonce may be zero. The commitment is compared before
anything is decrypted: AES-GCM alone would accept one ciphertext under two keys made for the purpose. Pure functions
on bytes; `tests/core/crypto/envelope_vectors.json` holds known answers for other implementations.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from legate_core.crypto.canonical import canonical
from legate_core.errors import Damaged

KEY_BYTES = 32
SALT_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAP_NONCE = bytes(NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key and the number it is known by. Rotation adds a number; it never changes a key."""

    id: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """What a ciphertext is bound to. Moved to any other place, or to another version of this one, it does not open."""

    workspace_id: str
    record: str
    field: str
    version: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is stored of one record version; none of it is secret."""

    master: int
    salt: bytes
    commitment: bytes
    wrapped: bytes
    nonce: bytes
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 over everything stored, in hexadecimal: it goes into the journal, so that an older record shows."""
        parts = (self.salt, self.commitment, self.wrapped, self.nonce, self.content)
        return hashlib.sha256(str(self.master).encode() + b"|" + b"".join(parts)).hexdigest()


def seal(master: MasterKey, place: Place, data: bytes, *, random: Callable[[int], bytes] = os.urandom) -> Envelope:
    """Encrypt `data` for one place under a fresh data key. Only the known-answer test ever fixes `random`."""
    data_key, salt, nonce = random(KEY_BYTES), random(SALT_BYTES), random(NONCE_BYTES)
    bound = _bound(place, master.id)
    wrapping_key, commitment = _wrapping_key(master, salt)
    return Envelope(
        master=master.id,
        salt=salt,
        commitment=commitment,
        wrapped=AESGCM(wrapping_key).encrypt(WRAP_NONCE, data_key, bound),
        nonce=nonce,
        content=AESGCM(data_key).encrypt(nonce, data, bound),
    )


def unseal(master: MasterKey, place: Place, envelope: Envelope) -> bytes:
    """The data sealed for exactly this place. Raises `Damaged` for a changed bit, a swapped field or a missing byte."""
    _check_lengths(envelope)
    if envelope.master != master.id:
        raise Damaged(f"This record needs master key {envelope.master}. Restore the keys that belong to this vault.")
    bound = _bound(place, master.id)
    wrapping_key, commitment = _wrapping_key(master, envelope.salt)
    if not hmac.compare_digest(commitment, envelope.commitment):
        raise Damaged(
            "A vault record was changed, or was sealed under another master key. "
            "Run 'legate verify', then restore the record or store the secret again."
        )
    try:
        data_key = AESGCM(wrapping_key).decrypt(WRAP_NONCE, envelope.wrapped, bound)
        return AESGCM(data_key).decrypt(envelope.nonce, envelope.content, bound)
    except InvalidTag as error:
        raise Damaged(
            "A vault record was changed or moved. Run 'legate verify', then restore it or store the secret again."
        ) from error


def _wrapping_key(master: MasterKey, salt: bytes) -> tuple[bytes, bytes]:
    info = f"legate/vault/wrap/1|{master.id}".encode()
    derived = HKDF(SHA256(), 2 * KEY_BYTES, salt, info).derive(master.key)
    return derived[:KEY_BYTES], derived[KEY_BYTES:]


def _bound(place: Place, master_id: int) -> bytes:
    return canonical(["legate/vault/1", place.workspace_id, place.record, place.field, place.version, master_id])


def _check_lengths(envelope: Envelope) -> None:
    lengths = (len(envelope.salt), len(envelope.commitment), len(envelope.wrapped), len(envelope.nonce))
    whole = (SALT_BYTES, KEY_BYTES, KEY_BYTES + TAG_BYTES, NONCE_BYTES)
    if lengths != whole or len(envelope.content) < TAG_BYTES:
        raise Damaged("A vault record was cut. Run 'legate verify', then restore it or store the secret again.")
