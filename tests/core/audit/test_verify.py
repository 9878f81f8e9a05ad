"""Tampering shows, each kind as itself, on both databases; and an honest journal is called sound."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.notary import Notary, origin_of
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import DOUBTS, Kind, Report, State
from legate_core.audit.tables import checkpoints
from legate_core.audit.verify import verify
from legate_core.crypto.keys import note_name
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.signing import DeviceKey, open_checkpoint
from legate_core.errors import Locked
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor
from legate_core.kernel.journal import entries, heads
from legate_core.kernel.payloads import body_keys
from legate_core.runs.tables import runs, steps
from legate_core.vault.commands import SealVault
from legate_core.vault.tables import secrets
from tests.core.audit import tampering
from tests.core.audit.filling import erase, fill, step, whole_run
from tests.core.audit.house import WORKSPACE, House, Intruder

NOTE = note_name(WORKSPACE)


async def report_of(house: House) -> Report:
    return await house.ask(VerifyJournal())


def kinds(report: Report) -> list[Kind]:
    return [finding.kind for finding in report.findings]


async def signed(house: House) -> None:
    assert await checkpoint_now(house.kernel, WORKSPACE) is not None


async def test_an_honest_journal_holds_in_all_three_ways(house: House) -> None:
    await fill(house)
    await signed(house)
    await whole_run(house)
    report = await report_of(house)
    assert report.findings == ()
    assert {verdict.state for verdict in (report.intact, report.complete, report.by_whom)} == {State.HOLDS}
    assert report.is_sound
    facts = await house.facts()
    assert report.entries == len(facts)
    assert report.signed == len(facts) - 5
    assert report.rows == 1 + 2 + 1 + 3 * 4
    assert "5 since then" in report.complete.sentence


async def test_an_empty_journal_is_not_accused_of_anything(house: House, intruder: Intruder) -> None:
    def empty(connection: sa.Connection) -> Report:
        return verify(connection, "ws_nobody", bodies=None, outside=None, public_key=bytes(32))

    report = intruder.run(empty)
    assert kinds(report) == [Kind.HEAD_CHANGED]


# The seven tamperings of a journal. Each gets the house as the honest left it: filled, with its last checkpoint outside.


async def cut_the_last_entries(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.cut_tail(connection, 3))


async def cut_entries_and_checkpoints(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.cut_tail(connection, 3))
    intruder.run(tampering.drop_checkpoints)


async def take_rows_from_the_end(house: House, intruder: Intruder) -> None:
    intruder.execute(entries.delete().where(entries.c.seq >= len(await house.facts())))


async def rewrite_everything(house: House, intruder: Intruder) -> None:
    def rewrite(connection: sa.Connection) -> None:
        rows = tampering.texts(connection)
        rows[2] = tampering.reword(rows[2], cause="nothing of the kind")
        tampering.recompute(connection, rows)

    intruder.run(rewrite)


async def rewrite_and_drop_checkpoints(house: House, intruder: Intruder) -> None:
    await rewrite_everything(house, intruder)
    intruder.run(tampering.drop_checkpoints)


async def fork(house: House, intruder: Intruder) -> None:
    """A copy of the data folder goes on by itself with the same keys, and is then put in the place of the first."""
    outside = house.keys.get(NOTE)
    assert outside is not None
    common = intruder.run(tampering.copy_of)
    await whole_run(house)
    await signed(house)
    true_note = house.keys.get(NOTE)
    assert true_note is not None
    intruder.run(lambda connection: tampering.put_back(connection, common))
    house.keys.put(NOTE, outside)
    await whole_run(house, 5)
    await signed(house)
    house.keys.put(NOTE, true_note)


async def swap_two_entries(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.swap(connection, 6, 9))


async def swap_two_neighbours(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.swap(connection, 6, 7))


async def change_one_byte(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.change_one_byte(connection, 6))


async def put_an_old_copy_back(house: House, intruder: Intruder) -> None:
    old = intruder.run(tampering.copy_of)
    await whole_run(house)
    await signed(house)
    intruder.run(lambda connection: tampering.put_back(connection, old))


async def set_the_clock_back(house: House, intruder: Intruder) -> None:
    house.clock.advance(-3600)
    await whole_run(house)


Tampering = Callable[[House, Intruder], Awaitable[None]]

SEVEN: list[tuple[Tampering, Kind, str]] = [
    (cut_the_last_entries, Kind.TAIL_CUT, "complete"),
    (rewrite_everything, Kind.REWRITTEN, "complete"),
    (fork, Kind.FORKED, "complete"),
    (swap_two_entries, Kind.ENTRIES_MOVED, "intact"),
    (change_one_byte, Kind.ENTRY_CHANGED, "intact"),
    (put_an_old_copy_back, Kind.OLD_COPY, "complete"),
    (set_the_clock_back, Kind.CLOCK_SET_BACK, "intact"),
]
VARIANTS: list[tuple[Tampering, Kind, str]] = [
    (cut_entries_and_checkpoints, Kind.TAIL_CUT, "complete"),
    (take_rows_from_the_end, Kind.TAIL_CUT, "complete"),
    (rewrite_and_drop_checkpoints, Kind.REWRITTEN, "complete"),
    (swap_two_neighbours, Kind.ENTRIES_MOVED, "intact"),
]


def name_of(value: object) -> str:
    return str(getattr(value, "__name__", value))


@pytest.mark.parametrize(("tamper", "kind", "verdict"), SEVEN + VARIANTS, ids=name_of)
async def test_each_tampering_is_found_as_what_it_is(
    house: House, intruder: Intruder, tamper: Tampering, kind: Kind, verdict: str
) -> None:
    await fill(house)
    await signed(house)
    await tamper(house, intruder)
    report = await report_of(house)
    others = {other for _, other, _ in SEVEN} - {kind}
    assert kind in kinds(report)
    assert not others & set(kinds(report))
    assert Kind.ROW_CHANGED not in kinds(report) or kind is Kind.TAIL_CUT
    expected = State.UNPROVEN if kind in DOUBTS else State.BROKEN
    assert getattr(report, verdict).state is expected
    finding = next(finding for finding in report.findings if finding.kind is kind)
    assert getattr(report, verdict).sentence == finding.sentence
    assert report.is_sound == (kind in DOUBTS)


def test_the_seven_findings_differ() -> None:
    assert len({kind for _, kind, _ in SEVEN}) == 7


@pytest.mark.parametrize(
    ("tamper", "seq"), [(change_one_byte, 6), (swap_two_entries, 6), (swap_two_neighbours, 6)], ids=name_of
)
async def test_the_first_bad_entry_is_named(house: House, intruder: Intruder, tamper: Tampering, seq: int) -> None:
    await fill(house)
    await signed(house)
    await tamper(house, intruder)
    report = await report_of(house)
    assert [finding.seq for finding in report.findings if finding.is_fault] == [seq]


async def test_every_single_changed_byte_of_an_entry_shows(house: House, intruder: Intruder) -> None:
    await whole_run(house, 1)
    text = (await entry_texts(intruder))[3]
    outside = house.keys.get(NOTE)

    def each(connection: sa.Connection) -> list[int]:
        blind: list[int] = []
        for at, letter in enumerate(text):
            changed = text[:at] + chr(ord(letter) ^ 1) + text[at + 1 :]
            connection.execute(entries.update().where(entries.c.seq == 4).values(entry=changed))
            report = verify(
                connection, WORKSPACE, bodies=None, outside=outside and outside.decode(), public_key=bytes(32)
            )
            if report.is_sound or not any(finding.seq == 4 for finding in report.findings):
                blind.append(at)
        return blind

    assert intruder.run(each) == []


async def entry_texts(intruder: Intruder) -> list[str]:
    return [row["entry"] for row in intruder.run(tampering.texts)]


@pytest.mark.parametrize(
    ("statement", "kind", "table"),
    [
        (runs.update().values(cost_micros=7), Kind.ROW_CHANGED, "run"),
        (steps.update().values(label="thinks otherwise"), Kind.ROW_CHANGED, "step"),
        (members.update().where(members.c.person_id == "per_bob").values(role="owner"), Kind.ROW_CHANGED, "member"),
        (secrets.update().values(hosts=["evil.example"]), Kind.ROW_CHANGED, "secret"),
        (secrets.update().values(last_used_at=None, version=9), Kind.ROW_CHANGED, "secret"),
        (steps.delete(), Kind.ROW_MISSING, "step"),
        (members.delete().where(members.c.person_id == "per_bob"), Kind.ROW_MISSING, "member"),
        (
            members.insert().values(
                workspace_id=WORKSPACE, person_id="per_eve", name="Eve", role="admin", created_at=1
            ),
            Kind.ROW_UNACCOUNTED,
            "member",
        ),
    ],
    ids=str,
)
async def test_a_row_that_was_not_written_by_the_engine_shows(
    house: House, intruder: Intruder, statement: sa.Executable, kind: Kind, table: str
) -> None:
    await fill(house, 1)
    await signed(house)
    intruder.execute(statement)
    report = await report_of(house)
    assert {finding.kind for finding in report.findings} == {kind}
    assert {finding.table for finding in report.findings} == {table}
    assert report.intact.state is State.BROKEN
    assert report.complete.state is State.HOLDS


async def test_a_row_put_back_into_an_earlier_state_shows(house: House, intruder: Intruder) -> None:
    [run_id] = await fill(house, 1)
    await signed(house)
    intruder.execute(runs.update().values(status="ready", finished_at=None))
    [finding] = (await report_of(house)).findings
    assert (finding.kind, finding.key) == (Kind.ROW_CHANGED, run_id)


async def test_many_changed_rows_are_counted_and_not_all_listed(house: House, intruder: Intruder) -> None:
    await whole_run(house, 40)
    await signed(house)
    intruder.execute(steps.update().values(label="x"))
    report = await report_of(house)
    assert len(report.findings) == 20
    assert "(40 in all)" in report.intact.sentence


async def test_an_erased_run_still_verifies(house: House) -> None:
    first, _ = await fill(house)
    await signed(house)
    await erase(house, first)
    report = await report_of(house)
    assert report.findings == ()
    assert report.erased_rows == 4
    assert "4 rows of erased runs" in report.intact.sentence


async def test_a_key_that_was_taken_away_is_not_taken_for_an_erasure(house: House, intruder: Intruder) -> None:
    first, _ = await fill(house)
    await signed(house)
    intruder.execute(body_keys.delete().where(body_keys.c.scope_id == first))
    house.kernel.keys.forget(WORKSPACE, first)
    report = await report_of(house)
    assert kinds(report) == [Kind.KEY_MISSING]
    assert report.findings[0].key == first


async def test_an_entry_missing_from_the_middle_is_named(house: House, intruder: Intruder) -> None:
    await fill(house)
    await signed(house)
    intruder.execute(entries.delete().where(entries.c.seq.in_([5, 6])))
    report = await report_of(house)
    assert kinds(report)[0] is Kind.ENTRY_MISSING
    assert "Entries 5 to 6" in report.intact.sentence


@pytest.mark.parametrize("column", ["name", "run_id", "actor", "at"])
async def test_an_entry_filed_under_something_else_shows(house: House, intruder: Intruder, column: str) -> None:
    await fill(house)
    await signed(house)
    value: Any = 1 if column == "at" else "something"
    intruder.execute(entries.update().where(entries.c.seq == 7).values({column: value}))
    report = await report_of(house)
    assert [(finding.kind, finding.seq) for finding in report.findings] == [(Kind.INDEX_CHANGED, 7)]


@pytest.mark.parametrize("values", [{"hash": bytes(32)}, {"peaks": bytes(8)}, {"peaks": b"x"}, {"seq": 3}])
async def test_a_head_that_does_not_fit_shows(house: House, intruder: Intruder, values: dict[str, Any]) -> None:
    await fill(house)
    await signed(house)
    intruder.execute(heads.update().values(**values))
    report = await report_of(house)
    assert kinds(report) == [Kind.HEAD_CHANGED]


async def test_a_missing_head_shows(house: House, intruder: Intruder) -> None:
    await fill(house)
    await signed(house)
    intruder.execute(heads.delete())
    assert kinds(await report_of(house)) == [Kind.HEAD_CHANGED]


async def test_a_run_that_closed_with_more_steps_than_there_are_shows(house: House, intruder: Intruder) -> None:
    """Even where nothing was signed yet and everything was made to fit."""
    run_id = await whole_run(house, 3)

    def leave_one_out(connection: sa.Connection) -> None:
        rows = [row for row in tampering.texts(connection) if f'"{run_id}.00001"' not in row["entry"]]
        tampering.recompute(connection, [tampering.reword(row, seq=at) for at, row in enumerate(rows, 1)])

    intruder.run(leave_one_out)
    report = await report_of(house)
    finding = next(finding for finding in report.findings if finding.kind is Kind.RUN_INCOMPLETE)
    assert (finding.key, report.complete.state) == (run_id, State.BROKEN)
    assert "3 steps, and the journal has 2" in finding.sentence


async def test_an_actor_nobody_knows_shows(house: House) -> None:
    run_id = await whole_run(house, 1)
    await signed(house)
    stranger = Actor("person", "per_mallory", WORKSPACE, "owner")
    await house.kernel.change(stranger, lambda ctx: step(ctx, run_id, 1), "by somebody")
    report = await report_of(house)
    finding = next(finding for finding in report.findings if finding.kind is Kind.UNKNOWN_ACTOR)
    assert (finding.key, report.by_whom.state) == ("per_mallory", State.BROKEN)


async def test_members_who_left_are_still_known(house: House, intruder: Intruder) -> None:
    bob = await house.person("per_bob", "builder")
    await house.send(SealVault(), bob)
    await signed(house)
    intruder.execute(members.delete().where(members.c.person_id == "per_bob"))
    assert Kind.UNKNOWN_ACTOR not in kinds(await report_of(house))


async def test_without_any_checkpoint_completeness_is_unproven(house: House) -> None:
    await fill(house)
    report = await report_of(house)
    assert kinds(report) == [Kind.NO_CHECKPOINT]
    assert report.complete.state is State.UNPROVEN
    assert report.is_sound


async def test_without_a_checkpoint_outside_completeness_is_unproven(house: House) -> None:
    await fill(house)
    await signed(house)
    house.keys.delete(NOTE)
    report = await report_of(house)
    assert kinds(report) == [Kind.NONE_OUTSIDE]
    assert report.complete.state is State.UNPROVEN


async def test_a_locked_keyring_does_not_stop_a_verification(house: House) -> None:
    class Shut(MemoryKeys):
        def get(self, name: str) -> bytes | None:
            raise Locked("The keyring is locked. Unlock it.")

    await fill(house)
    await signed(house)
    notary = house.kernel.ports.get(Notary)
    notary._keys = Shut(b"seed", is_throw_away=True)
    report = await report_of(house)
    assert kinds(report) == [Kind.NONE_OUTSIDE]
    assert "Unlock it." in report.complete.sentence


async def test_a_forged_checkpoint_is_told_from_one_of_another_device(house: House, intruder: Intruder) -> None:
    await fill(house)
    await signed(house)
    [note] = intruder.run(lambda connection: connection.execute(sa.select(checkpoints.c.note)).scalars().all())
    lines = note.split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    intruder.execute(checkpoints.update().values(note="\n".join(lines)))
    report = await report_of(house)
    assert (kinds(report), report.by_whom.state) == ([Kind.CHECKPOINT_FORGED], State.BROKEN)


async def test_a_rewriter_with_a_key_of_their_own_is_a_stranger(house: House, intruder: Intruder) -> None:
    await fill(house)
    await signed(house)
    house.keys.delete(NOTE)
    mallory = Notary(MemoryKeys(b"mallory", is_throw_away=True), DeviceKey(b"m" * 32))
    await rewrite_and_drop_checkpoints(house, intruder)
    report = await report_of(house)
    root = bytes.fromhex(report.root)
    note = mallory.sign(WORKSPACE, report.entries, root)
    row = {"workspace_id": WORKSPACE, "size": report.entries, "note": note, "peaks": b"", "at": 0}
    intruder.execute(checkpoints.insert().values(**row))
    report = await report_of(house)
    assert Kind.UNKNOWN_SIGNER in kinds(report)
    assert State.HOLDS not in (report.by_whom.state, report.complete.state)


async def test_a_stranger_verifies_with_the_public_key_and_no_other(house: House, intruder: Intruder) -> None:
    await fill(house)
    await signed(house)
    notary = house.kernel.ports.get(Notary)
    outside = notary.outside(WORKSPACE)
    assert outside is not None
    assert open_checkpoint(outside, origin_of(WORKSPACE), notary.public_key).size == len(await house.facts())

    def as_stranger(public_key: bytes | None) -> Report:
        return intruder.run(
            lambda connection: verify(connection, WORKSPACE, bodies=None, outside=outside, public_key=public_key)
        )

    report = as_stranger(notary.public_key)
    assert kinds(report) == [Kind.ROWS_UNCHECKED]
    assert report.complete.state is State.HOLDS
    assert report.verifier_key == notary.verifier_key(WORKSPACE)
    assert as_stranger(bytes(32)).complete.state is State.UNPROVEN
    without = as_stranger(None)
    assert (without.complete.state, without.by_whom.state) == (State.UNPROVEN, State.UNPROVEN)


async def test_a_stranger_sees_a_row_nobody_accounted_for(house: House, intruder: Intruder) -> None:
    await fill(house)
    row = {"workspace_id": WORKSPACE, "person_id": "per_eve", "name": "Eve", "role": "admin", "created_at": 1}

    def insert(connection: sa.Connection) -> Report:
        connection.execute(members.insert().values(**row))
        return verify(connection, WORKSPACE, bodies=None, outside=None, public_key=bytes(32))

    assert Kind.ROW_UNACCOUNTED in kinds(intruder.run(insert))


async def test_progress_is_told(house: House) -> None:
    await fill(house)
    told: list[tuple[int, int]] = []

    def read(ctx: Any) -> Report:
        return verify(
            ctx.connection,
            WORKSPACE,
            bodies=ctx.bodies,
            outside=None,
            public_key=bytes(32),
            progress=lambda done, total: told.append((done, total)),
        )

    report = await house.look(read)
    assert told == [(report.entries, report.entries)]
