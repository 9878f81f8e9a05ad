"""Knowledge bases beside their budgets: quality on public collections, rates and memory.

    python -m tests.benchmarks.knowledge quality [DATA]             nDCG@10 of keywords, vectors, and both joined
    python -m tests.benchmarks.knowledge ingest [DATA [PASSAGES]]   10,000 passages against the bare embedder on all cores
    python -m tests.benchmarks.knowledge query [PASSAGES]           a search over 100,000 passages

DATA holds public collections that are not part of the project; `public_collections.py` says which, and so does this program
where one is missing. `corpus.py` reads a folder of strangers' files, `peers/knowledge.py` sets another library beside this one.
"""

from __future__ import annotations

import asyncio
import collections
import statistics
import sys
import tempfile
import time
from pathlib import Path

from legate_core.app import Core
from legate_core.kernel.context import ReadContext
from legate_core.knowledge import store
from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.queries import SearchKnowledge
from legate_core.knowledge.words import searched
from legate_core.storage import dialect
from tests.benchmarks.knowledge_rates import ingest, opened, query
from tests.benchmarks.public_collections import Collection, all_in, folder_of, ndcg


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
    for collection in all_in(data):
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


def main() -> None:
    word, rest = sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]
    if word == "quality":
        asyncio.run(quality(folder_of(rest)))
    elif word == "ingest":
        asyncio.run(ingest(folder_of(rest), int(rest[1]) if len(rest) > 1 else 10_000))
    elif word == "query":
        asyncio.run(query(int(rest[0]) if rest else 100_000))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
