"""Trying a draft: it runs for real through the same gate, a person alone starts it, and its words are nobody's own."""

from __future__ import annotations

import dataclasses

import pytest

from legate_core.agents.commands import AgentDraft, Agents, CreateAgent, EditAgent, PublishAgent
from legate_core.agents.model import AgentDefinition
from legate_core.agents.versions import AgentVersions
from legate_core.approvals.commands import ApproveAction
from legate_core.errors import Conflict, Forbidden, Invalid
from legate_core.policy.commands import ChangePolicySettings
from legate_core.runs.commands import StartRun
from legate_core.runs.drafts import StartDraft
from legate_core.runs.step import Step
from tests.fakes.world import ALL
from tests.flows.story import SEND, Story, call, turn


def draft(*turns: object, **more: object) -> AgentDefinition:
    fields = {
        "name": "Draft",
        "purpose": "Write to kim@example.com.",
        "instructions": "Write to kim@example.com when asked.",
        "model": {"provider": "scripted", "turns": list(turns)},
        "tools": ALL,
    }
    return AgentDefinition(**{**fields, **more})


async def test_a_draft_asks_at_the_same_gate_and_acts_for_real(story: Story) -> None:
    agent = await story.send(CreateAgent(draft(turn(0, "I write.", SEND), turn(1, "I wrote."))))
    with pytest.raises(Conflict, match="never published"):
        await story.send(StartRun(agent, "Write."))
    run = await story.send(StartDraft(agent, "Write."))
    await story.settled()
    row = await story.row(run)
    assert (row.status, row.trigger) == ("waiting", "draft")
    await story.answer(ApproveAction((await story.question()).id))
    assert len(story.effects()) == 1
    assert (await story.row(run)).status == "succeeded"
    # Trying is not publishing.
    assert await story.ask(AgentVersions(agent)) == ()
    assert (await story.rows(Agents()))[agent].published_hash == ""


async def test_a_draft_words_are_not_the_persons_own_until_they_are_published(story: Story) -> None:
    turns = (turn(0, "", call("world.note", to="kim@example.com", text="kim@example.com")), turn(1, "Done."))
    agent = await story.send(CreateAgent(draft(*turns)))
    story.prove()
    await story.send(ChangePolicySettings(ask_every_effect=False))
    tried = await story.send(StartDraft(agent, "Note it."))
    await story.settled()
    assert (await story.row(tried)).status == "waiting"
    await story.send(PublishAgent(agent))
    run = await story.send(StartRun(agent, "Note it."))
    await story.settled()
    assert (await story.row(run)).status == "succeeded"


async def test_a_conversation_goes_on_with_the_draft_as_it_is_now(story: Story) -> None:
    first = draft(turn(0, "Which city?"))
    agent = await story.send(CreateAgent(first))
    run = await story.send(StartDraft(agent, "What is the weather?"))
    await story.settled()
    changed = draft(turn(0, "Which city?"), turn(1, "It rains in Ghent."), instructions="Be brief.")
    await story.send(EditAgent(agent, changed, was=first.hash))
    answer = await story.send(StartDraft(agent, "In Ghent.", after=run))
    await story.settled()
    detail = await story.detail(answer)
    assert (detail.row.status, detail.result) == ("succeeded", "It rains in Ghent.")
    assert detail.row.origin_run_id == run
    seen = (await story.ask(Step(answer, 2))).context
    assert [(message.role, message.text) for message in seen] == [
        ("system", "Be brief."),
        ("user", "What is the weather?"),
        ("assistant", "Which city?"),
        ("user", "In Ghent."),
    ]
    again = await story.send(StartDraft(agent, "And tomorrow?", after=answer))
    await story.settled()
    assert [step.kind for step in await story.log(again)][:4] == ["model", "person", "model", "person"]


async def test_a_tried_draft_gets_its_number_when_it_is_published(story: Story) -> None:
    agent = await story.send(CreateAgent(draft(turn(0, "Yes."))))
    await story.send(StartDraft(agent, "Ready?"))
    await story.send(PublishAgent(agent, note="As tried."))
    (version,) = await story.ask(AgentVersions(agent))
    assert (version.number, version.note, version.is_current) == (1, "As tried.", True)


async def test_a_draft_is_started_by_nobody_but_a_person_and_goes_on_only_from_its_own(story: Story) -> None:
    agent = await story.send(CreateAgent(draft(turn(0, "Yes."))))
    kernel, workspace_id = story.core.kernel, story.core.workspace_id
    with pytest.raises(Forbidden, match="person"):
        await kernel.send(kernel.system(workspace_id), StartDraft(agent, "Go."))
    published = await story.run(turn(0, "Hello."))
    with pytest.raises(Invalid, match="did not try"):
        await story.send(StartDraft(agent, "Go on.", after=published))
    waiting = await story.send(CreateAgent(draft(turn(0, "", SEND), name="Other")))
    run = await story.send(StartDraft(waiting, "Send."))
    await story.settled()
    with pytest.raises(Conflict, match="still at work"):
        await story.send(StartDraft(waiting, "Well?", after=run))
    with pytest.raises(Invalid, match="no words"):
        await story.send(StartDraft(agent, "  "))


async def test_an_edit_of_what_somebody_else_changed_since_is_refused(story: Story) -> None:
    agent = await story.send(CreateAgent(draft(turn(0, "Yes."))))
    seen = await story.ask(AgentDraft(agent))
    await story.send(EditAgent(agent, dataclasses.replace(seen, purpose="Theirs."), was=seen.hash))
    with pytest.raises(Conflict, match="meanwhile"):
        await story.send(EditAgent(agent, dataclasses.replace(seen, purpose="Mine."), was=seen.hash))
    assert (await story.ask(AgentDraft(agent))).purpose == "Theirs."
