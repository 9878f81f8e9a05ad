"""How long questions wait, and a week in which alike answers propose rules; neither lets anything through by itself."""

from __future__ import annotations

import pytest

from legate_core.approvals.commands import ApproveAction, RejectAction
from legate_core.approvals.learning import LEAST_ALIKE, ProposedRules
from legate_core.errors import Invalid, NeedsReauthentication
from legate_core.policy.commands import AddRule, ChangePolicySettings
from legate_core.policy.queries import PolicySettings
from tests.flows.story import ASK_THEN_END, Story, call, turn

HOUR_MS = 3_600_000
DAY_SECONDS = 86_400.0


def mails(*people: str) -> list[dict[str, object]]:
    """A script that sends to each, one after the other."""
    return [turn(at, "", call("world.send", to=person)) for at, person in enumerate(people)] + [
        turn(len(people), "Sent.")
    ]


async def approve(story: Story, times: int = 1) -> None:
    for _ in range(times):
        asked = await story.card()
        await story.answer(ApproveAction(asked.row.id, asked.digest))


async def test_a_question_waits_for_as_long_as_the_workspace_says_and_then_expires(story: Story) -> None:
    for hours in (0, -1, 721):
        with pytest.raises(Invalid, match="1 to 720 hours"):
            await story.send(ChangePolicySettings(question_hours=hours))
    await story.send(ChangePolicySettings(question_hours=2))
    run_id = await story.run(*ASK_THEN_END)
    asked = await story.question()
    assert asked.expires_at - asked.asked_at == 2 * HOUR_MS
    await story.send(ChangePolicySettings(question_hours=72))
    assert (await story.question()).expires_at == asked.expires_at
    await story.later(2 * 3600 + 1)
    assert await story.inbox() == []
    assert story.effects() == []
    assert await story.tool_states(run_id) == ["denied"]
    assert (await story.ask(PolicySettings())).question_hours == 72


async def test_what_was_approved_again_and_again_is_proposed_and_in_force_only_once_a_person_says_so(
    story: Story,
) -> None:
    await story.send(ChangePolicySettings(learn=True))
    script = mails(*["kim@example.com"] * (LEAST_ALIKE + 1))
    run_id = await story.run(*script)
    await approve(story, LEAST_ALIKE - 1)
    assert await story.ask(ProposedRules()) == ()
    await approve(story)
    (proposed,) = await story.ask(ProposedRules())
    assert (proposed.approved, proposed.effect) == (LEAST_ALIKE, "send")
    assert (proposed.rule.tools, proposed.rule.agents) == (("world.send",), ((await story.row(run_id)).agent_id,))
    # The fourth is asked like the others: a proposal allows nothing.
    assert len(await story.inbox()) == 1
    with pytest.raises(NeedsReauthentication):
        await story.send(AddRule(proposed.rule))
    story.prove()
    await story.send(AddRule(proposed.rule))
    assert await story.ask(ProposedRules()) == ()


async def test_one_no_among_them_or_another_target_proposes_nothing(story: Story) -> None:
    await story.send(ChangePolicySettings(learn=True))
    await story.run(*mails(*["kim@example.com"] * (LEAST_ALIKE + 1)))
    await approve(story, LEAST_ALIKE)
    await story.answer(RejectAction((await story.question()).id))
    await story.run(*mails(*[f"person{number}@example.com" for number in range(LEAST_ALIKE)]))
    await approve(story, LEAST_ALIKE)
    assert await story.ask(ProposedRules()) == ()


async def test_only_answers_of_the_week_count_and_proposals_go_a_week_later(story: Story) -> None:
    await story.run(*mails(*["kim@example.com"] * LEAST_ALIKE))
    await approve(story, LEAST_ALIKE)
    await story.later(1)
    await story.send(ChangePolicySettings(learn=True))
    assert await story.ask(ProposedRules()) == ()
    await story.run(*mails(*["ann@example.com"] * LEAST_ALIKE))
    await approve(story, LEAST_ALIKE)
    await story.later(13 * DAY_SECONDS)
    assert [proposed.approved for proposed in await story.ask(ProposedRules())] == [LEAST_ALIKE]
    await story.later(2 * DAY_SECONDS)
    assert await story.ask(ProposedRules()) == ()
    await story.send(ChangePolicySettings(learn=False))
    assert (await story.ask(PolicySettings())).learning_until == 0
