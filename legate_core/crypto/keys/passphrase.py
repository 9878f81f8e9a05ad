"""Keys in a file of the data folder, each wrapped by a key that only the passphrase gives.

    KEK    Argon2id(passphrase as NFC, salt), at least 64 MiB, three passes, four lanes
    entry  12 random bytes, AES-256-GCM(KEK, value, AAD = RFC 8785 of ["legate/keys/1", PHC string, name])

The file holds the parameters and the salt as a PHC string without its hash part: the hash is the key. An entry under
the empty name, of nothing, tells a wrong passphrase from a damaged key.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from legate_core.crypto.canonical import canonical
from legate_core.crypto.keys.files import write_whole
from legate_core.crypto.keys.port import check_name, is_note
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Locked, Unavailable
from legate_core.settings import KEYS_FILE as FILE

FORMAT = 1
MIN_CHARACTERS = 8
NONCE_BYTES = 12
SALT_BYTES = 16

MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 4
"""The floor: a file that asks for less was not written by us, and one that asks for far more would hang the start."""

MEMORY_CEILING_KIB, PASSES_CEILING, LANES_CEILING = 2 * 1024 * 1024, 64, 64

_PHC = re.compile(r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{22,64})")
_CHECK = ""


@dataclass(frozen=True, slots=True)
class _File:
    """What the file says. Nothing of it is secret without the passphrase."""

    kdf: str
    check: str
    keys: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, str] = field(default_factory=dict[str, str])


class PassphraseKeys:
    """A `KeyPort` on `keys.json`. The first `unlock` in a folder without one makes it, under that passphrase."""

    kind = "passphrase"
    needs_passphrase = True

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._guard = threading.RLock()
        self._kek: AESGCM | None = None

    @property
    def exists(self) -> bool:
        """Whether a passphrase was chosen already."""
        return self.path.exists()

    @property
    def is_locked(self) -> bool:
        return self._kek is None

    def unlock(self, passphrase: Secret | None = None) -> None:
        with self._guard:
            if not passphrase:
                raise Locked("The keys are locked. Give the passphrase, or set LEGATE_PASSPHRASE.")
            file = self._read()
            if file is None:
                self._kek, file = _fresh(passphrase)
                self._write(file)
            else:
                self._kek = _opened(file, passphrase)

    def lock(self) -> None:
        with self._guard:
            self._kek = None

    def change_passphrase(self, old: Secret, new: Secret) -> Callable[[], None]:
        """Wrap every key under a new passphrase. The file is replaced as a whole, or stays as it was.

        Answers with what takes the change back: everything is under the old passphrase again, what was added since too.
        """
        with self._guard:
            before = self._needed()
            kek = _opened(before, old)
            fresh_kek, fresh = _fresh(new)
            self._rewrap(kek, fresh_kek, fresh)
            return lambda: self._rewrap(fresh_kek, kek, before)

    def _rewrap(self, kek: AESGCM, fresh_kek: AESGCM, fresh: _File) -> None:
        """Put every key that is in the file now under another key, with the derivation and the check of `fresh`."""
        with self._guard:
            file = self._needed()
            keys = {
                name: _wrap(fresh_kek, fresh.kdf, name, _unwrap(kek, file.kdf, name, wrapped))
                for name, wrapped in file.keys.items()
            }
            try:
                self._write(replace(fresh, keys=keys, notes=file.notes))
            finally:
                # The disk may fail after the file was put in its place: then the new key is the one that opens it.
                if self._needed().kdf == fresh.kdf:
                    self._kek = fresh_kek

    def get(self, name: str) -> bytes | None:
        check_name(name)
        with self._guard:
            if is_note(name):
                file = self._read()
                note = file.notes.get(name) if file is not None else None
                return None if note is None else note.encode()
            kek, file = self._open()
            wrapped = file.keys.get(name)
            return None if wrapped is None else _unwrap(kek, file.kdf, name, wrapped)

    def put(self, name: str, value: bytes) -> None:
        check_name(name)
        with self._guard:
            if is_note(name):
                file = self._needed()
                self._write(replace(file, notes=file.notes | {name: value.decode()}))
                return
            kek, file = self._open()
            self._write(replace(file, keys=file.keys | {name: _wrap(kek, file.kdf, name, value)}))

    def delete(self, name: str) -> None:
        check_name(name)
        with self._guard:
            file = self._needed() if is_note(name) else self._open()[1]
            if name in file.keys or name in file.notes:
                keys = {key: wrapped for key, wrapped in file.keys.items() if key != name}
                notes = {key: note for key, note in file.notes.items() if key != name}
                self._write(replace(file, keys=keys, notes=notes))

    def _open(self) -> tuple[AESGCM, _File]:
        if self._kek is None:
            raise Locked("The keys are locked. Unseal the vault with the passphrase, then try again.")
        return self._kek, self._needed()

    def _needed(self) -> _File:
        file = self._read()
        if file is None:
            raise Locked(f"There are no keys at {self.path} yet. Choose a passphrase first.")
        return file

    def _read(self) -> _File | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"The keys at {self.path} cannot be read ({error}). Check the file.") from error
        return _parse(text, self.path)

    def _write(self, file: _File) -> None:
        """Replace the file in one step: after a crash it is the old one or the new one, whole."""
        document = {"format": FORMAT, "kdf": file.kdf, "check": file.check, "keys": file.keys, "notes": file.notes}
        data = json.dumps(document, indent=2, sort_keys=True).encode()
        write_whole(self.path, data)


def _fresh(passphrase: Secret) -> tuple[AESGCM, _File]:
    if len(passphrase.reveal()) < MIN_CHARACTERS:
        raise Invalid(f"The passphrase is too short. Use at least {MIN_CHARACTERS} characters; a few words are best.")
    salt = base64.b64encode(os.urandom(SALT_BYTES)).decode().rstrip("=")
    kdf = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}"
    kek = _derive(kdf, passphrase)
    return kek, _File(kdf, check=_wrap(kek, kdf, _CHECK, b""))


def _opened(file: _File, passphrase: Secret) -> AESGCM:
    kek = _derive(file.kdf, passphrase)
    try:
        _decrypt(kek, file.kdf, _CHECK, file.check)
    except InvalidTag as error:
        raise Locked("The passphrase is wrong. Nothing was changed; try again.") from error
    return kek


def _derive(kdf: str, passphrase: Secret) -> AESGCM:
    import argon2.exceptions
    import argon2.low_level

    memory, passes, lanes, salt = _parameters(kdf)
    text = unicodedata.normalize("NFC", passphrase.reveal())
    try:
        raw = argon2.low_level.hash_secret_raw(
            secret=text.encode("utf-8", "surrogatepass"),
            salt=salt,
            time_cost=passes,
            memory_cost=memory,
            parallelism=lanes,
            hash_len=32,
            type=argon2.low_level.Type.ID,
        )
    except argon2.exceptions.HashingError as error:
        raise Unavailable(
            f"There is not enough memory to check the passphrase ({memory // 1024} MiB). Close something and try again."
        ) from error
    return AESGCM(raw)


def _parameters(kdf: str) -> tuple[int, int, int, bytes]:
    found = _PHC.fullmatch(kdf)
    if found is None:
        raise Damaged("The keys file names no known key derivation. Restore it from a backup.")
    memory, passes, lanes = (int(number) for number in found.group(1, 2, 3))
    if memory < MEMORY_KIB or passes < PASSES or lanes < LANES:
        raise Damaged("The keys file asks for a weaker key derivation than is allowed. Restore it from a backup.")
    if memory > MEMORY_CEILING_KIB or passes > PASSES_CEILING or lanes > LANES_CEILING:
        raise Damaged("The keys file asks for more work than any passphrase needs. Restore it from a backup.")
    return memory, passes, lanes, _decoded(found.group(4) + "=" * (-len(found.group(4)) % 4))


def _wrap(kek: AESGCM, kdf: str, name: str, value: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + kek.encrypt(nonce, value, _bound(kdf, name))).decode()


def _unwrap(kek: AESGCM, kdf: str, name: str, wrapped: str) -> bytes:
    try:
        return _decrypt(kek, kdf, name, wrapped)
    except InvalidTag as error:
        raise Damaged(f"The key {name!r} in the keys file was changed. Restore the file from a backup.") from error


def _decrypt(kek: AESGCM, kdf: str, name: str, wrapped: str) -> bytes:
    raw = _decoded(wrapped)
    if len(raw) < NONCE_BYTES:
        raise InvalidTag
    return kek.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(kdf, name))


def _bound(kdf: str, name: str) -> bytes:
    return canonical(["legate/keys/1", kdf, name])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Damaged("The keys file holds text that is not base64. Restore it from a backup.") from error


def _parse(text: str, path: Path) -> _File:
    try:
        document: Any = json.loads(text)
        if document["format"] > FORMAT:
            raise Damaged(f"The keys at {path} were written by a newer Legate. Update this one, then try again.")
        file = _File(document["kdf"], document["check"], document["keys"], document["notes"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path) from error
    entries: list[Any] = [file.kdf, file.check]
    for part in (file.keys, file.notes):
        if not isinstance(cast(object, part), dict):
            raise _damaged(path)
        entries += part.values()
    if not all(isinstance(entry, str) for entry in entries):
        raise _damaged(path)
    return file


def _damaged(path: Path) -> Damaged:
    return Damaged(f"The keys at {path} are damaged. Nothing was changed; restore the file from a backup.")
