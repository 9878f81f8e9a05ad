"""`kill -9` in the middle of ingestion: after a restart every document is whole or says why not, and nothing is left over.

A worker in a process of its own ends itself by SIGKILL at a chosen step: before, within and after a transaction, and before
and after the vectors are written or taken out. Its readers and the process that holds the vectors end with it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from legate_core.app import Core, open_local
from legate_core.kernel.context import ReadContext
from legate_core.knowledge import store
from legate_core.knowledge.commands import CreateBase, ReindexBase, WatchFolder
from legate_core.knowledge.queries import Documents, KnowledgeBases, SearchKnowledge
from legate_core.knowledge.tables import chunks, debts, documents
from legate_core.settings import Settings, throw_away
from legate_core.vectors.chroma import Chroma

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import asyncio, os, signal, sys
from pathlib import Path
from legate_core.app import open_local
from legate_core.settings import Settings, throw_away

home, wanted, left = Path(sys.argv[1]), sys.argv[2], [int(sys.argv[3])]

def point(name):
    if name == wanted:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

def around(call, name):
    async def wrapped(*arguments):
        point(f"{name} begins")
        result = await call(*arguments)
        point(f"{name} is done")
        return result
    return wrapped

async def main():
    core = await open_local(throw_away(Settings(home=home)))
    kernel, ingester = core.kernel, core.knowledge.ingester
    vectors, change = ingester.tools.vectors, kernel.change

    async def changed(actor, work, *more):
        def inside(ctx):
            result = work(ctx)
            point("commit is next")
            return result
        point("change begins")
        result = await change(actor, inside, *more)
        point("change is done")
        return result

    kernel.change = changed
    vectors.upsert, vectors.delete = around(vectors.upsert, "upsert"), around(vectors.delete, "delete")
    await ingester.settled()
    # The folder is looked at beside the ingester; what it finds is waited for as well.
    while True:
        known = kernel.wake.known(core.workspace_id)
        await kernel.wake.wait(core.workspace_id, known, 2.0)
        await ingester.settled()
        if kernel.wake.known(core.workspace_id) == known:
            return

asyncio.run(main())
os._exit(0)
"""
STEPS = (
    *("change begins", "commit is next", "change is done"),
    *("upsert begins", "upsert is done", "delete begins", "delete is done"),
)
FIRST = (("upsert is done", 3), ("commit is next", 9), ("upsert is done", 1), ("delete is done", 1))
DOCUMENTS = 8
pytestmark = pytest.mark.slow


def write(folder: Path, number: int, lot: int) -> None:
    """A document of twelve parts; another lot is another content."""
    parts = [
        f"# Part {part}\n\nLamp {number} of lot {lot} stands at {part}. " + "Warm and white. " * 30
        for part in range(12)
    ]
    (folder / f"{number}.md").write_text("\n\n".join(parts))


