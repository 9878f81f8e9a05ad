"""A call that outlives its time: it is not believed that it did not happen while it still may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from legate_core.actions import effect
from legate_core.actions.effect import UnderWay, perform
from legate_core.actions.model import Action, ActionState, Dispatch, Result
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Invocation
from tests.fakes.world import SPECS, Behaviour, World

ARGUMENTS = {"to": "kim", "text": "hello"}


class Place:
    """A world whose tools have a moment only, and the calls that outlived it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.under_way = UnderWay()

    def dispatch(self, tool: str) -> Dispatch:
        spec = SPECS[tool]
        action = Action(
            "act_1", "run_1", "c1", 0, ActionState.DISPATCHED, tool, spec.effect, "", "1", "", 1, "", ARGUMENTS,
            "allow", "", 0, 1, None,
        )  # fmt: skip
        return Dispatch(action, Invocation(action.id, action.run_id, ARGUMENTS, "key"))

    async def call(self, tool: str, behaviour: Behaviour) -> Result:
        self.world.behave[tool] = behaviour
        self.world.change(tool, timeout_seconds=0.02)
        return await perform(Catalog(self.world.tools()), self.dispatch(tool), self.under_way)

    async def end(self, tool: str) -> Result | None:
        (found,) = [one for one in self.world.tools() if one.spec.name == tool]
        return await self.under_way.end(found, self.dispatch(tool))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    found = Place(World(tmp_path / "world"))
    yield found
    found.world.let_thread_go.set()


async def test_an_effect_in_a_thread_is_in_doubt_while_it_may_still_happen(place: Place) -> None:
    result = await place.call("world.post", "thread")
    assert place.world.probes == 1
    assert result.state is ActionState.IN_DOUBT, "the probe said that it had not happened, and then it did"
    assert "may happen yet" in result.outcome["content"]
    assert "act_1" in place.under_way
    place.world.let_thread_go.set()
    result = await place.end("world.post")
    assert result is not None
    assert (result.state, result.by) == (ActionState.CONFIRMED, "worker")
    assert len(place.world.happened) == 1
    assert "act_1" not in place.under_way


async def test_a_late_call_that_failed_cleanly_did_not_happen(place: Place) -> None:
    assert (await place.call("world.send", "thread_fails")).state is ActionState.IN_DOUBT
    place.world.let_thread_go.set()
    result = await place.end("world.send")
    assert result is not None
    assert result.state is ActionState.FAILED
    assert place.world.happened == []


async def test_an_effect_that_happened_is_settled_by_the_other_side_though_it_is_under_way(place: Place) -> None:
    result = await place.call("world.post", "hang_after")
    assert (result.state, result.by) == (ActionState.CONFIRMED, "probe")


async def test_an_effect_that_comes_within_its_grace_is_taken_as_it_comes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effect, "GRACE_SECONDS", 60.0)
    place.world.change("world.send", timeout_seconds=30.0)
    place.world.behave["world.send"] = "hang"
    waited: list[float | None] = []
    wait = asyncio.wait

    async def at_once(calls: set[asyncio.Task[object]], *, timeout: float | None = None) -> object:
        waited.append(timeout)
        place.world.let_go.set()
        return await wait(calls)

    monkeypatch.setattr(effect.asyncio, "wait", at_once)
    result = await perform(Catalog(place.world.tools()), place.dispatch("world.send"), place.under_way)
    assert result.state is ActionState.CONFIRMED
    assert waited == [60.0], "its own time once more, for the grace is never longer"


async def test_a_read_whose_time_is_up_is_cut_off_and_leaves_nothing(place: Place) -> None:
    result = await place.call("world.look", "hang")
    assert result.state is ActionState.FAILED
    assert "act_1" not in place.under_way


async def test_an_effect_that_broke_has_ended_so_that_the_other_side_is_believed(place: Place) -> None:
    result = await place.call("world.post", "raise")
    assert (result.state, result.by) == (ActionState.FAILED, "probe")


async def test_a_late_call_that_never_ends_is_let_go_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect, "LATE_SECONDS", 0.02)
    await place.call("world.send", "hang")
    assert await place.end("world.send") is None
    assert "act_1" not in place.under_way
