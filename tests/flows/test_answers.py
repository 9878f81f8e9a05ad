"""Every answer a person can give, and what follows from it; with the hold, the undo and the expiry."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime

import pytest

from legate_core.approvals.commands import ApproveAction, EditAction, RejectAction, UndoAnswer
from legate_core.approvals.queries import ApprovalCard, DecidedApprovals
from legate_core.client import LocalClient
from legate_core.errors import Conflict, Forbidden, Invalid, NeedsReauthentication
from legate_core.identity.events import MemberAdded
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor, Context
from legate_core.kernel.messages import Recorded
from legate_core.kernel.reactors import REACTORS
from legate_core.policy.commands import AddRule
from legate_core.policy.model import Predicate, Rule
from legate_core.policy.queries import Rules
from legate_core.runs.commands import CancelRun
from tests.flows.story import ASK_THEN_END, SEND, Story, call, turn

EDITED = {"to": "kim@example.com", "text": "It arrives on Monday."}
SELF = "You started this yourself; somebody else with the right to decide must answer it."
TWICE = (turn(0, "First.", SEND), turn(1, "Second.", SEND), turn(2, "Both are done."))


async def test_an_edited_call_runs_as_edited_and_all_three_records_are_kept(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.card()
    answer = await story.answer(EditAction(asked.row.id, EDITED, asked.digest))
    assert story.effects() == [("world.send", EDITED)]
    detail = await story.ask(ApprovalCard(asked.row.id))
    (row,) = (await story.ask(DecidedApprovals())).values()
    says = f"send {EDITED['text']} to {EDITED['to']}"
    assert answer.title == row.title == detail.card.title == says
    assert (detail.card.sentence, detail.card.changes) == (f"{asked.card.agent} wants to {says}", (f"+ {says}",))
    assert detail.card.raw_arguments == SEND["arguments"]
    assert detail.edited_arguments == EDITED
    assert (detail.row.state, detail.digest) == ("edited", asked.digest)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"to": "kim@example.com"}, "lacks"),
        ({"to": 7, "text": "x"}, "must be text"),
        ({"to": "kim@example.com", "text": "x", "bcc": "eve@example.com"}, "no argument"),
        (SEND["arguments"], "Nothing was changed"),
        ({"to": "kim@example.com", "text": "x" * 300_000}, "at most"),
    ],
)
async def test_an_edit_that_does_not_fit_is_refused_and_the_question_stays(
    story: Story, arguments: dict[str, object], says: str
) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    with pytest.raises(Invalid, match=says):
        await story.answer(EditAction(asked.id, arguments))
    assert (await story.question()).id == asked.id
    assert story.effects() == []


async def test_an_edit_into_what_a_rule_denies_stays_denied(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.send(AddRule(_deny_send()))
    with pytest.raises(Conflict, match="No sending"):
        await story.answer(EditAction(asked.id, EDITED))
    assert story.effects() == []


async def test_a_rejection_with_a_reason_reaches_the_agent_which_plans_anew(story: Story) -> None:
    run_id = await story.run(
        turn(0, "I tell Kim.", SEND),
        turn(1, "Then I only note it.", call("world.look", text="the parcel"), when="Kim is on holiday"),
        turn(1, "This turn plays where the reason did not arrive."),
        turn(2, "I did not write to Kim."),
    )
    await story.answer(RejectAction((await story.question()).id, reason="Kim is on holiday."))
    detail = await story.detail(run_id)
    assert (detail.row.status, detail.result) == ("succeeded", "I did not write to Kim.")
    assert await story.tool_states(run_id) == ["denied", "confirmed"]
    assert story.effects() == []


async def test_a_no_is_bound_to_what_the_card_showed(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    shown = await story.card()
    with pytest.raises(Conflict, match="not what the card showed"):
        await story.answer(RejectAction(shown.row.id, digest="0" * 64))
    assert (await story.question()).state == "waiting"
    assert (await story.answer(RejectAction(shown.row.id, digest=shown.digest))).state == "rejected"


async def test_reject_and_stop_ends_the_run(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(RejectAction((await story.question()).id, stop=True))
    row = await story.row(run_id)
    assert row.status == "cancelled"
    assert "by a person" in row.reason
    assert await story.tool_states(run_id) == ["denied"]
    assert story.effects() == []


async def test_an_answer_is_held_and_can_be_taken_back_until_the_hold_ends(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    answer = await story.answer(ApproveAction(asked.id, hold_seconds=6))
    assert answer.hold_until == story.clock.now() + 6000
    assert story.effects() == []
    await story.later(5.9)
    assert story.effects() == []
    await story.answer(UndoAnswer(asked.id))
    assert (await story.question()).state == "waiting"
    await story.later(60)
    assert story.effects() == []
    assert (await story.row(run_id)).status == "waiting"
    # The same question can be answered again, and only then does it happen.
    await story.answer(ApproveAction(asked.id, hold_seconds=6))
    await story.later(6)
    assert story.effects() == [("world.send", SEND["arguments"])]
    assert (await story.row(run_id)).status == "succeeded"


async def test_an_answer_that_was_handed_on_cannot_be_taken_back(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(ApproveAction(asked.id, hold_seconds=6))
    await story.later(6)
    with pytest.raises(Conflict, match="too late"):
        await story.answer(UndoAnswer(asked.id))
    assert len(story.effects()) == 1


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reactor that hears of answers taken back fails, and is not retried while the test lasts."""

    def fail(ctx: Context, fact: Recorded) -> None:
        raise RuntimeError("this reactor cannot go on")

    monkeypatch.setitem(REACTORS, "actions.undone", dataclasses.replace(REACTORS["actions.undone"], handle=fail))