@dataclass
class Scene:
    """A data folder with one base that follows a folder of papers, and what is done to both between the kills."""

    home: Path
    folder: Path
    base_id: str = ""

    async def begin(self) -> None:
        self.folder.mkdir()
        for number in range(DOCUMENTS):
            write(self.folder, number, 0)
        core = await self.open(is_worker=False)
        self.base_id = await core.client.send(CreateBase("Lots", {"provider": "hashing"}))
        await core.client.send(WatchFolder(self.base_id, str(self.folder)))
        await core.close()

    async def open(self, *, is_worker: bool) -> Core:
        return await open_local(throw_away(Settings(home=self.home)), is_worker=is_worker)

    async def stir(self, number: int) -> None:
        """Change some files and delete one; before some kills ask for a second index, and then for yet another."""
        write(self.folder, number % DOCUMENTS, number)
        write(self.folder, (number + 3) % DOCUMENTS, number)
        (self.folder / f"{(number + 5) % DOCUMENTS}.md").unlink(missing_ok=True)
        if number % 4 in (2, 3):
            core = await self.open(is_worker=False)
            await core.client.send(ReindexBase(self.base_id, {"provider": "hashing", "dimensions": 32 + number}))
            await core.close()

    async def work(self, step: str, count: int) -> int:
        """A worker until it is killed at that step, or until nothing is left to do; how it ended."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, str(self.home), step, str(count)),
            cwd=ROOT,
            env={**os.environ, "LEGATE_KEYS": "memory"},
            stdout=subprocess.DEVNULL,
        )
        async with asyncio.timeout(120):
            return await process.wait()


async def test_killed_again_and_again_ingestion_comes_to_its_end(tmp_path: Path, is_long: bool) -> None:
    scene = Scene(tmp_path / "home", tmp_path / "papers")
    await scene.begin()
    chance = random.Random(5)
    kills = [*FIRST, *((chance.choice(STEPS), chance.randint(1, 25)) for _ in range(40 if is_long else 0))]
    ends = Counter[int]()
    for number, (step, count) in enumerate(kills):
        if number:
            await scene.stir(number)
        ends[await scene.work(step, count)] += 1
    assert ends[-signal.SIGKILL] >= len(FIRST), ends
    assert set(ends) <= {-signal.SIGKILL, 0}
    core = await scene.open(is_worker=True)
    try:
        left = {path.name for path in scene.folder.iterdir()}
        async with asyncio.timeout(240):
            while {row.name for row in (await core.client.ask(Documents(scene.base_id))).values()} != left:
                known = core.kernel.wake.known(core.workspace_id)
                await core.kernel.wake.wait(core.workspace_id, known, 1.0)
            await core.knowledge.ingester.settled()
        await everything_agrees(core, scene)
        found = await core.client.ask(SearchKnowledge("Lamp of lot stands at", (scene.base_id,), 50))
        places = [(hit.passage.document_id, hit.passage.position) for hit in found.hits]
        assert len(set(places)) == len(places) == 50
        index = await core.kernel.look(core.kernel.system(core.workspace_id), lambda ctx: index_of(ctx, scene.base_id))
        numbers = await core.kernel.look(core.kernel.system(core.workspace_id), numbers_by_document)
    finally:
        await core.close()
    assert keywords_agree(scene.home)
    assert vectors_in(scene.home) == {index: numbers}


async def everything_agrees(core: Core, scene: Scene) -> None:
    """Documents, chunks, keywords and originals say the same, and no debt is left."""
    rows = (await core.client.ask(Documents(scene.base_id))).values()
    assert {row.state for row in rows} == {"ready"}
    (base,) = (await core.client.ask(KnowledgeBases())).values()
    assert not base.is_rebuilding

    def look(ctx: ReadContext) -> dict[str, Any]:
        kept = select(chunks.c.document_id, chunks.c.revision, chunks.c.position).order_by(chunks.c.position)
        places: dict[str, list[tuple[int, int]]] = {}
        for document_id, revision, position in ctx.connection.execute(kept):
            places.setdefault(document_id, []).append((revision, position))
        return {
            "places": places,
            "debts": ctx.connection.execute(select(debts.c.id)).all(),
            "contents": set(
                ctx.connection.execute(select(documents.c.content).where(documents.c.state == "ready")).scalars()
            ),
        }

    found = await core.kernel.look(core.kernel.system(core.workspace_id), look)
    assert found["places"] == {row.id: [(row.revision, at) for at in range(row.chunks)] for row in rows}
    assert found["debts"] == []
    originals = {path.name for path in (scene.home / "originals").rglob("*") if path.is_file()}
    assert found["contents"] <= originals


def keywords_agree(home: Path) -> bool:
    """Whether the full-text index is of the chunks that there are, word by word; SQLite refuses the question if not."""
    with closing(sqlite3.connect(home / "legate.db")) as connection:
        connection.execute("INSERT INTO chunk_words(chunk_words, rank) VALUES ('integrity-check', 1)")
        return bool(connection.execute("SELECT count(*) FROM chunk_words WHERE chunk_words MATCH 'lamp'").fetchone()[0])


def index_of(ctx: ReadContext, base_id: str) -> str:
    """The name of the index that answers."""
    return store.index_of(base_id, store.load_base(ctx, base_id)["fingerprint"])


def numbers_by_document(ctx: ReadContext) -> dict[str, list[int]]:
    """The numbers of all chunks by the key that their vectors are filed under."""
    found: dict[str, list[int]] = {}
    for number, document_id, revision in ctx.connection.execute(
        select(chunks.c.number, chunks.c.document_id, chunks.c.revision).order_by(chunks.c.number)
    ):
        found.setdefault(store.key_of(document_id, revision), []).append(number)
    return found


def vectors_in(home: Path) -> dict[str, dict[str, list[int]]]:
    """Every vector that lies in the folder: its index, its document, its number."""
    client: Any = Chroma(home / "vectors")._client
    found: dict[str, dict[str, list[int]]] = {}
    for collection in client.list_collections():
        held = collection.get(include=["metadatas"])
        by_document = found.setdefault(collection.name, {})
        for number, about in sorted(
            (int(key), about) for key, about in zip(held["ids"], held["metadatas"], strict=True)
        ):
            by_document.setdefault(about["document"], []).append(number)
    return found
