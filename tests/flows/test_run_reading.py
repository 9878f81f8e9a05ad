"""Reading runs: page by page, one step whole, and as a file to share."""

from __future__ import annotations

import hashlib
import json

import pytest

from legate_core.approvals.commands import ApproveAction, EditAction
from legate_core.errors import Conflict, Invalid, NeedsReauthentication, NotFound
from legate_core.runs.commands import CancelRun, EraseRun
from legate_core.runs.export import ExportRun
from legate_core.runs.history import RunHistory, RunPage
from legate_core.runs.queries import RunLog, Runs
from legate_core.runs.step import Step
from tests.flows.story import SEND, Story, call, turn


async def _pages(story: Story, **filters: object) -> list[RunPage]:
    pages = [await story.ask(RunHistory(**filters))]
    while pages[-1].before:
        pages.append(await story.ask(RunHistory(**{**filters, "before": pages[-1].before})))
    return pages


async def test_history_is_read_in_pages_without_gap_or_repetition(story: Story) -> None:
    # Several in one moment, so that only the id tells them apart.
    runs = [await story.run(turn(0, "Done.")) for _ in range(7)]
    story.clock.advance(1)
    waiting = await story.run(turn(0, "", SEND))
    pages = await _pages(story, limit=3)
    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert [page.total for page in pages] == [7, -1, -1]
    assert [row.id for page in pages for row in page.rows] == sorted(runs, reverse=True)
    assert list(await story.rows(Runs(unended=True))) == [waiting]


async def test_pages_stay_as_they_were_while_runs_end(story: Story) -> None:
    waiting = await story.run(turn(0, "", SEND), turn(1, "Sent."))
    done = [await story.run(turn(0, "Done.")) for _ in range(2)]
    first = await story.ask(RunHistory(limit=1))
    story.clock.advance(1)
    await story.answer(ApproveAction((await story.question()).id))
    assert (await story.row(waiting)).status == "succeeded"
    rest = await story.ask(RunHistory(before=first.before, as_of=first.as_of))
    assert {row.id for page in (first, rest) for row in page.rows} == set(done)
    assert (await story.ask(RunHistory())).total == 3


async def test_every_filter_narrows(story: Story) -> None:
    done = await story.run(turn(0, "Done."))
    failed = await story.run(turn(0, fault="refused"))
    story.clock.advance(60)
    since = story.clock.now()
    late = await story.run(turn(0, "Done."), name="Ledger 100%")
    waiting = await story.run(turn(0, "", SEND))
    agent = (await story.row(done)).agent_id

    async def found(**filters: object) -> set[str]:
        return {row.id for row in (await story.ask(RunHistory(**filters))).rows}

    assert await found() == {done, failed, late}
    assert await found(states=("failed",)) == {failed}
    assert await found(states=("waiting", "succeeded")) == {done, late, waiting}
    assert await found(agents=(agent,)) == {done}
    assert await found(since=since) == {late}
    assert await found(until=since) == {done, failed}
    assert await found(text="ledger") == {late}
    assert await found(text="100%") == {late}
    assert await found(text="%") == {late}
    assert await found(text=done[-6:].upper()) == {done}
    assert await found(triggers=("draft",)) == set()
    for wrong in ({"before": "nonsense"}, {"limit": 0}, {"states": ("happy",)}):
        with pytest.raises(Invalid):
            await found(**wrong)


async def test_a_step_is_shown_whole_with_its_place_in_the_chain(story: Story) -> None:
    run = await story.run(turn(0, "Kim waits.", SEND), turn(1, "Told."))
    card = await story.card()
    edited = {"to": "kim@example.com", "text": "Soon."}
    await story.answer(EditAction(card.row.id, edited))
    step = await story.ask(Step(run, 1))
    assert (step.arguments, step.proposed) == (edited, SEND["arguments"])
    assert (step.row.effect, step.row.state, step.row.acted_at > 0) == ("send", "confirmed", True)
    assert "Soon." in json.dumps(step.raw)
    assert [message.role for message in step.context] == ["system", "user"]
    assert step.output
    places = {fact.seq: fact for fact in await story.facts("run.stepped")}
    assert places[step.seq].body["step_id"] == step.row.id
    assert len(step.entry_hash) == 64
    last = await story.ask(Step(run, 2))
    assert [message.role for message in last.context] == ["system", "user", "assistant", "tool"]
    assert last.output == "Told."
    with pytest.raises(NotFound, match="has 3 steps"):
        await story.ask(Step(run, 3))