async def test_an_undo_that_nobody_heard_of_lets_the_run_wait_and_not_spin(story: Story, deaf: None) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(ApproveAction(asked.id, hold_seconds=6))
    await story.answer(UndoAnswer(asked.id))
    async with asyncio.timeout(30):
        await story.later(7)
    assert (await story.row(run_id)).status == "waiting"
    assert len(await story.facts("action.reopened")) == 1
    assert story.effects() == []
    await story.answer(ApproveAction(asked.id))
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_a_new_answer_counts_with_its_own_hold_and_words_also_when_the_undo_was_not_heard(
    story: Story, deaf: None
) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(ApproveAction(asked.id, hold_seconds=6))
    await story.later(3)
    await story.answer(UndoAnswer(asked.id))
    await story.answer(EditAction(asked.id, EDITED, hold_seconds=6))
    await story.later(5)
    assert story.effects() == [], "the first hold has passed, the second has not"
    await story.later(1)
    assert story.effects() == [("world.send", EDITED)]
    assert (await story.row(run_id)).status == "succeeded"


async def test_tomorrow_is_the_day_after_it_was_typed_also_when_the_run_passes_midnight(story: Story) -> None:
    typed = datetime.datetime.fromtimestamp(story.clock.now() / 1000, datetime.UTC)
    day = typed.date() + datetime.timedelta(days=1)
    script = (turn(0, "First.", SEND), turn(1, "Second.", call("world.send", to=f"{day}")), turn(2, "Done."))
    await story.run(*script, task="Write to kim@example.com, then do it tomorrow.")
    asked = await story.question()
    story.clock.advance(86_400 - 60)
    await story.answer(ApproveAction(asked.id))
    card = (await story.card()).card
    assert [item.origin_kind for item in card.arguments if item.path == "to"] == ["person"]


