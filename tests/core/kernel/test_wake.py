"""Wake-ups reach who waits for such facts, miss nobody who looked a moment ago, and leave the others asleep."""

from __future__ import annotations

import asyncio

import pytest

from legate_core.kernel.wake import Wake

STEPS, QUESTIONS = frozenset({"run.stepped"}), frozenset({"approval.requested"})


async def is_woken(waiting: asyncio.Task[None]) -> bool:
    """Whether it ended, once everything that is due has run."""
    for _ in range(5):
        await asyncio.sleep(0)
    return waiting.done()


@pytest.mark.parametrize(
    ("hears", "woken"), [(None, True), (STEPS, True), (STEPS | QUESTIONS, True), (QUESTIONS, False)]
)
async def test_a_fact_wakes_who_hears_its_name(hears: frozenset[str] | None, woken: bool) -> None:
    wake = Wake()
    waiting = asyncio.ensure_future(wake.wait("ws_1", 0, hears=hears))
    assert not await is_woken(waiting)
    wake.notify("ws_1", 1, STEPS)
    assert await is_woken(waiting) is woken
    waiting.cancel()


async def test_another_workspace_wakes_nobody() -> None:
    wake = Wake()
    waiting = asyncio.ensure_future(wake.wait("ws_1", 0))
    wake.notify("ws_2", 1, STEPS)
    assert not await is_woken(waiting)
    waiting.cancel()


async def test_what_came_between_the_look_and_the_wait_is_not_missed() -> None:
    wake = Wake()
    wake.notify("ws_1", 7, STEPS)
    wake.notify("ws_1", 8, QUESTIONS)
    assert wake.known("ws_1") == 8
    await asyncio.wait_for(wake.wait("ws_1", 7), 1)
    await asyncio.wait_for(wake.wait("ws_1", 6, hears=STEPS), 1)
    asleep = asyncio.ensure_future(wake.wait("ws_1", 7, hears=STEPS))
    assert not await is_woken(asleep)
    asleep.cancel()


async def test_a_wake_up_that_comes_late_takes_nothing_back() -> None:
    wake = Wake()
    wake.notify("ws_1", 8, STEPS)
    wake.notify("ws_1", 7, STEPS)
    assert wake.known("ws_1") == 8
    await asyncio.wait_for(wake.wait("ws_1", 7, hears=STEPS), 1)


async def test_who_gave_up_leaves_nothing_behind() -> None:
    wake = Wake()
    await wake.wait("ws_1", 0, 0.001)
    waiting = asyncio.ensure_future(wake.wait("ws_1", 0))
    assert not await is_woken(waiting)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not any(wake._waiting.values())


async def test_who_is_ended_just_as_it_is_woken_ends() -> None:
    wake = Wake()
    waiting = asyncio.ensure_future(wake.wait("ws_1", 0, 60))
    assert not await is_woken(waiting)
    wake.notify("ws_1", 1, STEPS)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
