"""The journal can be searched by what is known of an entry, and shows each reader what is theirs."""

from __future__ import annotations

from typing import Any

import pytest

from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.entry import OpenEntry
from legate_core.audit.queries import JournalEnd, JournalEntries, JournalPage, VerifyJournal
from legate_core.errors import Forbidden, Invalid, NotFound
from tests.core.audit import tampering
from tests.core.audit.filling import erase, fill, finish, start_run, step, whole_run
from tests.core.audit.house import OWNER, WORKSPACE, House, Intruder


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
        ({"what": "STEP"}, lambda entry: "step" in entry.name),
        ({"who": OWNER[2:5]}, lambda entry: OWNER[2:5] in entry.actor),
        ({"about": f"{second}.00001"}, lambda entry: f"{second}.00001" in str(entry.body)),
        ({"hash": by[middle].hash[:7].upper()}, lambda entry: entry.seq == middle),
        ({"hash": by[middle].hash}, lambda entry: entry.seq == middle),
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


@pytest.mark.parametrize("digits", ["xyz", "0g", "0" * 65, "00 "])
async def test_what_is_no_beginning_of_a_hash_is_refused(house: House, digits: str) -> None:
    with pytest.raises(Invalid, match="beginning of a hash"):
        await search(house, hash=digits)


async def test_an_entry_opens_with_its_place_in_the_chain(house: House) -> None:
    await fill(house)
    size = (await checkpoint_now(house.kernel, WORKSPACE)).size  # type: ignore[union-attr] # there was something to sign
    await whole_run(house)
    total = len(await house.facts())
    for seq in (1, 2, size, size + 1, total):
        place = await house.ask(OpenEntry(seq))
        [listed] = (await search(house, before=seq + 1, limit=1)).entries
        assert place.entry == listed
        assert place.fits
        assert (place.checkpoint > 0, place.entries) == (seq <= size, total), seq
        earlier = (await search(house, before=seq, limit=1)).entries
        assert place.before == (earlier[0].hash if earlier else "0" * 64)


async def test_an_entry_that_was_changed_does_not_fit(house: House, intruder: Intruder) -> None:
    await fill(house)
    intruder.run(lambda connection: tampering.change_one_byte(connection, 5))
    assert [seq for seq in range(1, 9) if not (await house.ask(OpenEntry(seq))).fits] == [5]


async def test_an_entry_of_somebody_else_is_not_there_for_who_sees_only_their_own(house: House) -> None:
    operator = await house.person("per_olga", "operator")
    with pytest.raises(NotFound):
        await house.ask(OpenEntry(1), operator)
    with pytest.raises(NotFound):
        await house.ask(OpenEntry(10_000))


async def test_the_end_of_the_journal_is_where_its_reader_sees_it(house: House) -> None:
    operator = await house.person("per_olga", "operator")
    mine = (await house.ask(JournalEnd(), operator))["end"]
    assert (mine.seq, mine.is_all) == (0, False)
    everything = (await house.ask(JournalEnd()))["end"]
    assert (everything.seq, everything.is_all) == (len(await house.facts()), True)
    assert await house.ask(JournalEnd(ids=("other",))) == {}
