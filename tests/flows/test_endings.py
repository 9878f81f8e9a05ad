"""How a run ends otherwise: cancelled while it waits, streams or acts; stopped with all others; at each of its limits."""

from __future__ import annotations

import asyncio

import pytest

from legate_core.agents.model import Limits
from legate_core.app import open_local
from legate_core.approvals.commands import ApproveAction
from legate_core.errors import Conflict, Invalid, NotFound
from legate_core.runs.commands import CancelRun, EraseRun, StartRun, StopEverything
from legate_core.runs.queries import Run, RunLog, Runs
from tests.fakes.model_server import Answer as Said
from tests.fakes.model_server import ModelServer, chunk
from tests.flows.story import ASK_THEN_END, SEND, Story, call, turn


async def test_a_run_cancelled_while_it_waits_withdraws_its_question(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(CancelRun(run_id))
    assert (await story.row(run_id)).status == "cancelled"
    assert await story.inbox() == []
    assert await story.tool_states(run_id) == ["withdrawn"]
    with pytest.raises(Conflict, match="withdrawn"):
        await story.answer(ApproveAction(asked.id))
    assert story.effects() == []


async def test_a_run_cancelled_during_the_hold_does_nothing(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    await story.answer(CancelRun(run_id))
    await story.later(6)
    assert (await story.row(run_id)).status == "cancelled"
    assert await story.tool_states(run_id) == ["withdrawn"]
    assert story.effects() == []


async def test_a_run_cancelled_while_the_model_speaks_closes_the_connection(story: Story) -> None:
    async with ModelServer(Said([chunk({"content": "I think"})], end="hang")) as server:
        model = {"provider": "openai_compatible", "base_url": server.base_url, "model": "fake-1"}
        agent_id = await story.publish(turn(0, "x"), model=model)
        run_id = await story.send(StartRun(agent_id, "Think."))
        async for tick in story.client.ticks(run_id):
            if tick.text:
                break
        await story.send(CancelRun(run_id))
        await asyncio.wait_for(server.left.wait(), 20)
        await story.settled()
    assert (await story.row(run_id)).status == "cancelled"
    assert [step.label for step in await story.log(run_id)] == ["cut off"]


async def test_a_start_waits_for_no_run_that_was_left_behind(story: Story) -> None:
    hanging = Said([chunk({"content": "I think"})], end="hang")
    async with ModelServer(hanging, hanging) as server:
        model = {"provider": "openai_compatible", "base_url": server.base_url, "model": "fake-1"}
        agent_id = await story.publish(turn(0, "x"), model=model)
        run_id = await story.send(StartRun(agent_id, "Think."))
        async for tick in story.client.ticks(run_id):
            if tick.text:
                break
        await story.end()
        core = await asyncio.wait_for(open_local(story.settings, clock=story.clock), 20)
        try:
            assert (await core.client.ask(Run(run_id))).row.status == "running"
            async for tick in core.client.ticks(run_id):
                if tick.text:
                    break
            await core.client.send(CancelRun(run_id))
            await core.settled()
            assert (await core.client.ask(Run(run_id))).row.status == "cancelled"
        finally:
            await core.close()


async def test_a_run_cancelled_while_a_tool_acts_is_seen_through_and_shown(story: Story) -> None:
    story.world.behave["world.send"] = "hang_after"
    run_id = await story.run(*ASK_THEN_END)
    await story.send(ApproveAction((await story.question()).id))
    await asyncio.wait_for(story.world.started.wait(), 20)
    await story.send(CancelRun(run_id))
    assert (await story.row(run_id)).status == "cancelled"
    (finished,) = await story.facts("run.finished")
    assert finished.body["open_actions"] == 1
    story.world.let_go.set()
    await story.settled()
    # The late report is accepted: what was done is shown as done, and the run stays cancelled.
    assert await story.tool_states(run_id) == ["confirmed"]
    assert (await story.row(run_id)).status == "cancelled"
    assert len(story.effects()) == 1


async def test_a_run_that_has_ended_cannot_be_cancelled_again(story: Story) -> None:
    run_id = await story.run(turn(0, "Nothing to do."))
    with pytest.raises(Conflict, match="already ended: succeeded"):
        await story.send(CancelRun(run_id))


async def test_stop_everything_stops_every_run_and_nothing_else_begins(story: Story) -> None:
    waiting = await story.run(*ASK_THEN_END)
    held = await story.run(*ASK_THEN_END)
    row = next(row for row in await story.inbox() if row.run_id == held)
    await story.answer(ApproveAction(row.id, hold_seconds=6))
    done = await story.run(turn(0, "Nothing to do."))
    assert await story.answer(StopEverything()) == 2
    await story.later(6)
    statuses = {run_id: row.status for run_id, row in (await story.rows(Runs())).items()}
    assert statuses == {waiting: "cancelled", held: "cancelled", done: "succeeded"}
    assert story.effects() == []


ENDLESS = [turn(at, "", call("world.look", text=f"page {at}")) for at in range(80)]
PRICE = {"input": "3", "output": "15"}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(steps=7), "limit of 7 steps"),
        (Limits(tokens=900), "limit of 900 tokens"),
    ],
)
async def test_a_limit_ends_the_run_early_and_says_which(story: Story, limits: Limits, reason: str) -> None:
    run_id = await story.run(*ENDLESS, limits=limits)
    row = await story.row(run_id)
    assert row.status == "ended_early"
    assert reason in row.reason
    assert 0 < row.steps <= 20


