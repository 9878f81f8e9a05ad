"""The journal can be searched by what is known of an entry, and shows each reader what is theirs."""

from __future__ import annotations

from typing import Any

import pytest

from legate_core.audit.queries import JournalEntries, JournalPage, VerifyJournal
from legate_core.errors import Forbidden, Invalid
from tests.core.audit.filling import erase, fill, finish, start_run, step, whole_run
from tests.core.audit.house import OWNER, House


async def search(house: House, reader: Any = None, /, **filters: Any) -> JournalPage:
    page: JournalPage = await house.ask(JournalEntries(**filters), reader)
    return page


async def seqs(house: House, **filters: Any) -> list[int]:
    return [entry.seq for entry in (await search(house, **filters)).entries]


async def test_the_newest_entries_come_first_in_pages_without_gap_or_overlap(house: House) -> None:
    await fill(house)
    total = len(await house.facts())
    found: list[int] = []
    before = 0
    while True:
        page = await search(house, before=before, limit=4)
        assert len(page.entries) <= 4
        found += [entry.seq for entry in page.entries]
        before = page.before
        if not before:
            break
    assert found == list(range(total, 0, -1))


async def test_a_last_page_that_is_full_promises_no_other(house: House) -> None:
    total = len(await house.facts())
    assert (await search(house, limit=total)).before == 0


async def test_an_entry_says_everything_that_was_written_about_it(house: House) -> None:
    run_id = await whole_run(house, 1)
    [entry] = (await search(house, names=("run.stepped",))).entries
    assert (entry.name, entry.actor, entry.run_id, entry.cause) == ("run.stepped", "engine", run_id, f"run {run_id}")
    assert entry.body == {"run_id": run_id, "step_id": f"{run_id}.00000", "index": 0, "kind": "model", "state": "done"}
    assert entry.rows == (("step", f"{run_id}.00000"), ("run", run_id))
    assert entry.at == house.clock.now()


async def test_every_filter_narrows(house: House) -> None:
    first, second = await fill(house)
    everything = await search(house, limit=500)
    by = {entry.seq: entry for entry in everything.entries}
    middle = sorted(by)[len(by) // 2]
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"after": middle}, lambda entry: entry.seq > middle),
        ({"before": middle}, lambda entry: entry.seq < middle),
        ({"after": 3, "before": 9}, lambda entry: 3 < entry.seq < 9),
        ({"names": ("run.created", "run.finished")}, lambda entry: entry.name in ("run.created", "run.finished")),
        ({"actor": OWNER}, lambda entry: entry.actor == OWNER),
        ({"run_id": second}, lambda entry: entry.run_id == second),
        ({"text": f"{first}.00001".upper()}, lambda entry: f"{first}.00001" in str(entry.body)),
        ({"since": by[middle].at}, lambda entry: entry.at >= by[middle].at),
        ({"until": by[middle].at}, lambda entry: entry.at < by[middle].at),
        ({"run_id": first, "actor": OWNER}, lambda entry: entry.run_id == first and entry.actor == OWNER),
    ]
    for filters, holds in cases:
        expected = [entry.seq for entry in everything.entries if holds(entry)]
        assert 0 < len(expected) < len(by), filters
        assert await seqs(house, limit=500, **filters) == expected, filters


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; DROP TABLE journal; --"])
async def test_a_text_is_a_text_and_no_pattern(house: House, text: str) -> None:
    await house.person("per_100%", "viewer")
    found = await seqs(house, text=text)
    everything = (await search(house)).entries
    assert found == [entry.seq for entry in everything if text in str((entry.body, entry.rows, entry.name, entry.at))]


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_of_a_size_nobody_needs_is_refused(house: House, limit: int) -> None:
    with pytest.raises(Invalid, match="1 to 500"):
        await search(house, limit=limit)


async def test_who_may_see_only_their_own_sees_their_acts_and_their_runs(house: House) -> None:
    await fill(house, 1)
    bob = await house.person("per_bea", "builder")
    run_id = await house.kernel.change(bob, start_run, "StartRun")
    await house.change(lambda ctx: step(ctx, run_id, 0))
    await house.change(lambda ctx: finish(ctx, run_id, 1))
    seen = (await search(house, bob, limit=500)).entries
    assert {(entry.run_id, entry.actor) for entry in seen} == {(run_id, "per_bea"), (run_id, "engine")}
    assert [entry.name for entry in seen] == ["run.finished", "run.stepped", "run.created"]
    assert (await search(house, bob, run_id=run_id, names=("run.stepped",))).entries == (seen[1],)


async def test_a_viewer_sees_and_verifies_nothing(house: House) -> None:
    viewer = await house.person("per_vic", "viewer")
    for question in (JournalEntries(), VerifyJournal()):
        with pytest.raises(Forbidden):
            await house.ask(question, viewer)


async def test_entries_of_an_erased_run_are_still_there(house: House) -> None:
    run_id = await whole_run(house, 1)
    before = await seqs(house, run_id=run_id)
    await erase(house, run_id)
    after = (await search(house, run_id=run_id)).entries
    assert [entry.seq for entry in after[1:]] == before
    assert after[0].name == "run.erased"
