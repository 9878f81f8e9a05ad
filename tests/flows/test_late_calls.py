"""A call that outlives its time is in doubt until it ends, and is never made a second time meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from legate_core.approvals.commands import ApproveAction
from legate_core.errors import Conflict
from legate_core.runs.doubt import SettleDoubt
from tests.flows.story import Story, call, turn

POST_THEN_END = (turn(0, "I post it.", call("world.post")), turn(1, "Posted."))


async def late(story: Story) -> tuple[str, str]:
    """A run whose call is still under way in a thread after its time was up, and the id of the action."""
    story.world.behave["world.post"] = "thread"
    story.world.change("world.post", timeout_seconds=0.05)
    run_id = await story.run(*POST_THEN_END)
    await story.answer(ApproveAction((await story.question()).id))
    (doubt,) = await story.doubts()
    return run_id, doubt.id


async def until_settled(story: Story, count: int) -> None:
    """Wait for so many outcomes in the journal, and for what follows from them."""
    async with asyncio.timeout(30):
        while len(await story.facts("action.settled")) < count:
            facts = await story.facts()
            await story.core.kernel.wake.wait(story.core.workspace_id, facts[-1].seq, 1)
    await story.settled()


async def test_what_happens_after_its_time_is_shown_as_happened(story: Story) -> None:
    run_id, action_id = await late(story)
    assert story.world.probes == 1
    assert await story.tool_states(run_id) == ["in_doubt"]
    with pytest.raises(Conflict, match="still under way"):
        await story.send(SettleDoubt(action_id, "do_it"))
    story.world.let_thread_go.set()
    await until_settled(story, 2)
    assert await story.tool_states(run_id) == ["confirmed"]
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_what_a_late_call_says_changes_nothing_that_a_person_settled(story: Story) -> None:
    run_id, action_id = await late(story)
    await story.answer(SettleDoubt(action_id, "give_up"))
    story.world.let_thread_go.set()
    ended = [task for task in asyncio.all_tasks() if task.get_name() == f"late call of {run_id}"]
    await asyncio.gather(*ended)
    await story.settled()
    assert len(ended) == 1
    assert await story.tool_states(run_id) == ["withdrawn"]
    assert (await story.row(run_id)).status == "succeeded"
