"""Going on from a past step: what was done is told again and not done again, and what was done after it is asked again."""

from __future__ import annotations

import pytest

from legate_core.agents.model import Limits
from legate_core.approvals.commands import ApproveAction, RejectAction
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import Kind
from legate_core.errors import Conflict, Invalid
from legate_core.policy.commands import AddRule
from legate_core.policy.model import Rule
from legate_core.runs.branch import NOT_RUN, ForkRun, RetryRun
from legate_core.runs.commands import CancelRun, EraseRun
from legate_core.runs.step import Step
from tests.flows.story import SEND, Story, call, turn

LOOK = call("world.look")
TWO_SENDS = (
    turn(0, "I look first.", LOOK),
    turn(1, "Now I write to Kim.", SEND),
    turn(2, "And to Lee.", call("world.send", to="lee@example.com")),
    turn(3, "Both know."),
)


async def broken(story: Story) -> list[str]:
    """What verifying finds wrong with the journal, but for checkpoints, which nobody has written yet."""
    findings = (await story.ask(VerifyJournal())).findings
    return [finding.sentence for finding in findings if finding.kind is not Kind.NO_CHECKPOINT]


async def _answer_all(story: Story, *, until: int = 20) -> None:
    for _ in range(until):
        waiting = await story.inbox()
        if not waiting:
            return
        await story.answer(ApproveAction(waiting[0].id))


async def test_a_fork_takes_over_what_was_done_and_asks_again_for_the_rest(story: Story) -> None:
    first = await story.run(*TWO_SENDS)
    await _answer_all(story)
    assert len(story.effects()) == 2

    # Steps: reply, look, reply, send to Kim, reply, send to Lee, answer. From the fifth on it is done anew.
    fork = await story.send(ForkRun(first, 4))
    await story.settled()
    row = await story.row(fork)
    assert (row.origin_run_id, row.origin_steps, row.status) == (first, 4, "waiting")
    taken = (await story.log(fork))[:4]
    assert [(step.kind, step.state) for step in taken] == [
        ("model", "done"),
        ("tool", "confirmed"),
        ("model", "done"),
        ("tool", "confirmed"),
    ]
    assert taken[3].detail == (await story.log(first))[3].detail
    assert sum(step.input_tokens + step.cost_micros for step in taken) == 0

    # What it took over it does not do again; what it does is asked, under a key of its own.
    assert len(story.effects()) == 2
    assert (await story.question()).title.endswith("lee@example.com")
    await _answer_all(story)
    assert [arguments["to"] for _, arguments in story.effects()] == [
        "kim@example.com",
        "lee@example.com",
        "lee@example.com",
    ]
    assert max(story.world.counts.values()) == 1
    assert ((await story.row(fork)).status, (await story.detail(fork)).result) == ("succeeded", "Both know.")
    assert await broken(story) == []


async def test_a_rule_that_allowed_it_then_does_not_let_it_happen_a_second_time_unasked(story: Story) -> None:
    story.prove()
    await story.send(
        AddRule(Rule(id="", name="Write to Kim", verdict="allow", tools=("world.send",), always=True, words="Go on."))
    )
    first = await story.run(*TWO_SENDS)
    assert len(story.effects()) == 2
    fork = await story.send(ForkRun(first, 2))
    await story.settled()
    assert len(story.effects()) == 2
    card = await story.card()
    assert "asked again" in card.card.asked_because
    await _answer_all(story)
    assert (await story.row(fork)).status == "succeeded"

    # A fork of the fork knows what the first run did as well, and what neither did is not asked.
    again = await story.send(ForkRun(fork, 2))
    await story.settled()
    assert (await story.row(again)).status == "waiting"


