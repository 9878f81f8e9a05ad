"""From pending to ready, or to failed with a reason: whole or not at all, whatever happens on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from legate_core.errors import Conflict, Invalid, NotFound, Unavailable
from legate_core.knowledge import ingest, parts, store
from legate_core.knowledge.commands import (
    CancelDocuments,
    CreateBase,
    ReindexBase,
    RemoveBase,
    RemoveDocuments,
    RenameBase,
    RetryDocuments,
    UploadDocument,
)
from legate_core.knowledge.ingest import Ingester
from legate_core.knowledge.model import BaseRow
from legate_core.knowledge.queries import CitedPassage, KnowledgeBases, OpenDocument
from legate_core.knowledge.tables import chunks, debts
from tests.core.knowledge.conftest import Library

LAMP = (
    "# Lamps\n\nThe Fjord lamp costs 89 euro, and comes in glass, brass and oak, each with a bulb that is warm and white and "
    "lasts for ten years or longer.\n\n# Refunds\n\nA cracked lamp is refunded within five days.\n"
)
TEA = "# Tea\n\nGreen tea is brewed at eighty degrees.\n"


async def remains(library: Library) -> tuple[int, int, int, int]:
    """How many chunks, points, debts and originals there are."""

    def count(ctx: Any) -> tuple[int, int]:
        return len(ctx.rows(select(chunks.c.number))), len(ctx.rows(select(debts.c.id)))

    there, owed = await library.look(count)
    originals = [path for path in (library.folder / "originals").glob("??/*") if path.is_file()]
    return there, len(library.vectors.points()), owed, len(originals)


async def test_documents_are_read_and_found_with_their_place(library: Library) -> None:
    base = await library.base()
    added = await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    assert len(added.new) == 2
    assert {row.state for row in (await library.rows(base)).values()} == {"pending"}
    assert await library.found("cracked lamp", base) == []
    await library.read()
    rows = await library.rows(base)
    assert {name: (row.state, row.chunks, row.revision) for name, row in rows.items()} == {
        "lamps.md": ("ready", 2, 1),
        "tea.md": ("ready", 1, 1),
    }
    hit = (await library.search("Is a cracked lamp refunded?", base)).hits[0]
    assert hit.passage.place == "Refunds"
    assert [hit.passage.text[start:end] for start, end in hit.highlights] == ["Refunds", "cracked", "lamp", "refunded"]
    assert await library.ask(CitedPassage(hit.passage.citation)) == hit.passage
    view = await library.ask(OpenDocument(hit.passage.document_id))
    assert "".join(item.text for item in view.passages).count("Fjord") == 1
    assert view.about["title"] == "Lamps"


async def test_each_document_is_a_few_facts_and_no_text(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("long.txt", "\n\n".join(f"Paragraph {n} on lamps." * 9 for n in range(80))))
    await library.read()
    (row,) = (await library.rows(base)).values()
    assert row.chunks > 40
    facts = await library.facts("document.added", "document.claimed", "document.ready")
    assert [fact.name for fact in facts] == ["document.added", "document.claimed", "document.ready"]
    assert "lamps" not in str([fact.body for fact in facts])


async def test_a_file_that_cannot_be_read_fails_with_its_reason_and_the_others_go_on(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("bad.txt", bytes(range(32)) * 40), library.write("tea.md", TEA))
    await library.read()
    rows = await library.rows(base)
    assert rows["bad.txt"].state == "failed"
    assert "not a text file" in rows["bad.txt"].reason
    assert rows["tea.md"].state == "ready"
    assert (await remains(library))[2] == 0


@pytest.mark.parametrize("name", ["picture.png", "noending", "archive.zip"])
async def test_files_of_other_kinds_are_refused_and_the_others_taken(library: Library, name: str) -> None:
    base = await library.base()
    added = await library.add(base, library.write(name, "x"), library.write("tea.md", TEA))
    assert len(added.new) == 1
    assert [item.reason for item in added.refused if ".docx" in item.reason]


async def test_what_cannot_be_opened_is_refused_in_words(library: Library) -> None:
    base = await library.base()
    folder = library.files / "folder.md"
    folder.mkdir()
    added = await library.add(base, str(library.files / "none.md"), "relative.md", str(folder))
    assert added.new == ()
    assert len(added.refused) == 3
    assert all(item.reason.endswith(".") for item in added.refused)


async def test_equal_bytes_are_read_once_and_equal_files_known(library: Library) -> None:
    base = await library.base()
    first, second = library.write("a.md", TEA), library.write("b.md", TEA)
    assert len((await library.add(base, first, second)).new) == 1
    assert (await library.add(base, first)).known == ("a.md",)
    uploaded = await library.send(UploadDocument(base, "c.md", TEA.encode()))
    assert uploaded.known == ("c.md",)
    other = await library.base("Other")
    assert len((await library.add(other, first)).new) == 1


async def test_a_changed_file_is_read_again_and_found_as_it_was_until_then(library: Library) -> None:
    base = await library.base()
    path = library.write("tea.md", TEA)
    await library.add(base, path)
    await library.read()
    library.write("tea.md", "# Tea\n\nBlack tea wants boiling water.\n")
    added = await library.add(base, path)
    assert len(added.changed) == 1
    assert await library.found("green tea", base) == ["tea.md"]
    await library.read()
    assert (await library.search("boiling", base)).hits[0].passage.revision == 2
    hits = (await library.search("green eighty degrees", base)).hits
    assert all("Green" not in hit.passage.text for hit in hits)
    assert await remains(library) == (1, 1, 0, 2)


async def test_a_removed_document_leaves_nothing_behind(library: Library) -> None:
    base = await library.base()
    added = await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    await library.read()
    lamps = (await library.rows(base))["lamps.md"].id
    assert await library.send(RemoveDocuments(base, (lamps,))) == 1
    assert await library.found("cracked lamp refunded", base) != ["lamps.md"]
    assert lamps in added.new
    await library.read()
    assert await remains(library) == (1, 1, 0, 1)
    with pytest.raises(NotFound):
        await library.ask(OpenDocument(lamps))
    with pytest.raises(NotFound):
        await library.ask(CitedPassage(f"[{lamps}#0]"))


async def test_a_removed_base_leaves_nothing_behind(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    await library.read()
    await library.send(RemoveBase(base))
    with pytest.raises(NotFound):
        await library.found("lamp", base)
    await library.read()
    assert await remains(library) == (0, 0, 0, 0)
    assert await library.ask(KnowledgeBases()) == {}


async def test_cancelling_stops_what_is_read_and_retrying_reads_it_after_all(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await go_on.wait()

    library.readers.before = lambda path: wait()
    ingester = library.start()
    await reached.wait()
    assert await library.send(CancelDocuments(base)) == 2
    go_on.set()
    await ingester.settled()
    rows = await library.rows(base)
    assert {(row.state, row.chunks) for row in rows.values()} == {("failed", 0)}
    assert all("cancelled" in row.reason for row in rows.values())
    assert (await remains(library))[:3] == (0, 0, 0)
    library.readers.before = lambda path: None
    assert await library.send(RetryDocuments(base)) == 2
    await ingester.settled()
    assert {row.state for row in (await library.rows(base)).values()} == {"ready"}


@pytest.mark.parametrize("method", ["upsert", "delete"])
async def test_a_store_of_vectors_that_is_away_costs_a_reason_and_no_half(library: Library, method: str) -> None:
    base = await library.base()
    path = library.write("lamps.md", LAMP)
    await library.add(base, path)
    if method == "delete":
        await library.read()
        library.write("lamps.md", LAMP.replace("89", "99"))
        await library.add(base, path)

    def break_(called: str) -> None:
        if called == method:
            raise Unavailable("The index is away. Try again.")

    library.vectors.fault = break_
    library.start()
    while (await library.rows(base))["lamps.md"].state in ("pending", "processing"):
        await library.kernel.wake.wait("ws_test", library.kernel.wake.known("ws_test"), 0.2)
    await library.stop()
    row = (await library.rows(base))["lamps.md"]
    library.vectors.fault = lambda called: None
    if method == "upsert":
        assert (row.state, row.reason) == ("failed", "The index is away. Try again.")
        await library.send(RetryDocuments(base))
    await library.read()
    assert (await library.rows(base))["lamps.md"].state == "ready"
    assert (await remains(library))[:3] == (2, 2, 0)


POINTS = ("read", "upsert", "upsert again", "finish")


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_a_restart_finishes_and_nothing_is_there_twice(library: Library, point: str) -> None:
    """The process ends at a point of ingestion; until the restart nothing of the document is found, after it all of it."""
    base = await library.base()
    text = "\n\n".join(
        f"# Part {n}\n\nThe {n}th lamp of the lot, " + "bright and warm and bright. " * 12 for n in range(90)
    )
    await library.add(base, library.write("lamps.md", text))
    stopped = asyncio.Event()
    calls = 0

    def die() -> None:
        stopped.set()
        raise asyncio.CancelledError

    def at_upsert(method: str) -> None:
        nonlocal calls
        calls += method == "upsert"
        if method == "upsert" and (point, calls) in (("upsert", 1), ("upsert again", 2)):
            die()

    if point == "read":
        library.readers.before = lambda path: die()
    library.vectors.fault = at_upsert
    if point == "finish":
        original = library.kernel.change

        async def change(actor: Any, work: Any, cause: str) -> Any:
            if calls >= 2 and "_finish" in getattr(work, "__code__", change.__code__).co_names:
                die()
            return await original(actor, work, cause)

        library.kernel.change = change  # type: ignore[method-assign]
    library.start()
    await asyncio.wait_for(stopped.wait(), 30)
    await library.stop()
    if point == "finish":
        library.kernel.change = original  # type: ignore[method-assign]
    assert (await library.rows(base))["lamps.md"].state == "processing"
    assert await library.found("lamp", base) == []
    library.readers.before, library.vectors.fault = (lambda path: None), (lambda method: None)
    await library.read()
    row = (await library.rows(base))["lamps.md"]
    assert (row.state, row.revision) == ("ready", 2)
    assert await remains(library) == (row.chunks, row.chunks, 0, 1)
    found = await library.search("lamp", base, limit=50)
    assert len({hit.passage.position for hit in found.hits}) == len(found.hits) == 50


async def test_another_embedder_builds_a_second_index_and_swaps_when_it_is_whole(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    await library.read()
    before = {index for index, _ in library.vectors.points()}
    asked: list[list[str]] = []
    seen: list[str] = []

    def watch(method: str) -> None:
        seen.append(method)

    library.vectors.fault = watch
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 128}))
    assert (await library.ask(KnowledgeBases()))[base].is_rebuilding
    asked.append(await library.found("green tea", base))
    await library.read()
    after = {index for index, _ in library.vectors.points()}
    assert len(before) == len(after) == 1
    assert before != after
    assert await library.found("green tea", base) == asked[0]
    assert "upsert" in seen
    assert not (await library.ask(KnowledgeBases()))[base].is_rebuilding
    assert len(await library.facts("base.reindexed")) == 1
    assert library.readers.read_paths == library.readers.read_paths[:2], "passages are not read anew"


async def test_a_rebuild_that_is_cut_off_is_done_again_and_leaves_nothing(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP))
    await library.read()
    stopped = asyncio.Event()

    def die(method: str) -> None:
        if method == "upsert":
            stopped.set()
            raise asyncio.CancelledError

    library.vectors.fault = die
    await library.send(ReindexBase(base))
    library.start()
    await asyncio.wait_for(stopped.wait(), 30)
    await library.stop()
    library.vectors.fault = lambda method: None
    assert await library.found("cracked lamp", base)
    await library.read()
    assert await remains(library) == (2, 2, 0, 1)
    assert (await library.search("cracked lamp", base)).hits[0].by == "both"


async def test_a_removal_during_a_rebuild_leaves_nothing(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP), library.write("tea.md", TEA))
    await library.read()
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 32}))
    await library.send(RemoveDocuments(base, ((await library.rows(base))["lamps.md"].id,)))
    await library.read()
    assert await remains(library) == (1, 1, 0, 1)


@pytest.mark.parametrize(
    "embedder",
    [
        {"provider": "cloud"},
        {"provider": "hashing", "dimensions": 3},
        {"provider": "hashing", "model": "x"},
        {"provider": "ollama", "base_url": "ftp://x", "model": "m"},
        {"provider": "ollama", "base_url": "http://127.0.0.1:11434"},
        {"provider": "openai_compatible", "base_url": "http://far.example/v1", "model": "m", "secret": "sec_1"},
        {},
    ],
)
async def test_settings_that_make_no_sense_are_refused(library: Library, embedder: dict[str, Any]) -> None:
    if embedder:
        with pytest.raises(Invalid):
            await library.send(CreateBase("New", embedder))
    else:
        with pytest.raises(Invalid):
            await library.send(CreateBase("  ", embedder))
    assert await library.ask(KnowledgeBases()) == {}


async def test_names_are_given_once_and_may_be_changed(library: Library) -> None:
    base = await library.base("Shop")
    other = await library.base("Other")
    for message in (CreateBase("Shop"), RenameBase(other, " Shop ")):
        with pytest.raises(Conflict):
            await library.send(message)
    await library.send(RenameBase(base, "Shop"))
    await library.send(RenameBase(base, "The shop"))
    rows: dict[str, BaseRow] = await library.ask(KnowledgeBases())
    assert [row.name for row in rows.values()] == ["Other", "The shop"]


async def test_documents_of_another_base_are_not_touched(library: Library) -> None:
    base, other = await library.base(), await library.base("Other")
    added = await library.add(base, library.write("tea.md", TEA))
    with pytest.raises(Invalid, match="another knowledge base"):
        await library.send(RemoveDocuments(other, added.new))
    with pytest.raises(NotFound):
        await library.send(RemoveDocuments(base, ("doc_none",)))
    assert len(await library.rows(base)) == 1


async def test_what_the_end_of_a_document_leaves_is_done_though_it_ended_during_the_look(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP))
    held, is_reading = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        is_reading.set()
        await held.wait()

    library.readers.before = lambda path: hold()
    # No sweep comes to the rescue.
    monkeypatch.setattr(ingest, "SWEEP_SECONDS", None)
    look = Ingester._look

    async def late(ingester: Ingester, work: Any) -> Any:
        """The last look of a round, for what waits, comes when the document has just ended."""
        if is_reading.is_set() and ingester._working:
            held.set()
            await asyncio.wait(ingester._working)
        return await look(ingester, work)

    ingester = library.start()
    try:
        await is_reading.wait()
        monkeypatch.setattr(Ingester, "_look", late)
        await library.send(ReindexBase(base))
        async with asyncio.timeout(30):
            await ingester.settled()
    finally:
        await library.stop()
    assert {row.state for row in (await library.rows(base)).values()} == {"ready"}


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again soon."""
    monkeypatch.setattr(parts, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(parts, "MOST_SECONDS", 0.1)


class Breaks:
    """An embedder that is broken in a way that nobody thought of."""

    async def kind(self) -> Any:
        raise RecursionError("a secret of the server")


def break_embedder(library: Library, dimensions: int, embedder: Any) -> None:
    """Another embedder for the base with so many dimensions."""
    get = library.embedders.get
    library.embedders.get = lambda settings: embedder if settings.get("dimensions") == dimensions else get(settings)  # type: ignore[method-assign]


def troubles(library: Library) -> dict[str, str]:
    return {trouble.part: trouble.sentence for trouble in library.kernel.troubles.of("ws_test")}


async def until(is_so: Any) -> None:
    async with asyncio.timeout(30):
        while not await is_so():
            await asyncio.sleep(0.02)


async def test_a_fault_that_nobody_thought_of_ends_its_document_and_no_other(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    broken, base = await library.base("Broken", provider="hashing", dimensions=8), await library.base()
    break_embedder(library, 8, Breaks())
    await library.add(broken, library.write("lamps.md", LAMP))
    await library.add(base, library.write("tea.md", TEA))
    async with asyncio.timeout(30):
        await library.read()
    row = (await library.rows(broken))["lamps.md"]
    assert (row.state, row.reason) == ("failed", "Something went wrong inside Legate (RecursionError). Try again.")
    assert (await library.rows(base))["tea.md"].state == "ready"
    assert [record.exc_info for record in caplog.records if row.id in record.getMessage()] != [None]


async def test_originals_that_are_away_at_the_start_are_told_and_looked_through_later(
    library: Library, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    await library.add(base, library.write("tea.md", TEA))
    keep_only, is_away = library.originals.keep_only, True

    def away(contents: Any, older_than_seconds: float) -> int:
        if is_away:
            raise Unavailable("The bucket of documents cannot be reached. Check it.")
        return keep_only(contents, older_than_seconds)

    monkeypatch.setattr(library.originals, "keep_only", away)
    ingester = library.start()
    async with asyncio.timeout(30):
        await ingester.settled()
    assert (await library.rows(base))["tea.md"].state == "ready"
    assert troubles(library) == {ingest.STRANGERS: "The bucket of documents cannot be reached. Check it."}
    is_away = False

    async def is_over() -> bool:
        return not troubles(library)

    await until(is_over)


async def test_nothing_is_read_before_what_the_last_process_left_is_recovered(
    library: Library, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    await library.add(base, library.write("tea.md", TEA))
    change, broke = library.kernel.change, 0

    async def breaks_twice(actor: Any, work: Any, cause: str) -> Any:
        nonlocal broke
        if cause == "knowledge recovery" and broke < 2:
            broke += 1
            assert library.readers.read_paths == []
            raise OSError("no more room")
        return await change(actor, work, cause)

    monkeypatch.setattr(library.kernel, "change", breaks_twice)
    async with asyncio.timeout(30):
        await library.read()
    assert broke == 2
    assert (await library.rows(base))["tea.md"].state == "ready"
    assert troubles(library) == {}


async def test_an_original_that_cannot_be_deleted_is_told_and_holds_up_nothing(
    library: Library, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    (lamps,) = (await library.add(base, library.write("lamps.md", LAMP))).new
    await library.read()
    await library.send(RemoveDocuments(base, (lamps,)))
    await library.add(base, library.write("tea.md", TEA))
    discard, is_stuck = library.originals.discard, True

    def stuck(content: str) -> None:
        if is_stuck:
            raise PermissionError("no")
        discard(content)

    monkeypatch.setattr(library.originals, "discard", stuck)
    ingester = library.start()

    async def is_read() -> bool:
        return (await library.rows(base))["tea.md"].state == "ready"

    await until(is_read)
    assert "PermissionError" in troubles(library)[ingest.CLEANING]
    is_stuck = False
    async with asyncio.timeout(30):
        await ingester.settled()
    assert troubles(library) == {}
    assert (await remains(library))[2:] == (0, 1)


async def test_a_failure_that_cannot_be_written_is_written_later(
    library: Library, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    await library.add(base, library.write("bad.txt", bytes(range(32)) * 40))
    fail_document, broke = store.fail_document, 0

    def full(*given: Any) -> bool:
        nonlocal broke
        broke += 1
        if broke < 3:
            raise Unavailable("The disk is full. Free some space.")
        return fail_document(*given)

    monkeypatch.setattr(store, "fail_document", full)
    async with asyncio.timeout(30):
        await library.read()
    row = (await library.rows(base))["bad.txt"]
    assert (row.state, "not a text file" in row.reason) == ("failed", True)
    assert troubles(library) == {}


async def test_a_look_for_work_that_breaks_is_looked_again(
    library: Library, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await library.base()
    await library.add(base, library.write("tea.md", TEA))
    look, broke = Ingester._look, 0

    async def breaks_twice(ingester: Ingester, work: Any) -> Any:
        nonlocal broke
        broke += 1
        if broke in (2, 3):
            raise RuntimeError("torn")
        return await look(ingester, work)

    monkeypatch.setattr(Ingester, "_look", breaks_twice)
    library.start()

    async def is_read() -> bool:
        return (await library.rows(base))["tea.md"].state == "ready"

    await until(is_read)


class Silent:
    """An embedder that never answers."""

    async def kind(self) -> Any:
        await asyncio.Event().wait()


class Away:
    """An embedder whose server is away."""

    async def kind(self) -> Any:
        raise Unavailable("The embedder is away. Try again later.")


async def test_a_silent_embedder_holds_up_its_own_base_only(library: Library) -> None:
    silent, base = await library.base("Silent", provider="hashing", dimensions=8), await library.base()
    break_embedder(library, 8, Silent())
    await library.add(silent, *(library.write(f"{n}.md", f"# Part {n}\n\nLamps.") for n in range(4)))
    await library.add(base, library.write("tea.md", TEA), library.write("lamps.md", LAMP))
    ingester = library.start()

    async def are_read() -> bool:
        return {row.state for row in (await library.rows(base)).values()} == {"ready"}

    await until(are_read)
    assert {row.state for row in (await library.rows(silent)).values()} == {"pending"}
    # Nobody waits for an answer that is not wanted any more.
    await library.send(ReindexBase(silent, {"provider": "hashing", "dimensions": 16}))
    async with asyncio.timeout(30):
        await ingester.settled()
    assert {row.state for row in (await library.rows(silent)).values()} == {"ready"}


async def test_an_index_that_cannot_be_built_says_why_and_its_base_reads_on(library: Library, soon: None) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP))
    await library.read()
    break_embedder(library, 8, Away())
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 8}))
    ingester = library.start()

    async def hindrance() -> str:
        return (await library.ask(KnowledgeBases()))[base].hindrance

    await until(hindrance)
    assert await hindrance() == "The embedder is away. Try again later."
    told = len(await library.facts("base.changed"))
    await library.add(base, library.write("tea.md", TEA))

    async def is_read() -> bool:
        return (await library.rows(base))["tea.md"].state == "ready"

    await until(is_read)
    assert await library.found("green tea", base)
    assert await hindrance()
    assert len(await library.facts("base.changed")) == told, "it is told once"
    library.clock.advance(1)
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 32}))
    async with asyncio.timeout(30):
        await ingester.settled()
    assert (await hindrance(), troubles(library)) == ("", {})
    assert (await library.search("green tea", base)).hits[0].by == "both"
    assert (await remains(library))[1:] == (3, 0, 2)


