"""A second reading of the vault's envelope, from its specification alone: shares no line with the product.

AES-GCM, HKDF and canonical JSON are put together here from a block cipher, HMAC and sorted JSON. Slow, and only for
comparing: `decrypt(key, record)` takes a master key and a record of `envelope_vectors.json` and gives its data.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

POLYNOMIAL = 0xE1 << 120


def hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256."""
    extracted, block, out = hmac.digest(salt, key, "sha256"), b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


def multiply(x: int, y: int) -> int:
    """The product in GCM's field of 2^128 elements, bits counted from the left (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (POLYNOMIAL if y & 1 else 0)
    return product


def gcm_decrypt(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    """NIST SP 800-38D, 7.2, for 96-bit nonces."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # the block cipher itself
    ciphertext, tag = sealed[:-16], sealed[-16:]
    h = int.from_bytes(encryptor.update(bytes(16)), "big")
    digest = 0
    for part in (bound, ciphertext):
        for at in range(0, len(part), 16):
            digest = multiply(digest ^ int.from_bytes(part[at : at + 16].ljust(16, b"\0"), "big"), h)
    lengths = (8 * len(bound)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    digest = multiply(digest ^ int.from_bytes(lengths, "big"), h)
    stream = [encryptor.update(nonce + number.to_bytes(4, "big")) for number in range(1, len(ciphertext) // 16 + 3)]
    if digest.to_bytes(16, "big") != bytes(a ^ b for a, b in zip(tag, stream[0], strict=True)):
        raise ValueError("the tag does not match")
    return bytes(a ^ b for a, b in zip(ciphertext, b"".join(stream[1:]), strict=False))


def decrypt(master: bytes, record: dict[str, Any]) -> bytes:
    """The data of one published record."""
    parts = {name: bytes.fromhex(record[name]) for name in ("salt", "commitment", "wrapped", "nonce", "content")}
    number = record["master"]
    place = ["legate/vault/1", record["workspace"], record["record"], record["field"], record["version"], number]
    bound = json.dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
    derived = hkdf(master, parts["salt"], b"legate/vault/wrap/1|" + str(number).encode(), 64)
    if derived[32:] != parts["commitment"]:
        raise ValueError("the commitment does not match")
    data_key = gcm_decrypt(derived[:32], bytes(12), parts["wrapped"], bound)
    return gcm_decrypt(data_key, parts["nonce"], parts["content"], bound)


def fixed_randomness(label: str) -> Callable[[int], bytes]:
    """The published randomness of a record: SHAKE-256 of its label, taken piece by piece."""
    taken = 0

    def random(length: int) -> bytes:
        nonlocal taken
        piece = hashlib.shake_256(label.encode()).digest(taken + length)[taken:]
        taken += length
        return piece

    return random