async def test_a_huge_text_is_cut_where_it_is_shown_and_an_outline_is_one_line(story: Story) -> None:
    story.world.behave["world.look"] = "huge"
    run = await story.run(turn(0, "", call("world.look", text="line\n" * 10)), turn(1, "Read."))
    step = await story.ask(Step(run, 1))
    assert step.output.endswith("characters in all]")
    assert len(step.output) < 101_000
    assert max(len(row.detail) for row in (await story.ask(RunLog(run, outline=True))).values()) <= 200
    whole, lines = await story.ask(RunLog(run)), await story.ask(RunLog(run, outline=True))
    assert list(whole) == list(lines)
    (one,) = (await story.ask(RunLog(run, ids=(f"{run}.00001",)))).values()
    assert one == whole[one.id]


async def test_an_erased_run_shows_places_and_no_content(story: Story) -> None:
    run = await story.run(turn(0, "Kim waits.", SEND))
    await story.answer(CancelRun(run))
    story.prove()
    await story.send(EraseRun(run))
    step = await story.ask(Step(run, 0))
    assert (step.is_shown, step.output, step.context, step.raw) == (False, "", (), None)
    assert step.seq > 0
    with pytest.raises(Conflict, match="erased"):
        await story.send(ExportRun(run))


SECRET = "sk-ant-REDACTED"
LETTER = {"to": "kim@example.com", "text": f"Your key is {SECRET}, call +49 170 123 45 67, see https://x.example/a?b=1"}


async def test_a_shared_file_holds_the_run_masked_and_its_digest_is_in_the_journal(story: Story) -> None:
    run = await story.run(
        turn(0, "I write to kim@example.com.", {"tool": "world.send", "arguments": LETTER}),
        turn(1, "Kim knows."),
        task="Write to kim@example.com.",
    )
    await story.answer(ApproveAction((await story.question()).id))
    with pytest.raises(NeedsReauthentication):
        await story.send(ExportRun(run))
    story.prove()
    file = await story.send(ExportRun(run))
    assert [word for word in (SECRET, "kim@example.com", "170 123", "x.example") if word in file.text] == []
    assert dict(file.masked) == {"secret": 1, "address": 1, "number": 1, "link": 1, "path": 0}
    data = json.loads(file.text)
    assert data["run"]["task"] == "Write to ⟨address 1⟩."
    assert data["steps"][1]["arguments"]["to"] == "⟨address 1⟩"
    assert data["steps"][1]["verdict"] == "ask"
    assert [step["kind"] for step in data["steps"]] == ["model", "tool", "model"]
    assert {fact.seq for fact in await story.facts() if fact.body.get("run_id") == run} > {
        place["seq"] for place in data["journal"]
    }
    (told,) = await story.facts("run.exported")
    assert told.body["file_digest"] == file.digest == hashlib.sha256(file.text.encode()).hexdigest()


async def test_whoever_shares_chooses_what_is_masked_but_secrets_always_are(story: Story) -> None:
    run = await story.run(turn(0, "", {"tool": "world.send", "arguments": LETTER}))
    story.prove()
    bare = (await story.send(ExportRun(run, mask=()))).text
    assert "kim@example.com" in bare
    assert SECRET not in bare
    texts = json.loads((await story.send(ExportRun(run, mask=("text",)))).text)
    assert texts["steps"][1]["arguments"]["to"] == "kim@example.com"
    assert texts["steps"][1]["arguments"]["text"].startswith("⟨text ")
    with pytest.raises(Invalid, match="cannot be masked"):
        await story.send(ExportRun(run, mask=("mood",)))
