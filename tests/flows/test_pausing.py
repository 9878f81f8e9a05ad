"""A paused workspace: nothing begins, nothing goes on, nothing is lost, and one word lets it all go on where it was."""

from __future__ import annotations

import asyncio

from legate_core.approvals.commands import ApproveAction
from legate_core.policy.commands import AddRule, DeleteRule
from legate_core.policy.model import Rule
from legate_core.runs.model import WaitingFor
from legate_core.runs.pausing import PauseRuns, PauseState, ResumeRuns, RunsPause
from tests.flows.story import ASK_THEN_END, Story, call, turn

THREE_LOOKS = (
    turn(0, "", call("world.look", text="page 1"), call("world.look", text="page 2")),
    turn(1, "", call("world.look", text="page 3")),
    turn(2, "All pages are read."),
)


async def _pause(story: Story) -> PauseState:
    return (await story.rows(RunsPause()))["runs"]


async def test_what_is_started_while_runs_are_paused_begins_when_they_are_resumed(story: Story) -> None:
    await story.answer(PauseRuns())
    run_id = await story.run(*ASK_THEN_END)
    assert (await story.row(run_id)).status == "ready"
    assert await story.log(run_id) == []
    await story.answer(ResumeRuns())
    assert (await story.row(run_id)).waiting_for == "approval"


async def test_a_run_that_is_running_stops_before_its_next_step_and_goes_on_from_there(story: Story) -> None:
    story.world.behave["world.look"] = "hang_after"
    run_id = await story.begin_run(*THREE_LOOKS)
    await asyncio.wait_for(story.world.started.wait(), 20)
    await story.send(PauseRuns())
    story.world.let_go.set()
    await story.settled()
    row = await story.row(run_id)
    assert (row.status, row.waiting_for) == ("waiting", WaitingFor.PAUSE.value)
    assert await story.tool_states(run_id) == ["confirmed", "ready"], (
        "what was on its way is seen through, and only that"
    )
    await story.answer(ResumeRuns())
    assert (await story.row(run_id)).status == "succeeded"
    assert await story.tool_states(run_id) == ["confirmed"] * 3


async def test_an_approved_action_waits_for_the_end_of_the_pause_even_over_a_restart(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(PauseRuns())
    assert (await story.row(run_id)).waiting_for == "approval", "a question stays a question"
    await story.answer(ApproveAction((await story.question()).id))
    assert story.effects() == []
    await story.restart()
    assert story.effects() == []
    assert (await _pause(story)).is_paused
    await story.answer(ResumeRuns())
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_a_pause_says_since_when_and_by_whom_and_pausing_twice_is_one_fact(story: Story) -> None:
    assert await _pause(story) == PauseState(False)
    await story.send(ResumeRuns())
    await story.send(PauseRuns())
    since = story.clock.now()
    story.clock.advance(60)
    await story.send(PauseRuns())
    assert await _pause(story) == PauseState(True, since, story.core.owner.id)
    await story.send(ResumeRuns())
    assert await _pause(story) == PauseState(False)
    assert [fact.name for fact in await story.facts("runs.paused", "runs.resumed")] == ["runs.paused", "runs.resumed"]


async def test_a_run_that_a_crash_left_running_is_recovered_and_then_held(story: Story) -> None:
    story.world.behave["world.send"] = "hang_after"
    run_id = await story.run(*ASK_THEN_END)
    await story.send(ApproveAction((await story.question()).id))
    await asyncio.wait_for(story.world.started.wait(), 20)
    await story.send(PauseRuns())
    await story.restart()
    assert (await story.row(run_id)).status == "in_doubt", "what may have happened goes to a person all the same"
    assert len(story.effects()) == 1


async def test_a_call_whose_rule_was_taken_away_meanwhile_does_not_run(story: Story) -> None:
    story.prove()
    allowing = Rule("", "Kim's parcels", "allow", tools=("world.send",), ends_at=story.clock.now() + 3_600_000)
    rule_id = await story.send(AddRule(allowing))
    story.world.behave["world.send"] = "hang"
    sends = (call("world.send", "kim@example.com", "one"), call("world.send", "bob@example.com", "two"))
    run_id = await story.begin_run(turn(0, "Two letters.", *sends), turn(1, "One of two."))
    await asyncio.wait_for(story.world.started.wait(), 20)
    await story.send(PauseRuns())
    story.world.let_go.set()
    await story.settled()
    assert await story.tool_states(run_id) == ["confirmed", "ready"]
    story.prove()
    await story.send(DeleteRule(rule_id))
    await story.answer(ResumeRuns())
    assert await story.tool_states(run_id) == ["confirmed", "denied"]
    assert [values["to"] for _, values in story.effects()] == ["kim@example.com"]
    assert "does not allow it any more" in (await story.observed(run_id))[1]
