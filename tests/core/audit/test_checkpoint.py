"""Checkpoints are written when they are due, inside and outside, and never over a journal that contradicts the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from legate_core.audit.checkpoint import EVERY, Checkpointer, checkpoint_now
from legate_core.audit.notary import Notary, origin_of
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.tables import checkpoints
from legate_core.crypto.keys import note_name
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.signing import Checkpoint, open_checkpoint
from legate_core.errors import Damaged, Unavailable
from legate_core.kernel.context import Context
from legate_core.kernel.journal import entries, head
from legate_core.vault.events import VaultLocked
from tests.core.audit import tampering
from tests.core.audit.filling import whole_run
from tests.core.audit.house import OWNER, WORKSPACE, House, Intruder

NOTE = note_name(WORKSPACE)


def opened(house: House, note: str | bytes) -> Checkpoint:
    text = note if isinstance(note, str) else note.decode()
    return open_checkpoint(text, origin_of(WORKSPACE), house.kernel.ports.get(Notary).public_key)


async def inside(house: House) -> list[Checkpoint]:
    statement = sa.select(checkpoints.c.note).order_by(checkpoints.c.size)
    notes = await house.look(lambda ctx: list(ctx.connection.execute(statement).scalars()))
    return [opened(house, note) for note in notes]


def outside(house: House) -> Checkpoint | None:
    note = house.keys.get(NOTE)
    return None if note is None else opened(house, note)


async def at_head(house: House) -> Checkpoint:
    """What a checkpoint of the journal as it stands says."""
    end = await house.look(lambda ctx: head(ctx.connection, WORKSPACE))
    return Checkpoint(origin_of(WORKSPACE), end.seq, end.peaks.root())


async def say(house: House, times: int = 1) -> None:
    """Some entries that are about no run."""

    def work(ctx: Context) -> None:
        for _ in range(times):
            ctx.emit(VaultLocked(OWNER))

    await house.change(work)


async def test_a_checkpoint_covers_the_journal_and_lies_inside_and_outside(house: House) -> None:
    written = await checkpoint_now(house.kernel, WORKSPACE)
    assert written == await at_head(house)
    assert outside(house) == written
    assert await inside(house) == [written]


async def test_nothing_new_is_not_signed_again(house: House) -> None:
    await checkpoint_now(house.kernel, WORKSPACE)
    assert await checkpoint_now(house.kernel, WORKSPACE) is None
    assert len(await inside(house)) == 1


async def test_each_checkpoint_continues_the_one_before(house: House) -> None:
    for _ in range(5):
        await say(house, 3)
        assert await checkpoint_now(house.kernel, WORKSPACE) == await at_head(house)
    assert len(await inside(house)) == 5
    assert (await house.ask(VerifyJournal())).findings == ()


async def forget_inside(house: House, intruder: Intruder) -> None:
    intruder.run(tampering.drop_checkpoints)


async def forget_peaks(house: House, intruder: Intruder) -> None:
    intruder.execute(checkpoints.update().values(peaks=b"nonsense"))


async def wrong_peaks(house: House, intruder: Intruder) -> None:
    intruder.execute(checkpoints.update().values(peaks=bytes(8)))


async def forget_outside(house: House, intruder: Intruder) -> None:
    house.keys.delete(NOTE)


@pytest.mark.parametrize("lose", [forget_inside, forget_peaks, wrong_peaks, forget_outside])
async def test_what_was_lost_is_read_again_from_the_journal(
    house: House, intruder: Intruder, lose: Callable[[House, Intruder], Any]
) -> None:
    await say(house, 3)
    await checkpoint_now(house.kernel, WORKSPACE)
    await lose(house, intruder)
    await say(house)
    assert await checkpoint_now(house.kernel, WORKSPACE) == await at_head(house)
    assert outside(house) == await at_head(house)


async def cut(house: House, intruder: Intruder) -> None:
    intruder.run(lambda connection: tampering.cut_tail(connection, 2))


async def cut_and_go_on(house: House, intruder: Intruder) -> None:
    await cut(house, intruder)
    house.clock.advance(1)
    await say(house, 5)


async def rewrite(house: House, intruder: Intruder) -> None:
    def work(connection: sa.Connection) -> None:
        rows = tampering.texts(connection)
        rows[1] = tampering.reword(rows[1], cause="nothing of the kind")
        tampering.recompute(connection, rows)

    intruder.run(work)
    await say(house)


async def rewrite_without_traces(house: House, intruder: Intruder) -> None:
    intruder.run(tampering.drop_checkpoints)
    await rewrite(house, intruder)


async def change_after(house: House, intruder: Intruder) -> None:
    await say(house, 3)
    intruder.run(lambda connection: tampering.change_one_byte(connection, 8))


async def drop_after(house: House, intruder: Intruder) -> None:
    await say(house, 3)
    intruder.execute(entries.delete().where(entries.c.seq == 8))


@pytest.mark.parametrize("tamper", [cut, cut_and_go_on, rewrite, rewrite_without_traces, change_after, drop_after])
async def test_a_journal_that_does_not_continue_the_last_checkpoint_is_not_signed(
    house: House, intruder: Intruder, tamper: Callable[[House, Intruder], Any]
) -> None:
    await say(house, 4)
    await checkpoint_now(house.kernel, WORKSPACE)
    good = outside(house)
    await tamper(house, intruder)
    with pytest.raises(Damaged, match="legate verify"):
        await checkpoint_now(house.kernel, WORKSPACE)
    assert outside(house) == good


async def test_a_checkpoint_of_somebody_else_counts_for_nothing(
    house: House, intruder: Intruder, caplog: pytest.LogCaptureFixture
) -> None:
    house.keys.put(NOTE, b"not a note at all")
    with caplog.at_level(logging.WARNING):
        assert await checkpoint_now(house.kernel, WORKSPACE) == await at_head(house)
    assert "not this device's" in caplog.text
    assert outside(house) == await at_head(house)


async def test_a_note_of_another_workspace_is_not_taken_for_ours(house: House) -> None:
    notary = house.kernel.ports.get(Notary)
    house.keys.put(NOTE, notary.sign("ws_other", 99, bytes(32)).encode())
    assert await checkpoint_now(house.kernel, WORKSPACE) == await at_head(house)


def test_a_note_outside_that_is_no_text_is_said_to_be_damaged() -> None:
    port = MemoryKeys(b"seed", is_throw_away=True)
    port.unlock()
    notary = Notary.open(port)
    assert notary.outside(WORKSPACE) is None
    port.put(NOTE, b"\xff")
    with pytest.raises(Damaged, match="is damaged"):
        notary.outside(WORKSPACE)


# When.


async def test_the_end_of_a_run_is_signed(house: House) -> None:
    checkpointer = Checkpointer(house.kernel, [WORKSPACE])
    await checkpointer.look(WORKSPACE)
    assert outside(house) is None
    await whole_run(house, 1)
    await checkpointer.look(WORKSPACE)
    assert outside(house) == await at_head(house)
    await say(house)
    signed = outside(house)
    await checkpointer.look(WORKSPACE)
    assert outside(house) == signed


async def test_many_entries_without_a_run_are_signed(house: House) -> None:
    checkpointer = Checkpointer(house.kernel, [WORKSPACE])
    await say(house, EVERY - 1 - (await at_head(house)).size)
    await checkpointer.look(WORKSPACE)
    assert outside(house) is None
    await say(house)
    await checkpointer.look(WORKSPACE)
    assert outside(house) == await at_head(house)


async def test_quitting_signs_the_rest(house: House) -> None:
    checkpointer = Checkpointer(house.kernel, [WORKSPACE])
    await say(house)
    await checkpointer.close()
    assert outside(house) == await at_head(house)


async def test_a_running_checkpointer_signs_as_runs_end(house: House) -> None:
    kept = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Telling(MemoryKeys):
        def put(self, name: str, value: bytes) -> None:
            super().put(name, value)
            if name == NOTE:
                loop.call_soon_threadsafe(kept.set)

    keys = Telling(b"seed", is_throw_away=True)
    keys.unlock()
    house.kernel.ports.add(Notary, Notary.open(keys))
    task = asyncio.create_task(Checkpointer(house.kernel, [WORKSPACE], debounce_seconds=0).run())
    try:
        for _ in range(2):
            kept.clear()
            await whole_run(house, 1)
            async with asyncio.timeout(30):
                await kept.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    note = keys.get(NOTE)
    assert note is not None
    assert opened(house, note).size > 1


async def test_a_keyring_that_is_away_stops_nothing_and_is_said_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(MemoryKeys):
        def put(self, name: str, value: bytes) -> None:
            if name == NOTE:
                raise Unavailable("The keyring is away. Start it.")
            super().put(name, value)

    keys = Away(b"seed", is_throw_away=True)
    keys.unlock()
    house.kernel.ports.add(Notary, Notary.open(keys))
    checkpointer = Checkpointer(house.kernel, [WORKSPACE])
    for _ in range(2):
        await say(house)
        await checkpointer.close()
    (trouble,) = house.kernel.troubles.of(WORKSPACE)
    assert (trouble.part, trouble.sentence) == ("signing the journal", "The keyring is away. Start it.")
    assert caplog.text.count("The keyring is away") == 1
    assert (await inside(house))[-1] == await at_head(house)
    house.kernel.ports.add(Notary, Notary.open(house.keys))
    await say(house)
    await checkpointer.close()
    assert house.kernel.troubles.of(WORKSPACE) == ()


async def test_no_error_ends_the_following_of_the_journal(house: House) -> None:
    class Broken(Checkpointer):
        looks = 0

        async def look(self, workspace_id: str) -> int:
            self.looks += 1
            if self.looks == 1:
                raise KeyError("broken")
            seq = await super().look(workspace_id)
            if not house.kernel.troubles.of(workspace_id):
                again.set()
            return seq

    again = asyncio.Event()
    task = asyncio.create_task(Broken(house.kernel, [WORKSPACE], debounce_seconds=0).run())
    try:
        async with asyncio.timeout(30):
            while not house.kernel.troubles.of(WORKSPACE):
                await asyncio.sleep(0)
            await whole_run(house, 1)
            await again.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await inside(house), "it was signed after what went wrong"


async def test_a_checkpoint_that_comes_late_does_not_take_the_place_of_a_larger_one_outside(house: House) -> None:
    await say(house)
    await checkpoint_now(house.kernel, WORKSPACE)
    late = house.keys.get(NOTE)
    assert late is not None
    await say(house)
    await checkpoint_now(house.kernel, WORKSPACE)
    house.kernel.ports.get(Notary).keep(WORKSPACE, late.decode())
    assert outside(house) == await at_head(house)
    house.keys.put(NOTE, b"nobody signed this")
    house.kernel.ports.get(Notary).keep(WORKSPACE, late.decode())
    assert house.keys.get(NOTE) == late, "what this device never signed gives way to any checkpoint"
