"""What nobody saw the end of: Legate dies between intent and outcome, and nothing is ever repeated by itself."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.queries import DecidedApprovals
from legate_core.errors import Conflict, NotFound
from legate_core.policy.commands import AddRule
from legate_core.policy.model import Rule
from legate_core.runs.commands import CancelRun, EraseRun
from legate_core.runs.doubt import DoubtAnswer, DoubtCard, SettleDoubt
from tests.fakes.world import Behaviour, ProbeBehaviour
from tests.flows.story import ASK_THEN_END, Story, call, turn

POST_THEN_END = (turn(0, "I post it.", call("world.post")), turn(1, "Posted."))


async def test_a_waiting_run_survives_a_restart_and_goes_on_once(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.restart()
    assert (await story.question()).id == asked.id
    assert (await story.row(run_id)).status == "waiting"
    await story.answer(ApproveAction(asked.id))
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_an_answer_given_just_before_the_end_is_acted_on_after_the_restart(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    # The transport stops first, as when the process dies right after the commit of the answer.
    await story.core.transport.close()
    await story.send(ApproveAction((await story.question()).id))
    await story.restart()
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def _die_while_acting(story: Story, behaviour: Behaviour, *turns: object) -> str:
    """A run whose call was dispatched when Legate died; `behaviour` says whether the effect had happened by then."""
    tool = "world.post" if turns == POST_THEN_END else "world.send"
    story.world.behave[tool] = behaviour
    run_id = await story.run(*turns)  # type: ignore[arg-type]
    await story.send(ApproveAction((await story.question()).id))
    await asyncio.wait_for(story.world.started.wait(), 20)
    story.world.behave[tool] = "act"
    return run_id


@pytest.mark.parametrize("behaviour", ["hang", "hang_after"])
async def test_a_call_on_its_way_when_legate_died_is_in_doubt_and_not_repeated(
    story: Story, behaviour: Behaviour
) -> None:
    run_id = await _die_while_acting(story, behaviour, *ASK_THEN_END)
    happened = len(story.effects())
    await story.restart()
    row = await story.row(run_id)
    assert row.status == "in_doubt"
    (doubt,) = await story.doubts()
    card = await story.ask(DoubtCard(doubt.id))
    assert "may have happened" in card.card.asked_because
    assert card.permitted
    for _ in range(2):
        await story.restart()
        await story.later(3600)
    assert len(story.effects()) == happened
    assert (await story.row(run_id)).status == "in_doubt"


@pytest.mark.parametrize(
    ("answer", "behaviour", "state", "effects", "status"),
    [
        ("happened", "hang_after", "confirmed", 1, "succeeded"),
        ("do_it", "hang", "confirmed", 1, "succeeded"),
        ("give_up", "hang", "withdrawn", 0, "succeeded"),
        ("give_up", "hang_after", "withdrawn", 1, "succeeded"),
    ],
)
async def test_a_person_settles_a_doubt_and_the_run_goes_on(
    story: Story, answer: DoubtAnswer, behaviour: Behaviour, state: str, effects: int, status: str
) -> None:
    run_id = await _die_while_acting(story, behaviour, *ASK_THEN_END)
    await story.restart()
    (doubt,) = await story.doubts()
    await story.answer(SettleDoubt(doubt.id, answer))
    assert await story.tool_states(run_id) == [state]
    assert len(story.effects()) == effects
    assert (await story.row(run_id)).status == status
    assert await story.doubts() == []
    with pytest.raises(Conflict, match="not in doubt"):
        await story.answer(SettleDoubt(doubt.id, "do_it"))
    assert len(story.effects()) == effects


async def test_every_answer_to_a_doubt_has_its_story() -> None:
    assert set(get_args(DoubtAnswer)) == {"happened", "do_it", "give_up"}


async def test_doing_it_again_needs_a_yes_of_its_own(story: Story) -> None:
    await _die_while_acting(story, "hang", *ASK_THEN_END)
    await story.restart()
    (doubt,) = await story.doubts()
    await story.answer(SettleDoubt(doubt.id, "do_it"))
    spent = await story.facts("approval.spent")
    assert len({fact.body["approval_id"] for fact in spent}) == len(spent) == 2
    # Both are answers of a person that the journal knows of.
    decided = await story.facts("approval.decided")
    assert [fact.body["approval_id"] for fact in decided] == [fact.body["approval_id"] for fact in spent]
    assert [fact.body["attempt"] for fact in await story.facts("action.dispatched")] == [1, 2]


async def test_doing_again_what_a_rule_had_allowed_needs_a_yes_as_well(story: Story) -> None:
    story.prove()
    await story.send(
        AddRule(Rule(id="", name="Write to Kim", verdict="allow", tools=("world.send",), always=True, words="Go on."))
    )
    story.world.behave["world.send"] = "raise"
    run_id = await story.run(*ASK_THEN_END)
    story.world.behave["world.send"] = "act"
    (doubt,) = await story.doubts()
    assert await story.facts("approval.spent") == [], "the rule allowed it, and nobody was asked"
    await story.answer(SettleDoubt(doubt.id, "do_it"))
    assert await story.tool_states(run_id) == ["confirmed"]
    assert len(story.effects()) == 1
    (decided,) = await story.facts("approval.decided")
    (spent,) = await story.facts("approval.spent")
    assert spent.body["approval_id"] == decided.body["approval_id"]
    (row,) = (await story.rows(DecidedApprovals())).values()
    assert (row.id, row.state, row.title) == (decided.body["approval_id"], "approved", doubt.title)


@pytest.mark.parametrize(("behaviour", "state", "effects"), [("hang_after", "confirmed", 1), ("hang", "failed", 0)])
async def test_where_the_other_side_can_be_asked_the_doubt_settles_itself(
    story: Story, behaviour: Behaviour, state: str, effects: int
) -> None:
    run_id = await _die_while_acting(story, behaviour, *POST_THEN_END)
    await story.restart()
    assert story.world.probes == 1
    assert await story.doubts() == []
    assert await story.tool_states(run_id) == [state]
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == effects


@pytest.mark.parametrize("probing", ["unknown", "raise"])
async def test_a_probe_that_does_not_know_leaves_the_doubt_to_a_person(story: Story, probing: ProbeBehaviour) -> None:
    run_id = await _die_while_acting(story, "hang_after", *POST_THEN_END)
    story.world.probing = probing
    await story.restart()
    assert (await story.row(run_id)).status == "in_doubt"
    assert len(await story.doubts()) == 1
    assert len(story.effects()) == 1


async def test_a_doubt_of_a_cancelled_run_is_still_shown_and_settled(story: Story) -> None:
    run_id = await _die_while_acting(story, "hang_after", *ASK_THEN_END)
    await story.send(CancelRun(run_id))
    await story.restart()
    assert (await story.row(run_id)).status == "cancelled"
    (doubt,) = await story.doubts()
    with pytest.raises(Conflict, match="cannot be done any more"):
        await story.answer(SettleDoubt(doubt.id, "do_it"))
    await story.answer(SettleDoubt(doubt.id, "happened"))
    assert await story.tool_states(run_id) == ["confirmed"]
    assert (await story.row(run_id)).status == "cancelled"
    assert len(story.effects()) == 1


async def test_a_run_with_a_doubt_keeps_its_content_until_the_doubt_is_settled(story: Story) -> None:
    run_id = await _die_while_acting(story, "hang_after", *ASK_THEN_END)
    await story.send(CancelRun(run_id))
    await story.restart()
    story.prove()
    with pytest.raises(Conflict, match="in doubt"):
        await story.send(EraseRun(run_id))
    (doubt,) = await story.doubts()
    await story.answer(SettleDoubt(doubt.id, "happened"))
    await story.send(EraseRun(run_id))
    assert (await story.detail(run_id)).is_erased
    assert await story.doubts() == []


async def test_a_read_that_was_cut_off_is_simply_done_again(story: Story) -> None:
    story.world.behave["world.look"] = "hang"
    run_id = await story.begin_run(turn(0, "I look.", call("world.look")), turn(1, "Seen."))
    await asyncio.wait_for(story.world.started.wait(), 20)
    story.world.behave["world.look"] = "act"
    await story.restart()
    assert await story.tool_states(run_id) == ["confirmed"]
    assert (await story.row(run_id)).status == "succeeded"


async def test_what_is_not_in_doubt_cannot_be_settled(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    with pytest.raises(NotFound, match="legate doubt"):
        await story.answer(SettleDoubt("act_nobody", "happened"))
    with pytest.raises(Conflict, match="it is waiting"):
        await story.answer(SettleDoubt((await story.question()).action_id, "happened"))
    assert (await story.row(run_id)).status == "waiting"
