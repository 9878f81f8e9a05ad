"""What each role of a team is shown of a question and of an agent, and whose yes may become a rule."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from legate_core.agents.commands import AgentDraft, Agents, CreateAgent, EditAgent
from legate_core.agents.tools import AgentTools
from legate_core.agents.versions import AgentChanges, VersionDefinition
from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.handing import DelegateApproval
from legate_core.approvals.looking_back import PreviewScope
from legate_core.approvals.queries import ApprovalCard, PendingApprovals
from legate_core.client import LocalClient
from legate_core.errors import Forbidden, NotFound
from legate_core.identity.events import MemberAdded
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor, Context
from legate_core.policy.queries import Rules
from legate_core.runs.commands import StartRun
from legate_core.runs.drafts import StartDraft
from tests.flows.story import Story, call, turn

CANARY = "canary-7f3a"
WRITES = (turn(0, f"I note {CANARY}.", call("world.note", to=CANARY, text=f"about {CANARY}")), turn(1, "Noted."))
ROLES = ("owner", "admin", "builder", "operator")


async def member(story: Story, role: str, number: int = 1) -> LocalClient:
    """Somebody of this role, in the core of the story."""
    person_id = f"per_{role}_{number}"

    def join(ctx: Context) -> None:
        ctx.insert(members, {"person_id": person_id, "name": person_id, "role": role, "created_at": ctx.now})
        ctx.emit(MemberAdded(person_id, role))

    kernel = story.core.kernel
    await kernel.change(kernel.system(story.core.workspace_id), join, "test")
    return LocalClient(kernel, Actor("person", person_id, story.core.workspace_id, role))


async def seen_of_the_question(client: LocalClient, approval_id: str) -> str:
    """Everything that a person is told about a question, as text."""
    rows = await client.ask(PendingApprovals())
    return repr((rows.get(approval_id), await client.ask(ApprovalCard(approval_id))))


async def test_what_a_call_says_is_shown_to_those_only_who_may_see_it(story: Story) -> None:
    await story.run(*WRITES)
    asked = await story.question()
    people = {role: await member(story, role) for role in ROLES}
    shown = {
        role: CANARY in await seen_of_the_question(people[role], asked.id) for role in ("owner", "admin", "operator")
    }
    assert shown == {"owner": True, "admin": True, "operator": False}
    card = await people["operator"].ask(ApprovalCard(asked.id))
    assert card.permitted
    assert (card.may_widen, card.card.raw_arguments, card.edited_arguments) == (False, None, None)
    assert "hand the question to you" in card.card.asked_because
    with pytest.raises(Forbidden):
        await people["operator"].ask(PreviewScope(asked.id, "always"))
    with pytest.raises(NotFound):
        await people["builder"].ask(ApprovalCard(asked.id))
    await story.send(DelegateApproval(asked.id, "per_operator_1"))
    assert CANARY in await seen_of_the_question(people["operator"], asked.id)
    await story.answer(ApproveAction(asked.id))


async def test_a_builder_sees_what_their_own_run_asks_and_nothing_of_others(story: Story) -> None:
    agent_id = await story.publish(*WRITES)
    mine, other = await member(story, "builder"), await member(story, "builder", 2)
    await mine.send(StartRun(agent_id, "Go on."))
    await story.settled()
    asked = await story.question()
    assert CANARY in await seen_of_the_question(mine, asked.id)
    assert await other.ask(PendingApprovals()) == {}


async def test_a_yes_becomes_a_rule_only_where_a_second_person_who_may_loosen_says_it(story: Story) -> None:
    run_id = await story.run(*WRITES)
    asked = await story.question()
    operator = await member(story, "operator")
    admin = await member(story, "admin")
    scope = next(scope.id for scope in (await story.card()).card.scopes)
    assert not (await story.card()).may_widen
    for client in (operator, story.core.client):
        with pytest.raises(Forbidden, match=r"answer this once, without a rule\.$"):
            await client.send(ApproveAction(asked.id, scope=scope))
    assert (await story.question()).state == "waiting"
    assert (await admin.ask(ApprovalCard(asked.id))).may_widen
    answer = await admin.send(ApproveAction(asked.id, scope=scope))
    assert answer.rule_id in await story.rows(Rules())
    await story.settled()
    assert (await story.row(run_id)).status == "succeeded"


async def test_whoever_is_alone_makes_a_rule_of_their_own_yes(story: Story) -> None:
    await story.run(*WRITES)
    card = await story.card()
    assert card.may_widen
    answer = await story.answer(ApproveAction(card.row.id, scope=card.card.scopes[0].id))
    assert answer.rule_id in await story.rows(Rules())
    [decided] = await story.facts("approval.decided")
    assert decided.body["self_approved"]


async def test_drafts_are_shown_to_those_who_build_and_to_nobody_else(story: Story) -> None:
    published = await story.publish(turn(0, "Hello."))
    draft = await story.ask(AgentDraft(published))
    never = await story.send(CreateAgent(dataclasses.replace(draft, name=f"Secret {CANARY}")))
    await story.send(EditAgent(published, dataclasses.replace(draft, purpose=CANARY, tools=())))
    for role in (*ROLES, "viewer"):
        client = await member(story, role)
        asking: list[Any] = [AgentDraft(published), AgentChanges(published), AgentTools(never)]
        rows = await client.ask(Agents())
        if role in ("operator", "viewer"):
            assert (set(rows), rows[published].tools, rows[published].has_unpublished_changes) == (
                {published}, draft.tools, False,
            )  # fmt: skip
            assert CANARY not in repr((rows, await client.ask(AgentTools(published))))
            assert await client.ask(VersionDefinition(rows[published].published_hash)) == draft
            for message in asking:
                with pytest.raises((Forbidden, NotFound)) as caught:
                    await client.ask(message)
                assert CANARY not in caught.value.message
        else:
            assert (set(rows), rows[published].purpose) == ({published, never}, CANARY)
            for message in asking:
                await client.ask(message)


async def test_a_draft_that_was_tried_is_no_version_to_look_at_without_the_right_to_drafts(story: Story) -> None:
    agent_id = await story.publish(turn(0, "Hello."))
    draft = dataclasses.replace(await story.ask(AgentDraft(agent_id)), purpose=CANARY)
    await story.send(EditAgent(agent_id, draft))
    await story.send(StartDraft(agent_id, "Try it."))
    await story.settled()
    assert await (await member(story, "builder")).ask(VersionDefinition(draft.hash)) == draft
    with pytest.raises(Forbidden):
        await (await member(story, "operator")).ask(VersionDefinition(draft.hash))