async def test_the_time_limit_counts_work_and_not_how_long_a_person_thinks(story: Story) -> None:
    run_id = await story.run(
        turn(0, "", SEND), turn(1, "", call("world.look")), turn(2, "Done."), limits=Limits(wall_clock_seconds=60)
    )
    await story.later(3600)
    await story.answer(ApproveAction((await story.question()).id))
    assert (await story.row(run_id)).status == "succeeded"


async def test_the_time_limit_ends_a_run_that_works_too_long(story: Story) -> None:
    story.world.on_act = lambda: story.clock.advance(61)
    run_id = await story.run(*ENDLESS, limits=Limits(wall_clock_seconds=60))
    row = await story.row(run_id)
    assert row.status == "ended_early"
    assert "time limit of 60 seconds" in row.reason
    assert row.steps == 2


async def test_money_is_set_aside_before_a_call_and_what_does_not_fit_is_not_spent(story: Story) -> None:
    model = {"provider": "scripted", "turns": list(ENDLESS), "price": PRICE, "max_tokens": 1000}
    run_id = await story.run(turn(0, "x"), model=model, limits=Limits(cost_micros=200_000))
    row = await story.row(run_id)
    assert (row.status, row.waiting_for) == ("waiting", "budget")
    assert "the run's money limit of $0.20" in row.reason
    assert 0 < row.cost_micros <= 200_000
    reserved = await story.facts("run.money_reserved")
    assert reserved[0].body["micros"] > 0


async def test_a_model_without_a_price_has_its_money_limit_refused(story: Story) -> None:
    model = {"provider": "openai_compatible", "base_url": "https://models.example/v1", "model": "fake-1"}
    run_id = await story.run(turn(0, "x"), model=model, limits=Limits(cost_micros=1_000_000))
    row = await story.row(run_id)
    assert row.status == "ended_early"
    assert "has no price" in row.reason


async def test_an_erased_run_stays_in_the_list_and_its_content_is_gone(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    story.prove()
    with pytest.raises(Conflict, match="still waiting"):
        await story.send(EraseRun(run_id))
    await story.answer(ApproveAction((await story.question()).id))
    await story.send(EraseRun(run_id))
    detail = await story.detail(run_id)
    assert (detail.is_erased, detail.task, detail.result) == (True, "", "")
    assert detail.row.status == "succeeded"
    assert run_id in await story.rows(Runs())
    assert all(step.detail == "" for step in (await story.rows(RunLog(run_id))).values())
    await story.restart()
    assert run_id in await story.rows(Runs())
    assert await story.inbox() == []


async def test_what_cannot_be_started_is_refused_with_a_reason(story: Story) -> None:
    agent_id = await story.publish(*ASK_THEN_END)
    with pytest.raises(Invalid, match="task is empty"):
        await story.send(StartRun(agent_id, " \n"))
    with pytest.raises(Invalid, match="64,000 characters"):
        await story.send(StartRun(agent_id, "x" * 64_001))
    with pytest.raises(NotFound, match="legate agents"):
        await story.send(StartRun("agt_nobody", "Do it."))
    assert await story.rows(Runs()) == {}
