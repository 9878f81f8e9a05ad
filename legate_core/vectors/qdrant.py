"""Vectors in a Qdrant server, over its REST interface, for teams. One collection per index."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Sequence
from typing import Any, TypeVar

from legate_core.errors import Unavailable
from legate_core.vectors.base import Near, Point

T = TypeVar("T")

SECONDS = 30
_AT_ONCE = 256
_DOCUMENT = "document"


class QdrantVectors:
    """The port on Qdrant's own client. Nothing is connected before the first call.

    This is infrastructure that whoever runs the server names, so it does not go through the broker.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url
        self._key = key
        self._opened: Any = None
        self._known: set[str] = set()

    async def upsert(self, index: str, points: Sequence[Point]) -> None:
        from qdrant_client import models

        if not points:
            return
        await self._make(index, len(points[0].vector) // 4)
        for start in range(0, len(points), _AT_ONCE):
            some = [
                models.PointStruct(id=point.id, vector=_numbers(point.vector), payload={_DOCUMENT: point.document})
                for point in points[start : start + _AT_ONCE]
            ]
            await self._asked(self._client.upsert(index, some, wait=True))

    async def delete(self, index: str, documents: Collection[str] | None = None) -> None:
        if not await self._is_there(index):
            return
        if documents is None:
            self._known.discard(index)
            await self._asked(self._client.delete_collection(index))
        elif documents:
            await self._asked(self._client.delete(index, _among(documents), wait=True))

    async def search(
        self, index: str, vector: bytes, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        if (documents is not None and not documents) or not await self._is_there(index):
            return []
        wanted = None if documents is None else _among(documents)
        found = await self._asked(
            self._client.query_points(
                index, query=_numbers(vector), query_filter=wanted, limit=limit, with_payload=False
            )
        )
        return [Near(int(point.id), float(point.score)) for point in found.points]

    async def count(self, index: str) -> int:
        if not await self._is_there(index):
            return 0
        return int((await self._asked(self._client.count(index, exact=True))).count)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    @property
    def _client(self) -> Any:
        if self._opened is None:
            from qdrant_client import AsyncQdrantClient

            self._opened = AsyncQdrantClient(
                url=self._url,
                api_key=self._key or None,
                timeout=SECONDS,
                prefer_grpc=False,
                check_compatibility=False,
                trust_env=False,
            )
        return self._opened

    async def _is_there(self, index: str) -> bool:
        if index not in self._known and await self._asked(self._client.collection_exists(index)):
            self._known.add(index)
        return index in self._known

    async def _make(self, index: str, dimensions: int) -> None:
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        if await self._is_there(index):
            return
        try:
            await self._client.create_collection(
                index, vectors_config=models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
            )
            # Without an index on the payload a search among some documents would look at every point.
            await self._asked(
                self._client.create_payload_index(index, _DOCUMENT, models.PayloadSchemaType.KEYWORD, wait=True)
            )
        except UnexpectedResponse as error:
            # Another process was faster.
            if error.status_code != 409:
                raise _away(error) from error
        self._known.add(index)

    async def _asked(self, call: Coroutine[Any, Any, T]) -> T:
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            return await call
        except (TimeoutError, ResponseHandlingException, UnexpectedResponse, OSError) as error:
            self._known.clear()
            raise _away(error) from error


def _away(error: BaseException) -> Unavailable:
    reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return Unavailable(f"The Qdrant server cannot be used ({reason}). Check LEGATE_VECTORS and that it runs.")


def _numbers(vector: bytes) -> list[float]:
    import numpy

    return numpy.frombuffer(vector, "<f4").tolist()


def _among(documents: Collection[str]) -> Any:
    from qdrant_client import models

    return models.Filter(must=[models.FieldCondition(key=_DOCUMENT, match=models.MatchAny(any=sorted(documents)))])
