"""How fast documents are read and embedded beside the bare embedder, and how soon a question is answered over many passages."""

from __future__ import annotations

import asyncio
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from legate_core.app import Core, open_local
from legate_core.knowledge import store
from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.embed.local import LocalEmbedder, shipped
from legate_core.knowledge.model import Anchor, Chunk
from legate_core.knowledge.queries import KnowledgeBases, SearchKnowledge
from legate_core.settings import Settings, throw_away
from tests.benchmarks.public_collections import cranfield, xquad

CORES = os.cpu_count() or 1
FILES_A_ROUND = 42
"""About a thousand passages."""


async def opened(folder: Path) -> Core:
    """A throw-away core with the real parts: the shipped embedder and Chroma."""
    return await open_local(throw_away(Settings(home=folder / "home")))


async def ingest(data: Path, passages: int = 10_000) -> None:
    """Passages a second through everything, beside the bare embedder in as many processes as there are cores.

    The two take turns, round by round, so that what else this machine does slows both.
    """
    texts = list(cranfield(data).documents.values()) + list(xquad(data, "en").documents.values())
    whole, bare = Span(), Span()
    seen = some = 0
    bare_embedder = LocalEmbedder(shipped(), CORES)
    with tempfile.TemporaryDirectory() as folder:
        core = await opened(Path(folder))
        try:
            await warmed(core, Path(folder))
            base_id = await core.client.send(CreateBase("Ingest"))
            place = Path(folder) / "files"
            place.mkdir()
            paths = _many(place, texts, passages)
            memory, gaps = _memory_mb(), Gaps()
            for start in range(0, len(paths), FILES_A_ROUND):
                with whole, gaps:
                    await core.client.send(AddFiles(base_id, tuple(paths[start : start + FILES_A_ROUND])))
                    await core.knowledge.ingester.settled()
                fresh = await _texts_of(core, base_id, seen)
                seen += len(fresh)
                # Processes that rested a while were ended; starting them anew is no embedding.
                await _bare(bare_embedder, ["warm"] * 4 * CORES)
                with bare:
                    some += await _bare(bare_embedder, fresh[::4])
            row = (await core.client.ask(KnowledgeBases()))[base_id]
            print(f"memory of this process: {memory:.0f} MB before, {_memory_mb():.0f} MB after")
        finally:
            await core.close()
            await bare_embedder.close()
    rate, bare_rate = row.chunks / whole.seconds, some / bare.seconds
    cost, bare_cost = 1000 * whole.processor / row.chunks, 1000 * bare.processor / some
    print(f"longest stop of the core's loop during ingestion: {1000 * gaps.longest:.0f} ms")
    print(f"{row.ready} documents, {row.chunks} passages in {whole.seconds:.1f} s: {rate:.1f} passages/s")
    print(f"bare embedder on {CORES} cores: {bare_rate:.1f} passages/s; ratio {rate / bare_rate:.3f} (wanted 0.90)")
    print(
        f"processor time a passage: {cost:.1f} ms in all, {bare_cost:.1f} ms bare; ratio {bare_cost / cost:.3f}, "
        "which other work on this machine moves little"
    )


async def warmed(core: Core, folder: Path) -> None:
    """Read one document, so that every process runs and every library is loaded."""
    path = folder / "warm.md"
    path.write_text("\n\n".join(f"# Part {number}\n\n{'Warm words. ' * 40}" for number in range(16)), encoding="utf-8")
    base_id = await core.client.send(CreateBase("Warm"))
    await core.client.send(AddFiles(base_id, (str(path),)))
    await core.knowledge.ingester.settled()


def _many(place: Path, texts: Sequence[str], passages: int) -> list[str]:
    """Files that hold about so many passages in all: documents of some pages, as people have them."""
    paths: list[str] = []
    random.seed(7)
    count = 0
    while count < passages:
        parts = random.sample(texts, 20)
        count += 24
        path = place / f"{len(paths)}.md"
        path.write_text("\n\n".join(parts), encoding="utf-8")
        paths.append(str(path))
    return paths


async def _texts_of(core: Core, base_id: str, before: int) -> list[str]:
    """What the embedder was given since then: each passage after so many, with its heading."""
    actor = core.kernel.system(core.workspace_id)
    rows = await core.kernel.look(actor, lambda ctx: store.next_unembedded(ctx, base_id, 0, 100_000))
    return [f"{heading}\n{text}" if heading else text for _, _, heading, text in rows[before:]]


async def _bare(embedder: LocalEmbedder, texts: Sequence[str]) -> int:
    """Embed these and do nothing else; how many they are."""
    parts = [texts[start : start + embedder.at_once] for start in range(0, len(texts), embedder.at_once)]
    await asyncio.gather(*(embedder.embed(part) for part in parts))
    return len(texts)


