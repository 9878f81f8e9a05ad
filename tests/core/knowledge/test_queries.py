"""What front ends see of knowledge bases: the law of live queries, scopes, permissions, what a model is told."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from legate_core.client import LocalClient, fold
from legate_core.errors import Forbidden, Invalid, LegateError, NotFound, Unavailable
from legate_core.identity.events import MemberAdded
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor
from legate_core.knowledge import tell
from legate_core.knowledge.cite import citations_in, parts_of
from legate_core.knowledge.commands import (
    AddFiles,
    CancelDocuments,
    CreateBase,
    ReindexBase,
    RemoveBase,
    RemoveDocuments,
    RenameBase,
    RetryDocuments,
    UnwatchFolder,
    WatchFolder,
)
from legate_core.knowledge.queries import CitedPassage, Documents, KnowledgeBases, OpenDocument
from legate_core.knowledge.tell import AgentSearch
from tests.core.knowledge.conftest import HASHING, WORKSPACE, Library

REFUND = "# Refunds\n\nCracked lamps are refunded in full within five working days of the mail that reports them.\n"
VERSAND = "Der Versand einer Stehlampe dauert vier Werktage. Die Versandkosten werden bei Verspätung erstattet.\n"


@pytest.mark.parametrize("seed", range(4))
async def test_a_snapshot_and_the_events_after_it_are_the_fresh_snapshot(
    library: Library, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # Nobody reads while an agent searches here, so it would only wait for nothing.
    monkeypatch.setattr(tell, "WAIT_SECONDS", 0.0)
    chance = random.Random(seed)
    bases = [await library.base("One"), await library.base("Two")]
    client = LocalClient(library.kernel, library.owner)
    queries: list[Any] = [KnowledgeBases(), *(Documents(base) for base in bases)]
    snapshots = [await client.snapshot(query) for query in queries]
    folded: list[Mapping[str, Any]] = [snapshot.rows for snapshot in snapshots]
    cursors = [snapshot.cursor for snapshot in snapshots]

    async def any_document(base: str) -> tuple[str, ...]:
        return tuple(chance.sample(sorted(await library.ask(Documents(base))), 1))

    for step in range(24):
        base = chance.choice(bases)
        library.write("shared.md", REFUND + "word " * chance.randrange(40))
        documents = tuple(await library.ask(Documents(base))) or ("doc_none",)
        message: Any = chance.choice(
            [
                None,
                None,
                RemoveDocuments(base, (chance.choice(documents),)),
                RetryDocuments(base),
                CancelDocuments(base),
                RenameBase(base, f"Name {step}"),
                ReindexBase(base),
                WatchFolder(base, str(library.files)),
                UnwatchFolder(base, str(library.files)),
                RetryDocuments(base, (chance.choice(documents),)),
            ]
        )
        try:
            if chance.random() < 0.2:
                await AgentSearch(library.searcher, WORKSPACE, tuple(bases))("refunded lamps", 5, "")
            if message is None:
                name = chance.choice(["shared.md", f"own{step}.txt"])
                text = f"The {step}th text.\n" if name != "shared.md" else REFUND + "x " * step
                await library.add(base, library.write(name, text))
            else:
                await library.send(message)
        except LegateError:
            pass
        if chance.random() < 0.4:
            await library.read()
        for place, query in enumerate(queries):
            while batch := await library.kernel.ask_events(library.owner, query, int(cursors[place])):
                folded[place] = await fold(client, query, folded[place], batch.events)
                cursors[place] = batch.cursor
            assert folded[place] == (await client.snapshot(query)).rows, (step, message, query)
    await library.send(RemoveBase(bases[0]))
    assert list(await library.ask(KnowledgeBases())) == [bases[1]]


async def test_a_search_sees_the_bases_it_names_and_no_others(library: Library) -> None:
    shop, other = await library.base("Shop"), await library.base("Other")
    await library.add(shop, library.write("refunds.md", REFUND))
    await library.add(other, library.write("secret.md", REFUND.replace("Cracked", "Secret cracked")))
    await library.read()
    assert await library.found("cracked lamps", shop) == ["refunds.md"]
    assert await library.found("cracked lamps", "Other") == ["secret.md"]
    assert sorted(await library.found("cracked lamps", shop, other, shop)) == ["refunds.md", "secret.md"]
    with pytest.raises(NotFound, match="legate kb"):
        await library.found("cracked lamps", "Nothing")
    agent = AgentSearch(library.searcher, WORKSPACE, (shop,))
    told = await agent("cracked lamps", 5, "")
    assert "secret" not in told.text.lower()
    assert told.source == "knowledge: refunds.md, Refunds"


async def test_what_a_model_is_told_carries_marks_that_can_be_followed(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND))
    await library.read()
    told = await AgentSearch(library.searcher, WORKSPACE, (base,))("Are cracked lamps refunded?", 3, "")
    (mark,) = citations_in(told.text)
    passage = await library.ask(CitedPassage(mark))
    assert passage.text in told.text
    assert told.data[0]["citation"] == mark
    by_name = await library.ask(CitedPassage("[refunds.md#0]"))
    assert by_name == passage
    empty = await AgentSearch(library.searcher, WORKSPACE, (await library.base("Empty"),))("lamps", 3, "")
    assert empty.text == "Nothing in the knowledge bases fits."


@pytest.mark.parametrize(
    "mark", ["", "[]", "[#1]", "[a#]", "[a#x]", "[doc_none#0]", "[refunds.md#7]", "[a#99999999]", "#"]
)
async def test_marks_that_lead_nowhere_are_not_found(library: Library, mark: str) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND))
    await library.read()
    with pytest.raises(NotFound):
        await library.ask(CitedPassage(mark))


def test_marks_are_found_in_an_answer_in_their_order() -> None:
    text = "As it says [b.md#2], and there [doc_1#0] [b.md#2] [not a mark] [x#y] [[c d.pdf#10]]."
    assert citations_in(text) == ("[b.md#2]", "[doc_1#0]", "[c d.pdf#10]")
    assert parts_of("[c d.pdf#10]") == parts_of("c d.pdf#10") == ("c d.pdf", 10)


async def test_a_name_that_two_documents_have_cites_neither(library: Library) -> None:
    one, two = await library.base("One"), await library.base("Two")
    await library.add(one, library.write("a/same.md", REFUND))
    await library.add(two, library.write("b/same.md", REFUND))
    await library.read()
    with pytest.raises(NotFound, match="Several documents"):
        await library.ask(CitedPassage("[same.md#0]"))


async def test_a_filter_narrows_to_documents_that_say_so_of_themselves(library: Library) -> None:
    base = await library.base()
    front = "---\nauthor: Mara Lind\ntitle: {}\n---\n"
    await library.add(base, library.write("mara.md", front.format("Hers") + REFUND), library.write("other.md", REFUND))
    await library.read()
    assert len(await library.found("cracked lamps", base)) == 2
    assert await library.found("cracked lamps", base, about={"author": "mara"}) == ["mara.md"]
    assert await library.found("cracked lamps", base, about={"name": "OTHER"}) == ["other.md"]
    assert await library.found("cracked lamps", base, about={"author": "nobody"}) == []
    assert await library.found("cracked lamps", base, about={"kind": "pdf"}) == []
    assert await library.found("cracked lamps", base, about={"any": "HERS lind"}) == ["mara.md"]
    assert await library.found("cracked lamps", base, about={"any": "lind other"}) == []
    assert len(await library.found("cracked lamps", base, about={"any": "markdown"})) == 2
    about_hers = await AgentSearch(library.searcher, WORKSPACE, (base,))("cracked lamps", 5, "Lind")
    assert about_hers.source.startswith("knowledge: mara.md")


async def test_a_document_says_when_an_agent_was_last_shown_something_of_it(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND), library.write("versand.txt", VERSAND))
    await library.read()
    await library.found("cracked lamps", base)
    assert {row.used_at for row in (await library.rows(base)).values()} == {0}, "a person's question is no use"
    agent = AgentSearch(library.searcher, WORKSPACE, (base,))
    for seconds in (30.0, 40.0, 0.0):
        await agent("cracked lamps", 1, "refunds")
        library.clock.advance(seconds)
    rows = await library.rows(base)
    assert rows["versand.txt"].used_at == 0
    facts = await library.facts("documents.used")
    assert [fact.body["document_ids"] for fact in facts] == [[rows["refunds.md"].id]] * 2
    assert rows["refunds.md"].used_at == library.clock.now()


async def test_a_filter_finds_what_stands_behind_many_others(library: Library) -> None:
    base = await library.base()
    louder = "".join(f"# Part {part}\n\n{'lamp ' * 50}\n\n" for part in range(120))
    quiet = "By the door stands a lamp, " + " ".join(f"beside chair{number}" for number in range(60))
    await library.add(base, library.write("loud.md", louder), library.write("quiet.md", quiet))
    await library.read()

    def away(method: str) -> None:
        raise Unavailable("The vectors are away. Try later.")

    library.vectors.fault = away
    assert set(await library.found("lamp", base, limit=50)) == {"loud.md"}
    assert await library.found("lamp", base, about={"name": "quiet"}) == ["quiet.md"]


async def test_other_languages_are_found_with_and_without_their_accents(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("versand.txt", VERSAND), library.write("refunds.md", REFUND))
    await library.read()
    assert (await library.found("Wie lange dauert der Versand?", base))[0] == "versand.txt"
    hit = (await library.search("Verspätung", base)).hits[0]
    assert [hit.passage.text[start:end] for start, end in hit.highlights] == ["Verspätung"]


async def test_words_between_no_blanks_are_found_and_forgotten_with_their_document(library: Library) -> None:
    base = await library.base()
    await library.add(
        base,
        library.write("zh.md", "# 退货\n\n我们的退货政策:三十天内可以退款。\n"),
        library.write("ja.md", "返品は三十日以内に受け付けます。\n"),
        library.write("other.md", "货物和政府的新闻。\n"),
    )
    await library.read()
    hit = (await library.search("退货政策是什么?", base)).hits[0]
    assert (hit.passage.document, hit.by) == ("zh.md", "both")
    assert "退货政策" in [hit.passage.text[start:end] for start, end in hit.highlights]
    assert (await library.search("返品", base)).hits[0].passage.document == "ja.md"
    rows = await library.ask(Documents(base))
    await library.send(RemoveDocuments(base, tuple(key for key, row in rows.items() if row.name == "zh.md")))
    await library.read()
    assert "zh.md" not in await library.found("退货政策", base)


@pytest.mark.parametrize(
    "question",
    ['"; DROP TABLE chunk; --', "lamps' OR 1=1", "NEAR(lamps, 2)", "lamps* AND (NOT x)", "text:lamps", "the", "😀 %"],
)
async def test_a_question_is_words_and_never_a_query(library: Library, question: str) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND + "The text of it.\n"))
    await library.read()
    assert (await library.search(question, base)).notice == ""
    assert await library.found("cracked lamps", base) == ["refunds.md"]


@pytest.mark.parametrize(("question", "limit"), [("", 5), (" \n", 5), ("x" * 4_001, 5), ("lamps", 0), ("lamps", 51)])
async def test_a_search_that_makes_no_sense_is_refused(library: Library, question: str, limit: int) -> None:
    base = await library.base()
    with pytest.raises(Invalid):
        await library.search(question, base, limit=limit)


async def test_without_the_vectors_the_keywords_answer_and_say_so(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND))
    await library.read()

    def away(method: str) -> None:
        raise Unavailable("The index is away. Try again.")

    library.vectors.fault = away
    found = await library.search("cracked lamps", base)
    assert [(hit.passage.document, hit.by) for hit in found.hits] == [("refunds.md", "keywords")]
    assert "keywords alone" in found.notice


async def test_what_is_being_read_is_counted_as_unread(library: Library) -> None:
    base = await library.base()
    await library.add(base, library.write("refunds.md", REFUND))
    assert (await library.search("cracked lamps", base)).unread == 1
    assert await library.searcher.wait_for(WORKSPACE, [base], 0.0) == 1
    await library.read()
    assert (await library.search("cracked lamps", base)).unread == 0
    assert await library.searcher.wait_for(WORKSPACE, [base], 60.0) == 0


async def test_a_viewer_may_neither_make_nor_add_nor_remove(library: Library) -> None:
    base = await library.base()
    added = await library.add(base, library.write("refunds.md", REFUND))
    viewer = Actor("person", "per_vic", WORKSPACE, "viewer")

    def join(ctx: Any) -> None:
        ctx.insert(members, {"person_id": viewer.id, "name": "Vic", "role": "viewer", "created_at": ctx.now})
        ctx.emit(MemberAdded(viewer.id, "viewer"))

    await library.kernel.change(library.kernel.system(WORKSPACE), join, "test")
    for message in (
        CreateBase("Mine", HASHING),
        RemoveDocuments(base, added.new),
        RemoveBase(base),
        RetryDocuments(base),
        WatchFolder(base, str(library.files)),
    ):
        with pytest.raises(Forbidden):
            await library.send(message, viewer)
    originals = sorted((library.folder / "originals").rglob("*"))
    path = library.write("new.md", "# New\n\nNothing of this is kept.\n")
    with pytest.raises(Forbidden):
        await library.send(AddFiles(base, (path,)), viewer)
    assert sorted((library.folder / "originals").rglob("*")) == originals, "nothing is done for who may not pass"


async def test_another_workspace_sees_nothing(library: Library) -> None:
    base = await library.base()
    added = await library.add(base, library.write("refunds.md", REFUND))
    await library.read()
    stranger = Actor("person", "per_eve", "ws_other", "owner")
    assert await library.ask(KnowledgeBases(), stranger) == {}
    assert await library.ask(Documents(base), stranger) == {}
    for message in (OpenDocument(added.new[0]), CitedPassage(f"[{added.new[0]}#0]")):
        with pytest.raises(NotFound):
            await library.ask(message, stranger)


async def test_a_long_document_is_opened_in_pages(library: Library) -> None:
    base = await library.base()
    text = "\n\n".join(f"# Part {n}\n\n" + f"Sentence {n} of the long document on lamps. " * 8 for n in range(150))
    await library.add(base, library.write("long.md", text))
    await library.read()
    (row,) = (await library.rows(base)).values()
    first = await library.ask(OpenDocument(row.id))
    assert len(first.passages) == 200
    assert first.has_more
    rest = await library.ask(OpenDocument(row.id, 200))
    assert [item.position for item in rest.passages] == list(range(200, row.chunks))
    assert not rest.has_more
