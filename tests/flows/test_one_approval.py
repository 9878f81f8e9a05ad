"""One approval, from call to audit: the story of Legate on one page."""

from __future__ import annotations

from legate_core.approvals.commands import ApproveAction
from tests.flows.story import SEND, Story, turn


async def test_an_agent_asks_a_person_answers_and_it_happens_exactly_once(story: Story) -> None:
    # An agent works, and wants to send something. Nothing it may do by itself, so the run parks with its question:
    # run, action and approval are one commit, and afterwards nothing sleeps in memory.
    run_id = await story.run(turn(0, "Kim asked where the parcel is.", SEND), turn(1, "I told Kim."))
    assert (await story.row(run_id)).status == "waiting"
    assert story.effects() == []

    # One row stands in the inbox, and its card says what would happen, why it is asked, and in whose words.
    card = await story.card()
    assert card.card.sentence == "Deputy 1 wants to send The parcel is on its way. to kim@example.com"
    assert card.row.outline == "send … to kim@example.com"
    assert card.card.why == "Kim asked where the parcel is."
    assert card.card.rule_name
    assert card.permitted

    # A person says yes to exactly that. The answer commits at once; the rest follows from facts.
    await story.answer(ApproveAction(card.row.id, card.digest))

    # It happened once, with exactly the arguments that were approved, and the run came to its end.
    assert story.effects() == [("world.send", SEND["arguments"])]
    assert max(story.world.counts.values()) == 1
    detail = await story.detail(run_id)
    assert (detail.row.status, detail.result) == ("succeeded", "I told Kim.")
    assert await story.inbox() == []

    # Nobody wrote an audit line, and the audit is complete: asked, answered, intent before effect, outcome, end.
    facts = await story.facts()
    about = [fact.name for fact in facts if fact.body.get("run_id") == run_id and fact.name != "run.stepped"]
    assert about == [
        "run.created",
        "run.claimed",
        "approval.opened",
        "action.proposed",
        "run.parked",
        "approval.decided",
        "action.ready",
        "run.readied",
        "run.claimed",
        "approval.spent",
        "action.dispatched",
        "action.settled",
        "run.finished",
    ]
    (decided,) = await story.facts("approval.decided")
    assert decided.actor == story.core.owner.id
    assert decided.body["self_approved"] is True
    (finished,) = await story.facts("run.finished")
    assert (finished.body["status"], finished.body["open_actions"]) == ("succeeded", 0)
