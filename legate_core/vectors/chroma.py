"""Vectors in an embedded Chroma, which has a process of its own.

Chroma's import takes seconds and its index lives in memory; neither is the window's business. `ChromaVectors` is the port in
the parent, `serve` and `Chroma` are the child. One collection per index, no embedding function ever, telemetry off.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, cast

from legate_core.errors import Unavailable
from legate_core.processes.child import Broke, Program
from legate_core.processes.pool import Pool
from legate_core.vectors.base import Near, Point

SECONDS = 60.0
_UPSERT_AT_ONCE = 512
_FILTER_AT_ONCE = 500


class ChromaVectors:
    """The port, in front of a child process that holds Chroma. The child starts with the first call."""

    def __init__(self, folder: Path) -> None:
        config = {"folder": str(folder)}
        # One process, because Chroma's folder has one owner.
        self._pool = Pool(lambda: Program("legate_core.vectors.chroma:serve", config, _QUIET), 1)

    async def upsert(self, index: str, points: Sequence[Point]) -> None:
        for start in range(0, len(points), _UPSERT_AT_ONCE):
            some = points[start : start + _UPSERT_AT_ONCE]
            await self._ask(
                {
                    "do": "upsert",
                    "index": index,
                    "ids": [point.id for point in some],
                    "documents": [point.document for point in some],
                    "vectors": b"".join(point.vector for point in some),
                }
            )

    async def delete(self, index: str, documents: Collection[str] | None = None) -> None:
        names = None if documents is None else list(documents)
        await self._ask({"do": "delete", "index": index, "documents": names})

    async def search(
        self, index: str, vector: bytes, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        names = None if documents is None else list(documents)
        message = {"do": "search", "index": index, "vector": vector, "limit": limit, "documents": names}
        found = await self._ask(message, urgent=True)
        return [Near(key, score) for key, score in found]

    async def count(self, index: str) -> int:
        return await self._ask({"do": "count", "index": index})

    async def close(self) -> None:
        await self._pool.close()

    async def _ask(self, message: dict[str, Any], *, urgent: bool = False) -> Any:
        try:
            return await self._pool.ask(message, SECONDS, urgent=urgent)
        except Broke as error:
            raise Unavailable(
                f"The index of the knowledge bases cannot be used: {error.message} Try again; if it stays so, run "
                "'legate doctor'."
            ) from error


_QUIET = {"ANONYMIZED_TELEMETRY": "False", "OTEL_SDK_DISABLED": "true", "CHROMA_OTEL_COLLECTION_ENDPOINT": ""}


def serve(config: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """The child: open Chroma, then answer one message after the other."""
    chroma = Chroma(Path(config["folder"]))
    methods: dict[str, Callable[..., Any]] = {
        "upsert": chroma.upsert,
        "delete": chroma.delete,
        "search": chroma.search,
        "count": chroma.count,
    }

    def answer(message: dict[str, Any]) -> Any:
        arguments = dict(message)
        return methods[arguments.pop("do")](**arguments)

    return answer


class Chroma:
    """An embedded Chroma in a folder; plain functions, for a process that has nothing else to do."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        self._open: dict[str, Any] = {}

    def upsert(self, index: str, ids: list[int], documents: list[str], vectors: bytes) -> None:
        import numpy

        collection = self._collection(index) or self._make(index)
        matrix = numpy.frombuffer(vectors, "<f4").reshape(len(ids), -1)
        collection.upsert(
            ids=[str(key) for key in ids], embeddings=matrix, metadatas=[{"document": name} for name in documents]
        )

    def delete(self, index: str, documents: list[str] | None) -> None:
        collection = self._collection(index)
        if collection is None:
            return
        if documents is None:
            self._open.pop(index, None)
            self._client.delete_collection(index)
            return
        for start in range(0, len(documents), _FILTER_AT_ONCE):
            collection.delete(where={"document": {"$in": documents[start : start + _FILTER_AT_ONCE]}})

    def search(self, index: str, vector: bytes, limit: int, documents: list[str] | None) -> list[tuple[int, float]]:
        import numpy

        collection = self._collection(index)
        if collection is None or documents == []:
            return []
        asked = numpy.frombuffer(vector, "<f4")
        where = None if documents is None else {"document": {"$in": documents}}
        found = collection.query(
            query_embeddings=[asked],
            n_results=limit,
            where=where,
            include=["distances"],
        )
        ids, distances = cast("list[str]", found["ids"][0]), cast("list[float]", found["distances"][0])
        return [(int(key), 1.0 - distance) for key, distance in zip(ids, distances, strict=True)]

    def count(self, index: str) -> int:
        collection = self._collection(index)
        return 0 if collection is None else int(collection.count())

    def _collection(self, index: str) -> Any | None:
        import chromadb.errors

        if index not in self._open:
            try:
                self._open[index] = self._client.get_collection(index, embedding_function=None)
            except (chromadb.errors.NotFoundError, ValueError):
                return None
        return self._open[index]

    def _make(self, index: str) -> Any:
        # Neighbours are looked for a little wider than Chroma's default of 100, which costs little and finds more.
        made = self._client.create_collection(
            index,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 128}},
        )
        self._open[index] = made
        return made
