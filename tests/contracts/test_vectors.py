"""One contract for every store of vectors: in memory, in an embedded Chroma, in a Qdrant (its real engine and client)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from legate_core.errors import Invalid, Unavailable
from legate_core.knowledge.embed.base import unit
from legate_core.vectors.base import Point, Vectors
from legate_core.vectors.chroma import ChromaVectors
from legate_core.vectors.memory import MemoryVectors
from legate_core.vectors.open import open_vectors
from legate_core.vectors.qdrant import QdrantVectors
from tests.fakes.qdrant import QdrantServer

STORES = ("memory", pytest.param("chroma", marks=pytest.mark.slow), pytest.param("qdrant", marks=pytest.mark.slow))
INDEX = "kb_test-hashing-8.1"


@pytest.fixture(params=STORES)
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    if request.param == "memory":
        store: Vectors = MemoryVectors()
        yield store
        await store.close()
    elif request.param == "chroma":
        store = ChromaVectors(tmp_path / "vectors")
        yield store
        await store.close()
    else:
        with QdrantServer(tmp_path) as server:
            store = QdrantVectors(server.url)
            yield store
            await store.close()


def vector(*numbers: float) -> bytes:
    return unit([*numbers, *[0.0] * (8 - len(numbers))])


def point(number: int, document: str, *numbers: float) -> Point:
    return Point(number, document, vector(*numbers))


SOME = [point(1, "a:1", 1, 0), point(2, "a:1", 1, 1), point(3, "b:1", 0, 1), point(4, "c:2", -1, 0)]


async def test_an_index_that_is_not_there_is_empty_and_may_be_deleted(vectors: Vectors) -> None:
    assert await vectors.count(INDEX) == 0
    assert await vectors.search(INDEX, vector(1), 5) == []
    await vectors.delete(INDEX)
    await vectors.delete(INDEX, ["a:1"])
    await vectors.upsert(INDEX, [])
    assert await vectors.count(INDEX) == 0


async def test_the_nearest_come_first_with_their_cosine(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    found = await vectors.search(INDEX, vector(1, 0.2), 3)
    assert [item.id for item in found] == [1, 2, 3]
    assert [item.score for item in found] == pytest.approx([0.980581, 0.832050, 0.196116], abs=1e-4)
    everything = await vectors.search(INDEX, vector(1), 10)
    assert {item.id for item in everything} == {1, 2, 3, 4}
    assert everything[-1].score == pytest.approx(-1, abs=1e-4)


async def test_the_same_id_again_replaces_its_point(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    await vectors.upsert(INDEX, [point(1, "d:1", 0, 0, 1)])
    assert await vectors.count(INDEX) == 4
    assert (await vectors.search(INDEX, vector(0, 0, 1), 1))[0].id == 1
    await vectors.delete(INDEX, ["a:1"])
    assert await vectors.count(INDEX) == 3


async def test_a_search_among_documents_finds_no_others(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    assert [item.id for item in await vectors.search(INDEX, vector(1), 5, ["b:1", "c:2", "not:1"])] == [3, 4]
    assert await vectors.search(INDEX, vector(1), 5, []) == []
    assert await vectors.search(INDEX, vector(1), 5, ["not:1"]) == []


async def test_documents_are_deleted_with_all_their_points(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    for _ in range(2):
        await vectors.delete(INDEX, ["a:1", "c:2"])
        assert await vectors.count(INDEX) == 1
    assert [item.id for item in await vectors.search(INDEX, vector(1), 5)] == [3]


async def test_indexes_know_nothing_of_each_other(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    await vectors.upsert("kb_test-other.1", [Point(1, "a:1", unit([1, 0, 0]))])
    await vectors.delete(INDEX)
    assert await vectors.count(INDEX) == 0
    assert [item.id for item in await vectors.search("kb_test-other.1", unit([1, 1, 0]), 5)] == [1]
    await vectors.upsert(INDEX, SOME[:1])
    assert await vectors.count(INDEX) == 1


async def test_every_store_finds_what_looking_at_all_finds(vectors: Vectors) -> None:
    """Six hundred points: the nearest ten of a store that skips are nearly always the true ones."""
    random.seed(4)
    points = [point(place, f"d:{place % 9}", *(random.gauss(0, 1) for _ in range(8))) for place in range(600)]
    truth = MemoryVectors()
    await truth.upsert(INDEX, points)
    for start in range(0, 600, 150):
        await vectors.upsert(INDEX, points[start : start + 150])
    assert await vectors.count(INDEX) == 600
    kept = 0
    for _ in range(20):
        asked = vector(*(random.gauss(0, 1) for _ in range(8)))
        wanted = {item.id for item in await truth.search(INDEX, asked, 10)}
        kept += len(wanted & {item.id for item in await vectors.search(INDEX, asked, 10)})
    assert kept >= 195


async def test_many_may_ask_at_the_same_time(vectors: Vectors) -> None:
    await vectors.upsert(INDEX, SOME)
    asked = [vectors.search(INDEX, vector(1), 1) for _ in range(8)]
    found = await asyncio.gather(*asked, vectors.upsert(INDEX, SOME), vectors.count(INDEX))
    assert [item[0].id for item in found[:8]] == [1] * 8


@pytest.mark.slow
async def test_chroma_keeps_what_it_was_given_over_a_restart(tmp_path: Path) -> None:
    first = ChromaVectors(tmp_path / "vectors")
    await first.upsert(INDEX, SOME)
    await first.close()
    second = ChromaVectors(tmp_path / "vectors")
    try:
        assert await second.count(INDEX) == 4
        assert (await second.search(INDEX, vector(1), 1))[0].id == 1
    finally:
        await second.close()


async def test_a_qdrant_that_is_away_is_said_in_words() -> None:
    vectors = QdrantVectors("http://127.0.0.1:9")
    try:
        with pytest.raises(Unavailable, match="LEGATE_VECTORS"):
            await vectors.count(INDEX)
    finally:
        await vectors.close()


def test_a_setting_that_names_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="LEGATE_VECTORS"):
        open_vectors("postgres", tmp_path)
    assert isinstance(open_vectors("", tmp_path), ChromaVectors)
    assert isinstance(open_vectors("memory", tmp_path), MemoryVectors)
    assert isinstance(open_vectors("https://qdrant.example", tmp_path), QdrantVectors)