async def test_words_of_a_person_are_put_before_the_model_and_are_the_persons_own(story: Story) -> None:
    run = await story.run(
        turn(0, "Which one?"), turn(1, "", call("world.note", to="lee@example.com")), turn(2, "Noted.")
    )
    assert (await story.row(run)).status == "succeeded"
    fork = await story.send(ForkRun(run, 1, say="Note hello for lee@example.com."))
    await story.settled()
    steps = await story.log(fork)
    assert [step.kind for step in steps] == ["model", "person", "model", "tool"]
    assert steps[1].detail == "Note hello for lee@example.com."
    seen = (await story.ask(Step(fork, 2))).context
    assert [message.role for message in seen] == ["system", "user", "assistant", "user"]
    assert seen[-1].text == "Note hello for lee@example.com."
    origins = {argument.path: argument.origin_kind for argument in (await story.card()).card.arguments}
    assert origins["to"] == "person"


async def test_words_after_calls_that_were_not_made_tell_the_model_that_they_were_not(story: Story) -> None:
    run = await story.run(turn(0, "I write.", SEND), turn(1, "As you wish."))
    fork = await story.send(ForkRun(run, 1, say="Do not write, just say hello."))
    await story.settled()
    steps = await story.log(fork)
    assert [(step.kind, step.detail) for step in steps][1:3] == [
        ("tool", NOT_RUN),
        ("person", "Do not write, just say hello."),
    ]
    assert (await story.row(fork)).status == "succeeded"
    assert story.effects() == []


async def test_a_retry_goes_on_at_the_call_that_was_lost(story: Story) -> None:
    run = await story.run(*TWO_SENDS)
    with pytest.raises(Conflict, match="has not ended"):
        await story.send(RetryRun(run))
    await story.answer(CancelRun(run))
    retry = await story.send(RetryRun(run))
    await story.settled()
    assert (await story.row(retry)).origin_steps == 3
    await _answer_all(story)
    assert (await story.row(retry)).status == "succeeded"
    assert len(story.effects()) == 2


async def test_a_retry_after_broken_replies_asks_the_model_again(story: Story) -> None:
    run = await story.run(turn(0, "I look.", LOOK), turn(1, fault="refused"), turn(2, "Done."))
    assert (await story.row(run)).status == "failed"
    retry = await story.send(RetryRun(run))
    assert (await story.row(retry)).origin_steps == 2


async def test_a_retry_of_what_went_well_takes_the_last_turn_anew(story: Story) -> None:
    run = await story.run(turn(0, "I look.", LOOK), turn(1, "Done."))
    retry = await story.send(RetryRun(run))
    await story.settled()
    row = await story.row(retry)
    assert (row.origin_steps, row.status, row.steps) == (2, "succeeded", 3)


async def test_steps_that_were_taken_over_count_for_no_limit(story: Story) -> None:
    turns = (turn(0, "", LOOK), turn(1, "", LOOK), turn(2, "", LOOK), turn(3, "Done."))
    run = await story.run(*turns, limits=Limits(steps=5))
    assert (await story.row(run)).status == "ended_early"
    fork = await story.send(ForkRun(run, 4))
    await story.settled()
    assert (await story.row(fork)).status == "succeeded"


async def test_nothing_goes_on_from_what_is_open_erased_or_not_there(story: Story) -> None:
    run = await story.run(*TWO_SENDS)
    for step, error, words in ((4, Conflict, "still open"), (99, Invalid, "has the steps")):
        with pytest.raises(error, match=words):
            await story.send(ForkRun(run, step))
    await story.answer(RejectAction((await story.question()).id, stop=True))
    story.prove()
    await story.send(EraseRun(run))
    with pytest.raises(Conflict, match="erased"):
        await story.send(ForkRun(run, 2))


async def test_the_content_is_sealed_under_the_new_runs_own_key(story: Story) -> None:
    run = await story.run(*TWO_SENDS)
    await story.answer(CancelRun(run))
    fork = await story.send(ForkRun(run, 2))
    await story.settled()
    story.prove()
    await story.send(EraseRun(run))
    assert (await story.log(run))[1].detail == ""
    assert "kim@example.com" in (await story.log(fork))[1].detail
    await story.answer(CancelRun(fork))
    assert await broken(story) == []
