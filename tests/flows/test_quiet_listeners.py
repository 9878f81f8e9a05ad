"""A live query that nobody's facts concern sleeps while others are written."""

from __future__ import annotations

import asyncio

import pytest

from legate_core.agents.commands import Agents
from legate_core.kernel.wake import Wake
from tests.flows.story import SEND, Story, turn


async def test_a_listener_whom_nothing_concerns_is_not_woken_again_for_what_it_has_read(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.run(turn(0, "Kim asked where the parcel is.", SEND))
    kernel, owner = story.core.kernel, story.core.owner
    snapshot = await kernel.snapshot(owner, Agents())
    waits: list[int] = []
    wait = Wake.wait

    async def watched(self: Wake, workspace_id: str, after: int, timeout_seconds: float | None = None) -> None:
        waits.append(after)
        await wait(self, workspace_id, after, timeout_seconds)

    # From a cursor of long ago, as a window has that was opened before the run began.
    events = kernel.events(owner, Agents(), "0")
    async for delivery in events:
        assert {event.name.partition(".")[0] for event in delivery.events} == {"agent"}
        if int(delivery.cursor) <= int(snapshot.cursor):
            break
    monkeypatch.setattr(Wake, "wait", watched)
    reading = asyncio.ensure_future(anext(aiter(events)))
    while not waits:
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert waits == [kernel.wake.known(owner.workspace_id)]
