"""Faults of the engine itself: they end one run with its reason, and stop neither the sweep nor anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from legate_core.approvals.commands import ApproveAction
from legate_core.errors import Invalid, Unavailable
from legate_core.runs import transport
from legate_core.runs.executor import Executor
from legate_core.runs.troubles import EngineTroubles
from tests.flows.story import ASK_THEN_END, Story, turn

DONE = (turn(0, "Nothing to do."),)
Break = Callable[..., list[BaseException]]


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Makes a part of the engine raise, for so many times; the list says how often it did."""

    def break_it(owner: Any, name: str, error: BaseException, times: int = 1_000) -> list[BaseException]:
        raised: list[BaseException] = []
        whole = getattr(owner, name)

        async def broken(*arguments: Any, **more: Any) -> Any:
            if len(raised) < times:
                raised.append(error)
                raise error
            return await whole(*arguments, **more)

        monkeypatch.setattr(owner, name, broken)
        return raised

    return break_it


async def parts(story: Story) -> list[str]:
    return [trouble.part for trouble in await story.ask(EngineTroubles())]


async def until_it_ends(story: Story, run_id: str) -> None:
    for _ in range(transport.ATTEMPTS + 1):
        await story.later(transport.SWEEP_SECONDS)
    assert await parts(story) == []
    assert (await story.row(run_id)).finished_at


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (KeyError("secret"), "fault of the engine (KeyError)"),
        (Invalid("The folder is gone. Choose one."), "Choose one."),
    ],
)
async def test_a_fault_that_stays_ends_the_run_with_its_reason(
    story: Story, fault: Break, error: Exception, says: str
) -> None:
    raised = fault(Executor, "_step", error)
    run_id = await story.run(*DONE)
    assert (await story.row(run_id)).status == "running"
    assert await parts(story) == [f"run {run_id}"]
    await until_it_ends(story, run_id)
    row = await story.row(run_id)
    assert (row.status, len(raised)) == ("failed", transport.ATTEMPTS)
    assert says in row.reason
    assert "secret" not in row.reason


async def test_a_fault_that_passes_is_gone_after_the_next_try(story: Story, fault: Break) -> None:
    fault(Executor, "_step", KeyError("once"), times=1)
    run_id = await story.run(*DONE)
    await story.later(transport.SWEEP_SECONDS)
    assert (await story.row(run_id)).status == "succeeded"
    assert await parts(story) == []


async def test_a_run_that_cannot_even_be_claimed_is_ended_as_well(story: Story, fault: Break) -> None:
    fault(Executor, "_claim", KeyError("broken"))
    run_id = await story.run(*DONE)
    assert (await story.row(run_id)).status == "ready"
    await until_it_ends(story, run_id)
    assert (await story.row(run_id)).status == "failed"


async def test_what_is_away_is_waited_for_and_ends_no_run(story: Story, fault: Break) -> None:
    raised = fault(Executor, "_step", Unavailable("The disk is full. Free some."), times=transport.ATTEMPTS + 2)
    run_id = await story.run(*DONE)
    for _ in range(transport.ATTEMPTS + 2):
        (trouble,) = await story.ask(EngineTroubles())
        assert trouble.sentence == "The disk is full. Free some."
        await story.later(transport.SWEEP_SECONDS)
    assert len(raised) == transport.ATTEMPTS + 2
    assert (await story.row(run_id)).status == "succeeded"


async def test_a_call_on_its_way_when_its_run_is_given_up_is_in_doubt_and_not_repeated(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = await story.run(*ASK_THEN_END)

    async def lose(*_: Any, **__: Any) -> Any:
        raise KeyError("lost")

    # From the outcome on nothing works: the effect has happened, and nobody could write so.
    story.world.on_act = lambda: monkeypatch.setattr(Executor, "_change", lose)
    await story.answer(ApproveAction((await story.question()).id))
    monkeypatch.setattr(Executor, "_step", lose)
    await until_it_ends(story, run_id)
    assert (await story.row(run_id)).status == "failed"
    assert await story.tool_states(run_id) == ["in_doubt"]
    assert len(await story.doubts()) == 1
    assert len(story.effects()) == 1


async def test_no_error_ends_the_sweep_and_each_part_of_it_stands_alone(story: Story, fault: Break) -> None:
    fault(transport.Transport, "_expire", KeyError("broken"), times=1)
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    await story.later(6)
    assert (await story.row(run_id)).status == "succeeded", "what is due is woken though the expiry failed"
    await story.later(transport.SWEEP_SECONDS)
    assert await parts(story) == []
