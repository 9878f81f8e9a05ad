"""`kill -9` in the middle of ingestion: after a restart every document is whole or says why not, and nothing is left over."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from legate_core.app import open_local
from legate_core.knowledge import store
from legate_core.knowledge.commands import CreateBase, WatchFolder
from legate_core.knowledge.queries import Documents, KnowledgeBases, SearchKnowledge
from legate_core.settings import Settings, throw_away

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import asyncio, sys
from pathlib import Path
from legate_core.app import open_local
from legate_core.settings import Settings, throw_away

async def main():
    core = await open_local(throw_away(Settings(home=Path(sys.argv[1]))))
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
DOCUMENTS = 12
pytestmark = pytest.mark.slow


def write_documents(folder: Path) -> None:
    folder.mkdir()
    for number in range(DOCUMENTS):
        parts = [
            f"# Part {part}\n\nLamp {number} of lot {part} is bright. " + "Warm and white. " * 30 for part in range(12)
        ]
        (folder / f"{number}.md").write_text("\n\n".join(parts))


async def test_killed_again_and_again_ingestion_comes_to_its_end(tmp_path: Path, is_long: bool) -> None:
    home, folder = tmp_path / "home", tmp_path / "papers"
    write_documents(folder)
    core = await open_local(throw_away(Settings(home=home)), is_worker=False)
    base_id = await core.client.send(CreateBase("Lots", {"provider": "hashing"}))
    await core.client.send(WatchFolder(base_id, str(folder)))
    await core.close()
    chance = random.Random(5)
    for _ in range(40 if is_long else 4):
        await _work_until_killed(home, chance.uniform(0.0, 2.5))
    core = await open_local(throw_away(Settings(home=home)))
    try:
        async with asyncio.timeout(240):
            while len(await core.client.ask(Documents(base_id))) < DOCUMENTS:
                known = core.kernel.wake.known(core.workspace_id)
                await core.kernel.wake.wait(core.workspace_id, known, 1.0)
            await core.knowledge.ingester.settled()
        rows = (await core.client.ask(Documents(base_id))).values()
        assert sorted(row.name for row in rows) == sorted(f"{number}.md" for number in range(DOCUMENTS))
        assert {row.state for row in rows} == {"ready"}
        (base,) = (await core.client.ask(KnowledgeBases())).values()
        loaded = await core.kernel.look(
            core.kernel.system(core.workspace_id), lambda ctx: store.load_base(ctx, base_id)
        )
        index = store.index_of(base_id, loaded["fingerprint"])
        assert await core.knowledge.ingester.tools.vectors.count(index) == base.chunks
        found = await core.client.ask(SearchKnowledge("Lamp 7 of lot 3", (base_id,), 50))
        places = [(hit.passage.document_id, hit.passage.position) for hit in found.hits]
        assert len(set(places)) == len(places) == 50
    finally:
        await core.close()


async def _work_until_killed(home: Path, seconds: float) -> None:
    """A worker in a process of its own, killed so long after it opened the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "LEGATE_KEYS": "memory"},
    )
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"open\n"
    await asyncio.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    process.stdout.close()
