"""The port: points go in, the nearest come out. An *index* is one collection; what its vectors mean is not known here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Point:
    """A vector by the number of its chunk. `document` groups the points that come and go together.

    `vector` is little-endian float32 of length one, so that a scalar product is the cosine of an angle.
    """

    id: int
    document: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Near:
    """A point that was found, and its cosine similarity to what was asked."""

    id: int
    score: float


class Vectors(Protocol):
    """A store of vectors. Every method may be repeated: what is there already, or gone already, is fine."""

    async def upsert(self, index: str, points: Sequence[Point]) -> None:
        """Put points in, in the place of those with the same ids. The first one makes the index."""
        ...

    async def delete(self, index: str, documents: Collection[str] | None = None) -> None:
        """Take out every point of these documents, or with None the index itself."""
        ...

    async def search(
        self, index: str, vector: bytes, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        """The nearest points, the nearest first, among these documents or all. An index that is not there has none."""
        ...

    async def count(self, index: str) -> int:
        """How many points an index holds; 0 where there is none."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...