async def test_a_rejection_can_be_taken_back_too(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(RejectAction(asked.id, stop=True, hold_seconds=6))
    await story.answer(UndoAnswer(asked.id))
    await story.answer(ApproveAction(asked.id))
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_a_hold_survives_a_restart(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    await story.restart()
    assert story.effects() == []
    await story.later(6)
    assert len(story.effects()) == 1
    assert (await story.row(run_id)).status == "succeeded"


async def test_an_answer_whose_run_was_cancelled_cannot_bring_its_question_back(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    await story.answer(ApproveAction(asked.id, hold_seconds=6))
    await story.answer(CancelRun(run_id))
    with pytest.raises(Conflict, match="run has ended"):
        await story.answer(UndoAnswer(asked.id))
    assert await story.inbox() == []
    await story.later(6)
    assert story.effects() == []
    assert (await story.ask(ApprovalCard(asked.id))).row.state == "withdrawn"


async def test_nobody_answers_and_nothing_runs(story: Story) -> None:
    run_id = await story.run(
        turn(0, "I tell Kim.", SEND), turn(1, "Nobody was there.", when="Nobody answered"), turn(1, "Told.")
    )
    asked = await story.question()
    await story.later(24 * 3600 - 1)
    assert (await story.question()).id == asked.id
    await story.later(1)
    detail = await story.detail(run_id)
    assert (detail.row.status, detail.result) == ("succeeded", "Nobody was there.")
    assert await story.inbox() == []
    assert story.effects() == []
    (closed,) = await story.facts("approval.closed")
    assert closed.body["state"] == "expired"
    with pytest.raises(Conflict, match="expired"):
        await story.answer(ApproveAction(asked.id))
    assert story.effects() == []


async def test_an_answer_after_the_end_is_refused_even_before_the_sweep_has_looked(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    story.clock.advance(24 * 3600)
    with pytest.raises(Conflict, match="expired"):
        await story.answer(ApproveAction(asked.id))
    assert story.effects() == []


async def test_a_yes_as_a_rule_lets_the_next_like_call_run_unasked_and_counts_it(story: Story) -> None:
    run_id = await story.run(*TWICE)
    card = await story.card()
    story.prove()
    assert "same_recipient" in {scope.id for scope in card.card.scopes}
    answer = await story.answer(ApproveAction(card.row.id, card.digest, scope="same_recipient"))
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 2
    rules = await story.rows(Rules())
    assert rules[answer.rule_id].uses == 1
    assert rules[answer.rule_id].approval_id == card.row.id


async def test_a_rule_that_is_used_up_asks_again(story: Story) -> None:
    story.prove()
    rule = Rule(
        id="", name="One letter", verdict="allow", tools=("world.send",), uses_left=1, ends_at=story.clock.now() + 10**8
    )
    await story.send(AddRule(dataclasses.replace(rule, arguments=_to_kim())))
    await story.run(*TWICE)
    assert len(story.effects()) == 1
    await story.answer(ApproveAction((await story.question()).id))
    assert len(story.effects()) == 2


async def test_a_rule_of_an_answer_that_was_taken_back_is_gone(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    card = await story.card()
    story.prove()
    answer = await story.answer(ApproveAction(card.row.id, scope="same_recipient", hold_seconds=6))
    await story.answer(UndoAnswer(card.row.id))
    assert answer.rule_id not in await story.rows(Rules())
    await story.run(*ASK_THEN_END)
    assert len(await story.inbox()) == 2
    assert story.effects() == []


async def test_the_first_answer_wins_and_the_second_is_told_who_won(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    first, second = await _owner(story, "per_first"), await _owner(story, "per_second")
    await first.send(ApproveAction(asked.id))
    with pytest.raises(Conflict, match="per_first approved this already") as caught:
        await second.send(RejectAction(asked.id))
    assert caught.value.details["decided_by"] == "per_first"
    await story.settled()
    assert len(story.effects()) == 1


async def test_in_a_team_nobody_approves_what_they_started_themselves(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    other = await _owner(story, "per_other")
    card = await story.card()
    assert (card.permitted, card.refusal) == (False, SELF)
    with pytest.raises(Forbidden, match="started this yourself"):
        await story.answer(ApproveAction(card.row.id))
    await other.send(ApproveAction(card.row.id))
    await story.settled()
    assert len(story.effects()) == 1


async def test_an_answer_to_another_card_than_the_one_that_was_shown_is_refused(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    with pytest.raises(Conflict, match="not what the card showed"):
        await story.answer(ApproveAction(asked.id, digest="0" * 64))
    assert story.effects() == []


async def test_a_tool_whose_definition_changed_since_the_yes_is_not_run(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    story.world.change("world.send", description="Send it, and a copy to everybody.")
    await story.later(6)
    assert story.effects() == []
    assert await story.tool_states(run_id) == ["denied"]
    (step,) = [step for step in await story.log(run_id) if step.kind == "tool"]
    assert "changed since this was approved" in step.detail


async def test_a_tool_that_is_gone_since_the_yes_is_not_run(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    del story.world.specs["world.send"]
    await story.restart()
    await story.later(6)
    assert story.effects() == []
    (step,) = [step for step in await story.log(run_id) if step.kind == "tool"]
    assert "no longer installed" in step.detail


async def test_a_rule_made_since_the_yes_still_forbids(story: Story) -> None:
    run_id = await story.run(*ASK_THEN_END)
    await story.answer(ApproveAction((await story.question()).id, hold_seconds=6))
    await story.send(AddRule(_deny_send()))
    await story.later(6)
    assert story.effects() == []
    assert await story.tool_states(run_id) == ["denied"]


async def test_what_is_grave_needs_a_fresh_proof_of_who_answers(story: Story) -> None:
    await story.run(turn(0, "Away with it.", call("world.destroy")), turn(1, "Gone."))
    asked = await story.card()
    assert (asked.permitted, asked.needs_proof) == (True, True)
    with pytest.raises(NeedsReauthentication):
        await story.answer(ApproveAction(asked.row.id))
    assert story.effects() == []
    story.prove()
    await story.answer(ApproveAction(asked.row.id))
    assert [tool for tool, _ in story.effects()] == ["world.destroy"]


async def test_what_was_answered_is_listed_with_who_and_what(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    await story.answer(RejectAction((await story.question()).id, reason="Not today."))
    (row,) = (await story.ask(DecidedApprovals())).values()
    assert (row.state, row.decided_by, row.reason) == ("rejected", story.core.owner.id, "Not today.")


def _deny_send() -> Rule:
    return Rule(id="", name="No sending", verdict="deny", tools=("world.send",), words="Nothing is sent.")


def _to_kim() -> tuple[Predicate, ...]:
    return (Predicate("to", "equals", ("kim@example.com",)),)


async def _owner(story: Story, person_id: str) -> LocalClient:
    """One more owner, so that the workspace is a team."""
    actor = Actor("person", person_id, story.core.workspace_id, role="owner")

    def join(ctx: Context) -> None:
        ctx.insert(members, {"person_id": actor.id, "name": "Somebody", "role": "owner", "created_at": ctx.now})
        ctx.emit(MemberAdded(actor.id, "owner"))

    await story.core.kernel.change(story.core.kernel.system(actor.workspace_id), join, "test")
    return LocalClient(story.core.kernel, actor)
