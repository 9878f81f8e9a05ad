"""Files under a passphrase in the age format (age-encryption.org/v1), so that a backup opens with any tool that reads it.

    file key   16 random bytes, wrapped by ChaCha20-Poly1305 under scrypt(passphrase, "age-encryption.org/v1/scrypt" | salt)
    header     version, one scrypt stanza, HMAC-SHA256 under HKDF(file key, "header")
    payload    16 random bytes, then pieces of 64 KiB, each ChaCha20-Poly1305 under HKDF(file key, nonce, "payload") with its
               number and whether it is the last: pieces cannot be swapped, and a cut file shows

Only the recipient *scrypt* is known here, which the specification allows to stand alone only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import re
import unicodedata
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Locked, Unavailable

VERSION = b"age-encryption.org/v1"
LABEL = b"age-encryption.org/v1/scrypt"
PIECE = 64 * 1024
TAG = 16
WORK = 18
"""Binary logarithm of scrypt's N: a quarter of a gigabyte, and about a second."""
MOST_WORK = 22
MAX_HEADER = 4096

_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)")


class AgeWriter(io.RawIOBase):
    """Writes what it is given into `target`, encrypted; `close` writes the last piece and leaves `target` open.

    `work` is the binary logarithm of scrypt's N, 0 for what is usual.
    """

    def __init__(self, target: IO[bytes], passphrase: Secret, *, work: int = 0) -> None:
        super().__init__()
        work = work or WORK
        file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
        wrapped = ChaCha20Poly1305(_wrap_key(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
        header = b"\n".join((VERSION, b"-> scrypt " + _encoded(salt) + b" %d" % work, _encoded(wrapped), b"---"))
        target.write(header + b" " + _encoded(_mac(file_key, header)) + b"\n" + nonce)
        self._target = target
        self._aead = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._held = bytearray()
        self._number = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] bytes are all that is written
        self._held += data
        # A full piece is held back until more follows it: only then is it known not to be the last.
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]), is_last=False)
            del self._held[:PIECE]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._held), is_last=True)
            self._held.clear()
        super().close()

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._target.write(self._aead.encrypt(_nonce(self._number, is_last=is_last), piece, None))
        self._number += 1


class AgeReader(io.RawIOBase):
    """Reads what an `AgeWriter`, or any other writer of the format, wrote under this passphrase.

    Raises `Locked` for a wrong passphrase, `Invalid` for what is no such file, `Damaged` for one that was changed or cut.
    """

    def __init__(self, source: IO[bytes], passphrase: Secret) -> None:
        super().__init__()
        self._source = source
        file_key = self._opened(passphrase)
        nonce = self._exactly(16)
        self._aead = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._ahead = source.read(PIECE + TAG)
        self._plain = b""
        self._number = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = bytearray()
        while size < 0 or len(found) < size:
            if not self._plain and not self._next():
                break
            wanted = len(self._plain) if size < 0 else size - len(found)
            found += self._plain[:wanted]
            self._plain = self._plain[wanted:]
        return bytes(found)

    def _next(self) -> bool:
        piece, self._ahead = self._ahead, self._source.read(PIECE + TAG)
        if not piece:
            if not self._number:
                raise Damaged("The file ends too early. Use another copy of it.")
            return False
        is_last = not self._ahead
        try:
            self._plain = self._aead.decrypt(_nonce(self._number, is_last=is_last), piece, None)
        except InvalidTag as error:
            raise Damaged("The file was changed, or a part of it is missing. Use another copy of it.") from error
        self._number += 1
        return bool(self._plain)

    def _opened(self, passphrase: Secret) -> bytes:
        version, stanza, body, last = (self._line() for _ in range(4))
        found = _STANZA.fullmatch(stanza)
        if version != VERSION or found is None or not last.startswith(b"--- "):
            raise Invalid("This is no file under a passphrase in the age format. Choose another file.")
        work = int(found[2])
        if work > MOST_WORK:
            raise Invalid(
                "This file asks for more work than any passphrase needs, so it is not opened. Choose another."
            )
        try:
            key = _wrap_key(passphrase, _decoded(found[1]), work)
            file_key = ChaCha20Poly1305(key).decrypt(bytes(12), _decoded(body), None)
        except InvalidTag as error:
            raise Locked("The passphrase is wrong, or the file was changed. Nothing was changed; try again.") from error
        header = b"\n".join((version, stanza, body, b"---"))
        if not hmac.compare_digest(_decoded(last[4:]), _mac(file_key, header)):
            raise Damaged("The head of the file was changed. Use another copy of it.")
        return file_key

    def _line(self) -> bytes:
        line = self._source.readline(MAX_HEADER)
        if not line.endswith(b"\n"):
            raise Invalid("This is no file under a passphrase in the age format. Choose another file.")
        return line[:-1]

    def _exactly(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            raise Damaged("The file ends too early. Use another copy of it.")
        return data


def _wrap_key(passphrase: Secret, salt: bytes, work: int) -> bytes:
    text = unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")
    try:
        return hashlib.scrypt(
            text, salt=LABEL + salt, n=1 << work, r=8, p=1, dklen=32, maxmem=(1 << work) * 1024 + (1 << 20)
        )
    except (MemoryError, ValueError) as error:
        raise Unavailable(
            f"There is not enough memory to check the passphrase ({1 << max(0, work - 10)} MiB). Close something and try again."
        ) from error


def _derived(file_key: bytes, salt: bytes, what: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, what).derive(file_key)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _encoded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise Damaged("The head of the file was changed. Use another copy of it.") from error
    # One spelling only, as the specification asks for.
    if _encoded(data) != text:
        raise Damaged("The head of the file was changed. Use another copy of it.")
    return data
