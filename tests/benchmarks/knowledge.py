"""Knowledge bases beside their budgets: quality on public collections, rates, memory, and a corpus of strangers' files.

    python -m tests.benchmarks.knowledge quality DATA      cran.all.1400, cran.qry, cranqrel, xquad.en.json, xquad.de.json
    python -m tests.benchmarks.knowledge ingest DATA       10,000 passages against the bare embedder on all cores
    python -m tests.benchmarks.knowledge query             a search over 100,000 passages
    python -m tests.benchmarks.knowledge corpus FOLDER     every file of a folder, and what became of it

The collections are not part of the project: Cranfield is handed on by many, XQuAD (CC-BY-SA) lies at google-deepmind/xquad.
"""

from __future__ import annotations

import asyncio
import collections
import json
import math
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.app import Core, open_local
from legate_core.kernel.context import ReadContext
from legate_core.knowledge import store
from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.embed.local import LocalEmbedder, shipped
from legate_core.knowledge.model import Anchor, Chunk
from legate_core.knowledge.queries import Documents, KnowledgeBases, SearchKnowledge
from legate_core.knowledge.readers import kind_of
from legate_core.knowledge.words import searched
from legate_core.settings import Settings, throw_away
from legate_core.storage import dialect

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Collection:
    """A public test collection: documents by id, questions, and which documents answer each."""

    name: str
    documents: Mapping[str, str]
    questions: Sequence[str]
    relevant: Sequence[frozenset[str]]


def cranfield(folder: Path) -> Collection:
    """1,398 abstracts with words in them, 225 questions."""
    documents: dict[str, str] = {}
    for part in re.split(r"^\.I ", (folder / "cran.all.1400").read_text(), flags=re.M)[1:]:
        number, rest = part.split("\n", 1)
        fields = dict(re.findall(r"^\.([TABW])\n(.*?)(?=^\.[TABW]\n|\Z)", rest, flags=re.M | re.S))
        title, words = (" ".join(fields.get(name, "").split()) for name in "TW")
        if words:
            documents[number.strip()] = f"# {title}\n\n{words.removeprefix(title).strip()}\n"
    questions = [
        " ".join(part.split(".W\n")[1].split())
        for part in re.split(r"^\.I ", (folder / "cran.qry").read_text(), flags=re.M)[1:]
    ]
    relevant: dict[int, set[str]] = collections.defaultdict(set)
    for line in (folder / "cranqrel").read_text().splitlines():
        question, document, code = (int(word) for word in line.split()[:3])
        if code > 0:
            relevant[question].add(str(document))
    return Collection(
        "Cranfield", documents, questions, [frozenset(relevant[place + 1]) for place in range(len(questions))]
    )


def xquad(folder: Path, language: str) -> Collection:
    """240 paragraphs, 1,190 questions; each is answered by one paragraph."""
    documents: dict[str, str] = {}
    questions: list[str] = []
    relevant: list[frozenset[str]] = []
    for article in json.loads((folder / f"xquad.{language}.json").read_text())["data"]:
        for paragraph in article["paragraphs"]:
            key = str(len(documents))
            documents[key] = paragraph["context"]
            for item in paragraph["qas"]:
                questions.append(item["question"])
                relevant.append(frozenset({key}))
    return Collection(f"XQuAD {language}", documents, questions, relevant)


def ndcg(ranked: Iterable[str], relevant: frozenset[str], at: int = 10) -> float:
    """Normalised discounted cumulative gain with relevance yes or no."""
    gain = sum(1 / math.log2(place + 2) for place, key in enumerate(list(ranked)[:at]) if key in relevant)
    best = sum(1 / math.log2(place + 2) for place in range(min(at, len(relevant))))
    return gain / best if best else 0.0


async def opened(folder: Path) -> Core:
    """A throw-away core with the real parts: the shipped embedder and Chroma."""
    return await open_local(throw_away(Settings(home=folder / "home")))


async def filled(core: Core, folder: Path, collection: Collection) -> str:
    """A base with the collection's documents, read; its id."""
    ending = ".md" if collection.name == "Cranfield" else ".txt"
    place = folder / collection.name.replace(" ", "-")
    place.mkdir()
    paths: list[str] = []
    for key, text in collection.documents.items():
        (place / f"{key}{ending}").write_text(text, encoding="utf-8")
        paths.append(str(place / f"{key}{ending}"))
    base_id = await core.client.send(CreateBase(collection.name))
    for start in range(0, len(paths), 200):
        await core.client.send(AddFiles(base_id, tuple(paths[start : start + 200])))
    await core.knowledge.ingester.settled()
    return base_id


