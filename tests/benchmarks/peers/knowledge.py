"""The same documents through Legate and through LlamaIndex with Chroma, in one run: how fast they are read, how well found.

    python -m tests.benchmarks.peers.knowledge PEER_PYTHON [DATA]

PEER_PYTHON is the interpreter of an environment of its own, outside this one, with what `peers/knowledge_llama_index.py` says.
Both embed with the model that ships with Legate on all cores, cut passages of the same size, and keep vectors in an embedded
Chroma on disk; all else are the library's defaults. DATA is as in `public_collections.py`. The two take turns, collection by
collection, and both have loaded everything before their time begins.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.embed.local import shipped
from legate_core.knowledge.queries import SearchKnowledge
from legate_core.knowledge.readers import OVERLAP_TOKENS, PASSAGE_TOKENS
from tests.benchmarks.knowledge_rates import Span, opened, warmed
from tests.benchmarks.public_collections import Collection, all_in, folder_of, ndcg

PEER = Path(__file__).with_name("knowledge_llama_index.py")


@dataclass(frozen=True)
class Side:
    """Seconds to read everything by the clock and of processors, milliseconds a question, the documents found for each."""

    seconds: float
    processor: float
    milliseconds: float
    found: list[list[str]]


def written(collection: Collection, folder: Path) -> list[str]:
    """The collection as files, as a person would have it."""
    paths: list[str] = []
    folder.mkdir()
    for key, text in collection.documents.items():
        path = folder / f"{key}.md"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths


async def ours(collection: Collection, paths: list[str], folder: Path) -> Side:
    """Legate."""
    core = await opened(folder)
    try:
        await warmed(core, folder)
        base_id = await core.client.send(CreateBase(collection.name))
        span = Span()
        with span:
            for start in range(0, len(paths), 200):
                await core.client.send(AddFiles(base_id, tuple(paths[start : start + 200])))
            await core.knowledge.ingester.settled()
        began = time.perf_counter()
        found = [await core.client.ask(SearchKnowledge(question, (base_id,), 20)) for question in collection.questions]
        each = 1000 * (time.perf_counter() - began) / len(found)
    finally:
        await core.close()
    return Side(
        span.seconds, span.processor, each, [[Path(hit.passage.document).stem for hit in item.hits] for item in found]
    )


async def theirs(collection: Collection, paths: list[str], folder: Path, python: str) -> Side:
    """The other library, in its own interpreter."""
    files = shipped()
    job = {
        "model": str(files.model),
        "tokenizer": str(files.tokenizer),
        "paths": paths,
        "questions": list(collection.questions),
        "folder": str(folder),
        "passage_tokens": PASSAGE_TOKENS,
        "overlap_tokens": OVERLAP_TOKENS,
    }
    process = await asyncio.create_subprocess_exec(
        python, str(PEER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate(json.dumps(job).encode())
    if process.returncode:
        sys.exit(f"{PEER.name} ended with {process.returncode}; its environment needs what its first lines say.")
    return Side(**json.loads(told.splitlines()[-1]))


async def compare(data: Path, python: str) -> None:
    """Print, for each collection, ours and theirs and the ratio of the two."""
    print(f"{'collection':12} {'documents/s':^22} {'processor ms/document':^22} {'nDCG@10':^22} {'ms/question':^16}")
    for collection in all_in(data):
        with tempfile.TemporaryDirectory() as place:
            paths = written(collection, Path(place) / "files")
            first = await ours(collection, paths, Path(place) / "ours")
            second = await theirs(collection, paths, Path(place) / "theirs", python)
        columns = [
            [len(paths) / side.seconds for side in (first, second)],
            [1000 * side.processor / len(paths) for side in (first, second)],
            [_score(side, collection) for side in (first, second)],
        ]
        print(
            f"{collection.name:12} "
            + " ".join(f"{a:7.4g} to {b:7.4g} {a / b:4.2f}" for a, b in columns)
            + f" {first.milliseconds:6.1f} to {second.milliseconds:5.1f}",
            flush=True,
        )


def _score(side: Side, collection: Collection) -> float:
    return statistics.fmean(
        ndcg(dict.fromkeys(found), relevant) for found, relevant in zip(side.found, collection.relevant, strict=True)
    )


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    asyncio.run(compare(folder_of(sys.argv[2:]), sys.argv[1]))


if __name__ == "__main__":
    main()
