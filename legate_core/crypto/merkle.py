"""The RFC 6962 Merkle tree: only its right edge is kept, and every proof can be made from the leaves."""

from __future__ import annotations

import hashlib


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256(0x00 | data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Peaks:
    """The right edge of a growing tree: one hash per set bit of its size, largest subtree first."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: list[bytes] | None = None) -> None:
        self.size = size
        self.hashes = hashes or []

    def append(self, data: bytes) -> None:
        """Add one leaf."""
        digest = leaf_hash(data)
        size = self.size
        while size & 1:
            digest = node_hash(self.hashes.pop(), digest)
            size >>= 1
        self.hashes.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """The tree's hash at this size; of the empty tree, SHA-256 of nothing."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        digest = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            digest = node_hash(left, digest)
        return digest

    def to_bytes(self) -> bytes:
        """Eight bytes of size (big endian), then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Peaks:
        """The inverse of `to_bytes`; raises `ValueError` for anything else."""
        size = int.from_bytes(data[:8], "big")
        hashes = [data[at : at + 32] for at in range(8, len(data), 32)]
        if len(data) < 8 or len(data) != 8 + 32 * size.bit_count():
            raise ValueError("not the right edge of a tree")
        return cls(size, hashes)