class Gaps:
    """The longest time the event loop of the core stood still while it was entered; the window's loop is another thread."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._looking: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        self._looking = asyncio.ensure_future(self._look())

    def __exit__(self, *_error: object) -> None:
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last - 0.01), now


class Span:
    """The times while it was entered, added up: by the clock, and of processors in this process and all that it started."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0
        self._clock = self._before = 0.0

    def __enter__(self) -> None:
        self._clock, self._before = time.perf_counter(), _worked()

    def __exit__(self, *_error: object) -> None:
        self.seconds += time.perf_counter() - self._clock
        self.processor += _worked() - self._before


def _worked() -> float:
    spent = os.times()
    ended = spent.children_user + spent.children_system
    return spent.user + spent.system + ended + sum(_worked_by_living())


def _worked_by_living() -> Iterator[float]:
    """Processor time of processes that this one started and that still run, where the system has a list of them."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            # It ended meanwhile.
            continue
        if int(fields[1]) == os.getpid():
            yield (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024  # type: ignore[index] # Linux has it


async def query(passages: int = 100_000, questions: int = 200) -> None:
    """The time of a whole search over so many passages of made-up text with English word frequencies."""
    with tempfile.TemporaryDirectory() as folder:
        core = await opened(Path(folder))
        try:
            base_id = await _made_up(core, passages)
            words = made_up_words()
            random.seed(3)
            asked = [" ".join(["what", "is", "the", *random.choices(*words, k=6)]) + "?" for _ in range(questions + 20)]
            spent: list[float] = []
            for question in asked:
                began = time.perf_counter()
                found = await core.client.ask(SearchKnowledge(question, (base_id,), 8))
                spent.append(1000 * (time.perf_counter() - began))
                assert found.hits
                assert not found.notice
        finally:
            await core.close()
    spent = sorted(spent[20:])
    print(
        f"search over {passages:,} passages: p50 {spent[len(spent) // 2]:.1f} ms (wanted < 25), "
        f"p95 {spent[int(len(spent) * 0.95)]:.1f} ms (wanted < 60)"
    )


def made_up_words() -> tuple[list[str], list[float]]:
    """20,000 made-up words by Zipf's law."""
    random.seed(11)
    signs = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(random.choices(signs, weights=range(26, 0, -1), k=random.randint(3, 10))) for _ in range(20_000)]
    return words, [1 / (place + 10) for place in range(len(words))]


async def _made_up(core: Core, passages: int) -> str:
    """A base with this many passages and random vectors, written as ingestion writes them."""
    import numpy

    from legate_core.knowledge.commands import Source, _insert  # pyright: ignore[reportPrivateUsage]
    from legate_core.knowledge.originals import Stored
    from legate_core.knowledge.tables import bases, documents
    from legate_core.vectors.base import Point

    actor = core.kernel.system(core.workspace_id)
    base_id = await core.client.send(CreateBase("Large"))
    tools = core.knowledge.ingester.tools
    kind = await tools.embedders.get({"provider": "local"}).kind()
    name = store.numbered(kind.fingerprint, 1)
    words, weights = made_up_words()
    generator = numpy.random.default_rng(5)
    random.seed(5)
    for start in range(0, passages, 1_000):

        def write(ctx: Any, start: int = start) -> tuple[str, list[int]]:
            from legate_core.knowledge.events import BaseChanged, DocumentReady

            document_id = _insert(ctx, base_id, Source(f"{start}.txt", "", "text", Stored(f"{start:064d}", 1)), "")
            chunks = [
                Chunk(" ".join(random.choices(words, weights, k=120)), 0, 1, Anchor(paragraph=place + 1), 200)
                for place in range(1_000)
            ]
            row = ctx.update(documents, document_id, {"state": "ready", "revision": 1, "chunks": 1_000})
            ctx.emit(DocumentReady(base_id, document_id, 1, 1_000))
            numbers = store.add_chunks(ctx, row, 1, 0, chunks)
            ctx.update(bases, base_id, {"fingerprint": name})
            ctx.emit(BaseChanged(base_id))
            return document_id, numbers

        document_id, numbers = await core.kernel.change(actor, write, "benchmark")
        vectors = generator.standard_normal((len(numbers), kind.dimensions)).astype("<f4")
        vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
        points = [
            Point(number, store.key_of(document_id, 1), vector.tobytes())
            for number, vector in zip(numbers, vectors, strict=True)
        ]
        await tools.vectors.upsert(store.index_of(base_id, name), points)
    return base_id