async def test_an_index_that_is_not_built_holds_up_no_other_and_is_dropped_for_the_next(library: Library) -> None:
    silent, base = await library.base("Silent"), await library.base()
    for one in (silent, base):
        await library.add(one, library.write("lamps.md", LAMP))
    await library.read()
    break_embedder(library, 8, Silent())
    await library.send(ReindexBase(silent, {"provider": "hashing", "dimensions": 8}))
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 32}))
    ingester = library.start()

    async def is_built() -> bool:
        return not (await library.ask(KnowledgeBases()))[base].is_rebuilding

    await until(is_built)
    assert (await library.ask(KnowledgeBases()))[silent].is_rebuilding
    await library.send(ReindexBase(silent, {"provider": "hashing", "dimensions": 32}))
    async with asyncio.timeout(30):
        await ingester.settled()
    assert await remains(library) == (4, 4, 0, 1)


async def test_the_trouble_of_an_index_ends_with_its_base(library: Library, soon: None) -> None:
    base = await library.base()
    await library.add(base, library.write("lamps.md", LAMP))
    await library.read()
    break_embedder(library, 8, Away())
    await library.send(ReindexBase(base, {"provider": "hashing", "dimensions": 8}))
    ingester = library.start()

    async def is_told() -> bool:
        return bool(troubles(library))

    await until(is_told)
    await library.send(RemoveBase(base))
    async with asyncio.timeout(30):
        await ingester.settled()

    async def is_over() -> bool:
        return not troubles(library)

    await until(is_over)
