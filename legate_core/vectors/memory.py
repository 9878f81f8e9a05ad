"""Vectors in memory, searched one by one: exact, and gone with the process. For tests."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from legate_core.vectors.base import Near, Point


class MemoryVectors:
    """The port at its simplest; what the other stores are held against."""

    def __init__(self) -> None:
        self._indexes: dict[str, dict[int, Point]] = {}

    async def upsert(self, index: str, points: Sequence[Point]) -> None:
        self._indexes.setdefault(index, {}).update({point.id: point for point in points})

    async def delete(self, index: str, documents: Collection[str] | None = None) -> None:
        if documents is None:
            self._indexes.pop(index, None)
        elif index in self._indexes:
            gone = set(documents)
            kept = {key: point for key, point in self._indexes[index].items() if point.document not in gone}
            self._indexes[index] = kept

    async def search(
        self, index: str, vector: bytes, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        import numpy

        wanted = None if documents is None else set(documents)
        points = [
            point for point in self._indexes.get(index, {}).values() if wanted is None or point.document in wanted
        ]
        if not points:
            return []
        matrix = numpy.frombuffer(b"".join(point.vector for point in points), "<f4").reshape(len(points), -1)
        scores = matrix @ numpy.frombuffer(vector, "<f4")
        order: list[int] = numpy.argsort(-scores, kind="stable")[:limit].tolist()
        return [Near(points[place].id, float(scores[place])) for place in order]

    async def count(self, index: str) -> int:
        return len(self._indexes.get(index, {}))

    async def close(self) -> None:
        self._indexes.clear()