async def quality(data: Path) -> None:
    """nDCG@10 of keywords alone, vectors alone, and both joined."""
    print(f"{'collection':12} {'keywords':>9} {'vectors':>9} {'fused':>9} {'ms/question':>12}")
    for collection in (cranfield(data), xquad(data, "en"), xquad(data, "de")):
        with tempfile.TemporaryDirectory() as folder:
            core = await opened(Path(folder))
            try:
                base_id = await filled(core, Path(folder), collection)
                await _print_quality(core, base_id, collection)
            finally:
                await core.close()


async def _print_quality(core: Core, base_id: str, collection: Collection) -> None:
    scores: dict[str, list[float]] = collections.defaultdict(list)
    spent: list[float] = []
    for question, relevant in zip(collection.questions, collection.relevant, strict=True):
        began = time.perf_counter()
        found = await core.client.ask(SearchKnowledge(question, (base_id,), 50))
        spent.append(time.perf_counter() - began)
        fused = [Path(hit.passage.document).stem for hit in found.hits]
        scores["fused"].append(ndcg(dict.fromkeys(fused), relevant))
        keywords, vectors = await _alone(core, base_id, question)
        scores["keywords"].append(ndcg(dict.fromkeys(keywords), relevant))
        scores["vectors"].append(ndcg(dict.fromkeys(vectors), relevant))
    mean = {name: statistics.fmean(values) for name, values in scores.items()}
    print(
        f"{collection.name:12} {mean['keywords']:9.4f} {mean['vectors']:9.4f} {mean['fused']:9.4f} "
        f"{1000 * statistics.median(spent):12.1f}",
        flush=True,
    )


async def _alone(core: Core, base_id: str, question: str) -> tuple[list[str], list[str]]:
    """What each half finds by itself, as documents in order."""

    def by_keywords(ctx: ReadContext) -> list[int]:
        found = dialect.keyword_matches(ctx.connection, ctx.workspace_id, [base_id], searched(question), 100)
        return [number for number, _ in found]

    actor = core.kernel.system(core.workspace_id)
    keywords = await core.kernel.look(actor, by_keywords)
    tools = core.knowledge.ingester.tools
    base = await core.kernel.look(actor, lambda ctx: store.load_base(ctx, base_id))
    (vector,) = await tools.embedders.get(base["embedder"]).embed([question])
    near = await tools.vectors.search(store.index_of(base_id, base["fingerprint"]), vector, 100)
    vectors = [item.id for item in near]
    shown = await core.kernel.look(actor, lambda ctx: store.passages(ctx, {*keywords, *vectors}, [base_id]))
    return (
        [Path(shown[number].document).stem for number in keywords],
        [Path(shown[number].document).stem for number in vectors],
    )


async def ingest(data: Path, passages: int = 10_000) -> None:
    """Passages a second through everything, beside the bare embedder in as many processes as there are cores."""
    texts = list(cranfield(data).documents.values()) + list(xquad(data, "en").documents.values())
    worked = _worked()
    with tempfile.TemporaryDirectory() as folder:
        core = await opened(Path(folder))
        try:
            base_id = await core.client.send(CreateBase("Ingest"))
            place = Path(folder) / "files"
            place.mkdir()
            paths = _many(place, texts, passages)
            before = _memory_mb()
            began = time.perf_counter()
            for start in range(0, len(paths), 200):
                await core.client.send(AddFiles(base_id, tuple(paths[start : start + 200])))
            gaps = asyncio.ensure_future(_longest_gap())
            await core.knowledge.ingester.settled()
            gaps.cancel()
            seconds = time.perf_counter() - began
            row = (await core.client.ask(KnowledgeBases()))[base_id]
            after = _memory_mb()
            rows = await core.kernel.look(
                core.kernel.system(core.workspace_id),
                lambda ctx: store.next_unembedded(ctx, base_id, 0, 100_000),
            )
        finally:
            await core.close()
    whole_cost = (_worked() - worked) / row.chunks
    worked = _worked()
    some = [f"{heading}\n{text}" if heading else text for _, _, heading, text in rows[:2_000]]
    bare = await _bare(some)
    bare_cost = (_worked() - worked) / len(some)
    rate = row.chunks / seconds
    print(f"{row.ready} documents, {row.chunks} passages in {seconds:.1f} s: {rate:.1f} passages/s")
    print(f"bare embedder on {CORES} cores: {bare:.1f} passages/s; ratio {rate / bare:.3f} (wanted at least 0.90)")
    print(
        f"processor time a passage: {1000 * whole_cost:.1f} ms in all, {1000 * bare_cost:.1f} ms bare; "
        f"ratio {bare_cost / whole_cost:.3f}, which other work on this machine does not move"
    )
    print(f"memory of this process: {before:.0f} MB before, {after:.0f} MB after")


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


