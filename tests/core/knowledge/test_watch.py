"""A watched folder: what a look at it says is done, and nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.knowledge import below, store
from legate_core.knowledge.below import Seen, look
from legate_core.knowledge.commands import RemoveBase, UnwatchFolder, WatchFolder
from legate_core.knowledge.queries import KnowledgeBases
from legate_core.knowledge.watch import Difference, Watcher, difference
from tests.core.knowledge.conftest import WORKSPACE, Library


def known(origin: str, size_bytes: int, modified_us: int) -> dict[str, Any]:
    return {"id": f"doc:{origin}", "origin": origin, "size_bytes": size_bytes, "modified_us": modified_us}


@pytest.mark.parametrize(
    ("seen", "documents", "wanted"),
    [
        ([], [], Difference()),
        ([Seen("/a", 1, 1)], [], Difference(add=("/a",))),
        ([Seen("/a", 1, 1)], [known("/a", 1, 1)], Difference()),
        ([Seen("/a", 1, 2)], [known("/a", 1, 1)], Difference(add=("/a",))),
        ([Seen("/a", 2, 1)], [known("/a", 1, 1)], Difference(add=("/a",))),
        ([], [known("/a", 1, 1)], Difference(remove=("doc:/a",))),
        ([Seen("/b", 1, 1)], [known("/a", 1, 1)], Difference(add=("/b",), remove=("doc:/a",))),
    ],
)
def test_what_is_to_be_done(seen: list[Seen], documents: list[dict[str, Any]], wanted: Difference) -> None:
    assert difference(seen, documents) == wanted


def test_a_look_sees_files_that_can_be_read_and_follows_no_links(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "below" / "deeper").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name in ("a.md", "below/b.txt", "below/deeper/c.pdf", ".hidden/d.md", ".e.md", "f.exe", "below/g"):
        (folder / name).write_text("words")
    outside = tmp_path / "outside.md"
    outside.write_text("not ours")
    os.symlink(outside, folder / "link.md")
    os.symlink(tmp_path, folder / "up")
    seen = look(folder)
    assert seen is not None
    assert [os.path.relpath(item.path, folder) for item in seen.files] == ["a.md", "below/b.txt", "below/deeper/c.pdf"]
    assert look(tmp_path / "none") is None


async def step(library: Library) -> list[Difference]:
    watcher = Watcher(library.kernel, WORKSPACE)
    return [await watcher.step(folder) for folder in await library.look(store.watched_folders)]


async def test_a_base_follows_its_folder(library: Library) -> None:
    base = await library.base()
    folder = library.files / "watched"
    first = library.write("watched/a.md", "# A\n\nThe first word of it is lamp.")
    library.write("watched/deep/b.txt", "Tea is green.")
    folder_id = await library.send(WatchFolder(base, str(folder)))
    assert await library.send(WatchFolder(base, str(folder))) == folder_id
    assert [len(item.add) for item in await step(library)] == [2]
    assert await step(library) == [Difference()]
    await library.read()
    assert (await library.found("lamp", base))[0] == "a.md"
    os.utime(library.write("watched/a.md", "# A\n\nNow it speaks of parcels."), ns=(1, 2_000_000))
    (folder / "deep" / "b.txt").unlink()
    assert [(len(item.add), len(item.remove)) for item in await step(library)] == [(1, 1)]
    await library.read()
    assert (await library.found("parcels", base))[0] == "a.md"
    assert list(await library.rows(base)) == ["a.md"]
    assert (await library.rows(base))["a.md"].origin == first


async def test_touching_a_file_without_changing_it_reads_nothing_anew(library: Library) -> None:
    base = await library.base()
    path = library.write("watched/a.md", "# A\n\nThe first word of it is lamp.")
    await library.send(WatchFolder(base, str(library.files / "watched")))
    await step(library)
    await library.read()
    os.utime(path, ns=(1, 5_000_000_000))
    await step(library)
    assert (await library.rows(base))["a.md"].state == "ready"


async def test_a_folder_that_is_away_empties_nothing(library: Library) -> None:
    base = await library.base()
    folder = library.files / "watched"
    library.write("watched/a.md", "# A\n\nWords.")
    await library.send(WatchFolder(base, str(folder)))
    await step(library)
    folder.rename(library.files / "unplugged")
    assert await step(library) == [Difference()]
    assert list(await library.rows(base)) == ["a.md"]


def test_what_lies_too_deep_or_is_too_much_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["d"] * 36)
    deep.mkdir(parents=True)
    for parent in (deep, *deep.parents[:36]):
        (parent / "a.md").write_text("words")
    found = look(tmp_path)
    assert found is not None
    too_deep = tmp_path.joinpath(*["d"] * 33)
    assert (len(found.files), [item.place for item in found.left_out]) == (33, [str(too_deep)])
    monkeypatch.setattr(below, "MAX_FILES", 5)
    found = look(tmp_path)
    assert found is not None
    assert (len(found.files), [item.place for item in found.left_out][1:]) == (5, [str(tmp_path)])


async def test_unwatching_keeps_the_documents_and_removing_the_base_ends_the_watch(library: Library) -> None:
    base = await library.base()
    folder = library.files / "watched"
    library.write("watched/a.md", "# A\n\nWords.")
    await library.send(WatchFolder(base, str(folder)))
    assert (await library.ask(KnowledgeBases()))[base].folders == (str(folder),)
    await step(library)
    await library.send(UnwatchFolder(base, str(folder)))
    (folder / "a.md").unlink()
    assert await step(library) == []
    assert list(await library.rows(base)) == ["a.md"]
    with pytest.raises(Invalid, match="watches no folder"):
        await library.send(UnwatchFolder(base, str(folder)))
    await library.send(WatchFolder(base, str(folder)))
    await library.send(RemoveBase(base))
    assert await library.look(store.watched_folders) == []
    with pytest.raises(Invalid, match="absolute"):
        await library.send(WatchFolder(await library.base("Other"), "relative"))


@pytest.mark.slow
async def test_a_running_watcher_notices_by_itself(library: Library) -> None:
    base = await library.base()
    folder = library.files / "watched"
    folder.mkdir()
    watcher = asyncio.ensure_future(Watcher(library.kernel, WORKSPACE).run())
    try:
        await library.send(WatchFolder(base, str(folder)))
        async with asyncio.timeout(60):
            number = 0
            # The operating system tells of files written after it began to listen, so more are written until it has.
            while not await library.rows(base):
                number += 1
                library.write(f"watched/{number}.md", f"# A\n\nWords {number}.")
                known_seq = library.kernel.wake.known(WORKSPACE)
                await library.kernel.wake.wait(WORKSPACE, known_seq, 0.5)
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
