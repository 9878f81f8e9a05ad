"""A watched folder: what a look at it says is done, and nothing else."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.kernel.troubles import Trouble
from legate_core.knowledge import below, store, watch
from legate_core.knowledge.below import LeftOut, Look, Seen, look
from legate_core.knowledge.commands import RemoveBase, UnwatchFolder, WatchFolder
from legate_core.knowledge.queries import KnowledgeBases
from legate_core.knowledge.watch import Difference, Watcher, away, difference
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


async def step(library: Library, watcher: Watcher | None = None) -> list[Difference]:
    """One look of a watcher, without one of a fresh one, as after a start."""
    watcher = watcher or Watcher(library.kernel, WORKSPACE)
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
    assert [(item.add, item.remove, item.left_out[0].place) for item in await step(library)] == [((), (), str(folder))]
    assert list(await library.rows(base)) == ["a.md"]


def test_of_what_was_left_out_nothing_is_gone() -> None:
    documents = [known(origin, 1, 1) for origin in ("/a/b/c.md", "/a/bc.md")]
    left_out = (LeftOut("/a/b", "why"),)
    assert difference([], documents, left_out) == Difference(remove=("doc:/a/bc.md",), left_out=left_out)
    assert difference([], documents, [LeftOut("/", "why")]).remove == ()


DOCUMENTS = [known("/f/a.md", 1, 1), known("/f/usb/b.md", 1, 1)]
A, B = Seen("/f/a.md", 1, 1), Seen("/f/usb/b.md", 1, 1)


@pytest.mark.parametrize(
    ("found", "before", "wanted"),
    [
        # The folder was looked at before, and lies where it lay: whoever emptied it meant it.
        (Look([], [], {"/f": 1}), {"/f": 1}, []),
        (Look([], [], {"/f": 2}), {"/f": 1}, ["/f"]),
        (Look([Seen("/f/other.md", 1, 1)], [], {"/f": 2}), {"/f": 1}, ["/f"]),
        # The same disk under another number, as after it was plugged in again.
        (Look([A], [], {"/f": 2}), {"/f": 1}, []),
        # A disk below the folder went, with the place it was at or without.
        (Look([A], [], {"/f": 1}), {"/f": 1, "/f/usb": 7}, ["/f/usb"]),
        (Look([A, B], [], {"/f": 1}), {"/f": 1, "/f/usb": 7}, []),
        (Look([A], [], {"/f": 1, "/f/usb": 7}), {"/f": 1}, ["/f/usb"]),
        # Nothing is known of before.
        (Look([], [], {"/f": 1}), {}, ["/f"]),
        (Look([Seen("/f/other.md", 1, 1)], [], {"/f": 1}), {}, []),
    ],
)
def test_what_seems_to_be_away(found: Look, before: dict[str, int], wanted: list[str]) -> None:
    assert away("/f", found, DOCUMENTS, before) == wanted
    assert away("/f", found, [], before) == []


def unreadable(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> Callable[[], None]:
    """These folders cannot be read, also not by the one who may read everything; until what this answers with is called."""
    entries, closed = below._entries, {str(folder) for folder in folders}

    def refuse(folder: str) -> Any:
        if folder in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return entries(folder)

    monkeypatch.setattr(below, "_entries", refuse)
    return closed.clear


async def test_what_cannot_be_read_empties_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    base = await library.base()
    folder = library.files / "watched"
    library.write("watched/a.md", "# A\n\nWords.")
    library.write("watched/deep/b.md", "# B\n\nOthers.")
    await library.send(WatchFolder(base, str(folder)))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    for closed in (folder / "deep", folder):
        opened = unreadable(monkeypatch, closed)
        (found,) = await step(library, watcher)
        assert (found.add, found.remove) == ((), ())
        assert [(item.place, "Permission denied" in item.why) for item in found.left_out] == [(str(closed), True)]
        opened()
    assert await step(library, watcher) == [Difference()]
    assert sorted(await library.rows(base)) == ["a.md", "b.md"]


async def test_an_empty_folder_after_a_start_may_be_a_disk_that_is_away(library: Library) -> None:
    base = await library.base()
    folder = library.files / "watched"
    path = library.write("watched/a.md", "# A\n\nWords.")
    await library.send(WatchFolder(base, str(folder)))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    os.rename(path, library.files / "a.md")
    (found,) = await step(library)
    assert (found.remove, found.left_out[0].place) == ((), str(folder))
    assert list(await library.rows(base)) == ["a.md"]
    (found,) = await step(library, watcher)
    assert (len(found.remove), found.left_out) == (1, ()), "who saw the file there knows that it is gone"


@pytest.mark.parametrize("names", [("f1.md", "f2.md"), ("sub/f.md", "Sub/f.md"), ("f.md", "F.md")])
async def test_a_file_that_moves_is_found_all_the_time(library: Library, names: tuple[str, str]) -> None:
    base = await library.base()
    old = Path(library.write(f"watched/{names[0]}", "# A\n\nThe first word of it is lamp."))
    await library.send(WatchFolder(base, str(library.files / "watched")))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    await library.read()
    (before,) = (await library.rows(base)).values()
    new = library.files / "watched" / names[1]
    new.parent.mkdir(exist_ok=True)
    old.rename(new)
    assert [item.remove for item in await step(library, watcher)] == [()]
    (after,) = (await library.rows(base)).values()
    assert (after.id, after.name, after.origin, after.state) == (before.id, new.name, str(new), "ready")
    assert await library.found("lamp", base) == [new.name]
    assert await step(library, watcher) == [Difference()]


async def test_a_file_that_moves_over_another_takes_its_place(library: Library) -> None:
    base = await library.base()
    old = Path(library.write("watched/a.md", "# A\n\nThe first word of it is lamp."))
    new = Path(library.write("watched/b.md", "# B\n\nIt speaks of parcels."))
    await library.send(WatchFolder(base, str(library.files / "watched")))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    await library.read()
    kept = (await library.rows(base))["a.md"].id
    old.rename(new)
    await step(library, watcher)
    assert [(row.id, row.name) for row in (await library.rows(base)).values()] == [(kept, "b.md")]
    assert await library.found("lamp", base) == ["b.md"]
    assert await step(library, watcher) == [Difference()]


async def test_a_file_that_moves_to_another_kind_is_read_again(library: Library) -> None:
    base = await library.base()
    old = Path(library.write("watched/a.txt", "# A\n\nThe first word of it is lamp."))
    await library.send(WatchFolder(base, str(library.files / "watched")))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    await library.read()
    old.rename(old.with_suffix(".md"))
    await step(library, watcher)
    assert await library.found("lamp", base) == ["a.md"], "as it was, until it is read"
    await library.read()
    assert [(row.kind, row.state) for row in (await library.rows(base)).values()] == [("markdown", "ready")]


async def test_of_two_equal_files_the_one_that_remains_is_found(library: Library) -> None:
    base = await library.base()
    first = Path(library.write("watched/a.md", "# A\n\nThe first word of it is lamp."))
    library.write("watched/b.md", first.read_text())
    await library.send(WatchFolder(base, str(library.files / "watched")))
    watcher = Watcher(library.kernel, WORKSPACE)
    await step(library, watcher)
    await library.read()
    first.unlink()
    await step(library, watcher)
    assert await library.found("lamp", base) == ["b.md"]
    (library.files / "watched" / "b.md").unlink()
    await step(library, watcher)
    assert await library.found("lamp", base) == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.02)


async def until_told(library: Library, count: int) -> tuple[Trouble, ...]:
    async with asyncio.timeout(60):
        while len(found := library.kernel.troubles.of(WORKSPACE)) != count:
            await asyncio.sleep(0.02)
    return found


async def test_one_folder_that_fails_ends_nothing_and_is_told_once(
    library: Library, impatient: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    base = await library.base()
    library.write("good/a.md", "# A\n\nWords.")
    bad = Path(library.write("bad/b.md", "# B\n\nOthers.")).parent
    for folder in (bad, library.files / "good"):
        await library.send(WatchFolder(base, str(folder)))
    looks = list[str]()
    is_broken = [True]

    def broken(folder: Path) -> Look | None:
        looks.append(folder.name)
        if folder == bad and is_broken:
            raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")
        return look(folder)

    monkeypatch.setattr(watch, "look", broken)
    running = asyncio.ensure_future(Watcher(library.kernel, WORKSPACE).run())
    try:
        with caplog.at_level(logging.WARNING):
            (trouble,) = await until_told(library, 1)
            assert str(bad) in trouble.part
            async with asyncio.timeout(60):
                while looks.count("bad") < 5:
                    await asyncio.sleep(0.02)
        assert [record.levelname for record in caplog.records if str(bad) in record.getMessage()] == ["WARNING"]
        assert list(await library.rows(base)) == ["a.md"]
        is_broken.clear()
        assert await until_told(library, 0) == ()
        assert sorted(await library.rows(base)) == ["a.md", "b.md"]
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_folder_that_cannot_be_read_is_looked_at_more_and_more_seldom(
    library: Library, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    folder = Path(library.write("watched/a.md", "# A\n\nWords.")).parent
    await library.send(WatchFolder(base, str(folder)))
    opened = unreadable(monkeypatch, folder)
    watcher = Watcher(library.kernel, WORKSPACE)
    pauses = list[float]()
    pause = watcher._pause
    monkeypatch.setattr(watcher, "_pause", lambda: pauses.append(pause()) or pauses[-1])
    running = asyncio.ensure_future(watcher.run())
    try:
        (trouble,) = await until_told(library, 1)
        assert "Check its rights" in trouble.sentence
        async with asyncio.timeout(60):
            while len(pauses) < 5:
                await asyncio.sleep(0.02)
        assert pauses[:5] == [0.02, 0.04, 0.08, 0.16, 0.32]
        opened()
        assert await until_told(library, 0) == ()
        assert list(await library.rows(base)) == ["a.md"]
        unreadable(monkeypatch, folder)
        await library.send(UnwatchFolder(base, str(folder)))
        assert await until_told(library, 0) == ()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_name_in_another_encoding_is_left_out_and_told(library: Library) -> None:
    base = await library.base()
    folder = Path(library.write("watched/a.md", "# A\n\nWords.")).parent
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.txt")).write_text("words")
    except OSError:
        pytest.skip("this disk has no such names")
    await library.send(WatchFolder(base, str(folder)))
    (found,) = await step(library)
    assert [(item.place, "UTF-8" in item.why) for item in found.left_out] == [(str(folder / "bad?.txt"), True)]
    assert list(await library.rows(base)) == ["a.md"]
    with pytest.raises(Invalid, match="absolute"):
        await library.send(WatchFolder(base, "/\udcff"))


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