async def _bare(texts: Sequence[str]) -> float:
    embedder = LocalEmbedder(shipped(), CORES)
    try:
        await asyncio.gather(*(embedder.embed(["warm"]) for _ in range(CORES)))
        began = time.perf_counter()
        parts = [texts[start : start + embedder.at_once] for start in range(0, len(texts), embedder.at_once)]
        await asyncio.gather(*(embedder.embed(part) for part in parts))
        return len(texts) / (time.perf_counter() - began)
    finally:
        await embedder.close()


async def _longest_gap() -> None:
    """Print the longest time the event loop of the core stood still; the window's own loop is another thread."""
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            longest, last = max(longest, now - last - 0.01), now
    finally:
        print(f"longest stop of the core's loop during ingestion: {1000 * longest:.0f} ms")


def _worked() -> float:
    """Seconds of processor time of this process and of those it started that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


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
            words = _vocabulary()
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


def _vocabulary() -> tuple[list[str], list[float]]:
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
    words, weights = _vocabulary()
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


async def corpus(folder: Path) -> None:
    """Read every file of a folder that others made, and count what became of them. Reading is what is tried here, so vectors
    are hashed and kept in memory."""
    paths = sorted(str(path) for path in folder.rglob("*") if path.is_file() and kind_of(path.name))
    with tempfile.TemporaryDirectory() as home:
        core = await open_local(throw_away(Settings(home=Path(home) / "home", vectors="memory")))
        try:
            base_id = await core.client.send(CreateBase("Corpus", {"provider": "hashing"}))
            began = time.perf_counter()
            taken = same = 0
            for start in range(0, len(paths), 200):
                added = await core.client.send(AddFiles(base_id, tuple(paths[start : start + 200])))
                taken += len(added.new)
                same += len(added.known)
            await core.knowledge.ingester.settled()
            seconds = time.perf_counter() - began
            rows = list((await core.client.ask(Documents(base_id))).values())
        finally:
            await core.close()
    print(f"{len(paths)} files, {same} of them copies; {taken} read in {seconds:.0f} s")
    _print_outcomes(rows)


def _print_outcomes(rows: Sequence[Any]) -> None:
    kinds = sorted({row.kind for row in rows})
    print(f"{'kind':10} {'files':>6} {'ready':>6} {'failed':>7} {'with notes':>11} {'passages':>9}")
    for kind in kinds:
        here = [row for row in rows if row.kind == kind]
        ready = [row for row in here if row.state == "ready"]
        print(
            f"{kind:10} {len(here):6} {len(ready):6} {len(here) - len(ready):7} "
            f"{sum(bool(row.reason) for row in ready):11} {sum(row.chunks for row in ready):9}"
        )
    reasons = collections.Counter(re.sub(r"[\d,.]+", "N", row.reason) for row in rows if row.state == "failed")
    for reason, count in reasons.most_common():
        print(f"{count:6} of {reason}")
    print("without a reason:", sum(row.state == "failed" and not row.reason for row in rows))
    print("neither ready nor failed:", sum(row.state not in ("ready", "failed") for row in rows))


def main() -> None:
    word, rest = sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]
    if word in ("quality", "ingest", "corpus") and len(rest) == 1:
        asyncio.run({"quality": quality, "ingest": ingest, "corpus": corpus}[word](Path(rest[0])))
    elif word == "query":
        asyncio.run(query(int(rest[0]) if rest else 100_000))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
