"""A verification tells how far it is to who watches it, and ends when they say so; everybody else is left alone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from legate_core.audit.queries import StopVerifying, VerifyJournal
from legate_core.audit.walks import Walk, Walks
from legate_core.errors import Conflict, Invalid
from legate_core.kernel.messages import Tick
from tests.core.audit.filling import fill
from tests.core.audit.house import House


async def heard(house: House, watch_id: str, ticks: list[Tick]) -> None:
    async with aclosing(house.kernel.listen(house.owner, watch_id)) as stream:
        async for tick in stream:
            ticks.append(tick)


async def test_progress_comes_as_ticks_under_the_id_that_was_chosen_and_ends_at_the_whole(house: House) -> None:
    await fill(house)
    ticks: list[Tick] = []
    listener = asyncio.create_task(heard(house, "vrf_mine", ticks))
    await asyncio.sleep(0)
    report = await house.ask(VerifyJournal(watch="vrf_mine"))
    await asyncio.sleep(0)
    listener.cancel()
    assert report.is_sound
    assert (ticks[-1].kind, ticks[-1].done, ticks[-1].total) == ("verifying", report.entries, report.entries)


async def test_an_id_is_free_again_when_its_verification_is_over(house: House) -> None:
    for _ in range(2):
        assert (await house.ask(VerifyJournal(watch="vrf_mine"))).entries > 0
    assert await house.send(StopVerifying("vrf_mine")) is False


async def test_a_stopped_verification_says_so_and_gives_no_verdict(house: House) -> None:
    await fill(house)
    walks = house.kernel.ports.get(Walks)
    begin = walks.begin

    def begin_stopped(watch_id: str) -> Walk:
        walk = begin(watch_id)
        assert walks.stop(watch_id)
        return walk

    walks.begin = begin_stopped  # type: ignore[method-assign] # the person presses Stop before the first batch is read
    with pytest.raises(Conflict, match="stopped"):
        await house.ask(VerifyJournal(watch="vrf_mine"))
    walks.begin = begin  # type: ignore[method-assign]
    assert (await house.ask(VerifyJournal(watch="vrf_mine"))).is_sound


async def test_stopping_reaches_the_one_that_is_named(house: House) -> None:
    walks = house.kernel.ports.get(Walks)
    mine, other = walks.begin("vrf_mine"), walks.begin("vrf_other")
    assert await house.send(StopVerifying("vrf_mine")) is True
    other(1, 2)
    with pytest.raises(Conflict):
        mine(1, 2)


async def test_two_verifications_cannot_share_an_id_and_an_id_is_short(house: House) -> None:
    walks = house.kernel.ports.get(Walks)
    walks.begin("vrf_mine")
    with pytest.raises(Conflict):
        await house.ask(VerifyJournal(watch="vrf_mine"))
    with pytest.raises(Invalid):
        await house.ask(VerifyJournal(watch="vrf_" + "x" * 77))
