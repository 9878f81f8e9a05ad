"""An embedder without a model: words hashed into a vector. Deterministic, instant, and good enough to test with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from legate_core.knowledge.embed.base import Kind, Tokenizer, unit
from legate_core.knowledge.words import ALL_STOP_WORDS, folded, words_of


class HashingEmbedder:
    """Texts that share words are near each other; nothing is understood."""

    at_once = 64
    workers = 2

    def __init__(self, dimensions: int = 256) -> None:
        self._dimensions = dimensions

    async def kind(self) -> Kind:
        return Kind(f"hashing-{self._dimensions}", self._dimensions, Tokenizer(), 10_000, frozenset())

    async def embed(self, texts: Sequence[str], *, urgent: bool = False) -> list[bytes]:
        return [self._vector(text) for text in texts]

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _vector(self, text: str) -> bytes:
        numbers = [0.0] * self._dimensions
        for word in words_of(text):
            if word in ALL_STOP_WORDS:
                continue
            digest = hashlib.blake2b(folded(word).encode("utf-8", "replace"), digest_size=8).digest()
            place = int.from_bytes(digest[:4], "little") % self._dimensions
            numbers[place] += 1.0 if digest[4] & 1 else -1.0
        return unit(numbers)
