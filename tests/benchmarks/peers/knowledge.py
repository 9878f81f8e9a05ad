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
from pathlib import Path

from legate_core.app import Core
from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.embed.local import shipped
from legate_core.knowledge.queries import SearchKnowledge
from legate_core.knowledge.readers import OVERLAP_TOKENS, PASSAGE_TOKENS
from tests.benchmarks.knowledge_rates import opened
from tests.benchmarks.public_collections import Collection, all_in, folder_of, ndcg

PEER = Path(__file__).with_name("knowledge_llama_index.py")


def written(collection: Collection, folder: Path) -> list[str]:
    """The collection as files, as a person would have it."""
    paths: list[str] = []
    folder.mkdir()
    for key, text in collection.documents.items():
        path = folder / f"{key}.md"
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths


async def ours(collection: Collection, paths: list[str], folder: Path) -> tuple[float, float, list[list[str]]]:
    """Seconds to read everything, milliseconds a question, and the documents found for each."""
    core = await opened(folder)
    try:
        await _warm(core, folder)
        base_id = await core.client.send(CreateBase(collection.name))
        began = time.perf_counter()
        for start in range(0, len(paths), 200):
            await core.client.send(AddFiles(base_id, tuple(paths[start : start + 200])))
        await core.knowledge.ingester.settled()
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        found = [await core.client.ask(SearchKnowledge(question, (base_id,), 20)) for question in collection.questions]
        each = 1000 * (time.perf_counter() - began) / len(found)
    finally:
        await core.close()
    return seconds, each, [[Path(hit.passage.document).stem for hit in item.hits] for item in found]


async def _warm(core: Core, folder: Path) -> None:
    """Read one document, so that every process runs and every library is loaded."""
    path = folder / "warm.md"
    path.write_text("\n\n".join(f"# Part {number}\n\n{'Warm words. ' * 40}" for number in range(16)), encoding="utf-8")
    base_id = await core.client.send(CreateBase("Warm"))
    await core.client.send(AddFiles(base_id, (str(path),)))
    await core.knowledge.ingester.settled()


async def theirs(
    collection: Collection, paths: list[str], folder: Path, python: str
) -> tuple[float, float, list[list[str]]]:
    """The same of the other library, in its own interpreter."""
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
    answer = json.loads(told.splitlines()[-1])
    return answer["seconds"], answer["milliseconds"], answer["found"]


async def compare(data: Path, python: str) -> None:
    """Print one line for each collection."""
    print(f"{'collection':12} {'documents/s':>21} {'ratio':>6} {'nDCG@10':>16} {'ratio':>6} {'ms/question':>14}")
    for collection in all_in(data):
        with tempfile.TemporaryDirectory() as place:
            paths = written(collection, Path(place) / "files")
            first = await ours(collection, paths, Path(place) / "ours")
            second = await theirs(collection, paths, Path(place) / "theirs", python)
        rates = [len(paths) / side[0] for side in (first, second)]
        scores = [
            statistics.fmean(
                ndcg(dict.fromkeys(found), relevant)
                for found, relevant in zip(side[2], collection.relevant, strict=True)
            )
            for side in (first, second)
        ]
        print(
            f"{collection.name:12} {rates[0]:8.1f} to {rates[1]:8.1f}  {rates[0] / rates[1]:6.2f} "
            f"{scores[0]:6.4f} to {scores[1]:6.4f} {scores[0] / scores[1]:6.2f} {first[1]:6.1f} to {second[1]:4.1f}",
            flush=True,
        )


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    asyncio.run(compare(folder_of(sys.argv[2:]), sys.argv[1]))


if __name__ == "__main__":
    main()
