"""The pump runs reactors for what it is told, and looks by itself for what nobody told it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

from legate_core.kernel import reactors
from legate_core.kernel.reactors import REACTORS, Pump, Reactor
from legate_core.kernel.troubles import Troubles

HEARS = Reactor("test.hears", frozenset({"run.stepped"}), lambda ctx, fact: None)


async def test_a_fact_that_nobody_announced_is_looked_for_before_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactors, "SWEEP_SECONDS", 0.01)
    monkeypatch.setitem(REACTORS, HEARS.name, HEARS)
    ran: Counter[tuple[str, str]] = Counter()
    looked_again = asyncio.Event()

    async def run(workspace_id: str, reactor: Reactor) -> bool:
        ran[workspace_id, reactor.name] += 1
        if ran["ws_1", HEARS.name] == 3:
            looked_again.set()
        return False

    pump = Pump(run, Troubles(lambda: 0))
    pump.hear("ws_1", frozenset({"run.stepped"}))
    pumping = asyncio.ensure_future(pump.pump())
    try:
        async with asyncio.timeout(5):
            await looked_again.wait()
    finally:
        pumping.cancel()
        with suppress(asyncio.CancelledError):
            await pumping
    assert {workspace_id for workspace_id, _ in ran} == {"ws_1"}
