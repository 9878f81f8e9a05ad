"""An agent's life: versions and what changed, deleted and restored, out as a file and in again."""

from __future__ import annotations

import dataclasses
import json

import pytest

from legate_core.agents.commands import AgentDraft, Agents, DeleteAgent, EditAgent, PublishAgent, RestoreAgent
from legate_core.agents.files import ExportAgent, ImportAgent
from legate_core.agents.tools import AgentTools, Tools
from legate_core.agents.versions import AgentChanges, AgentVersions, VersionDefinition
from legate_core.errors import Conflict, Forbidden, Invalid, NeedsReauthentication
from legate_core.identity.authorize import FRESH_MS
from legate_core.policy.commands import AddRule, ChangePolicySettings
from legate_core.policy.model import Rule
from legate_core.runs.activity import AgentActivities
from legate_core.runs.commands import StartRun
from tests.fakes.world import ALL
from tests.flows.story import SEND, Story, turn
from tests.flows.test_roles import member

HELLO = (turn(0, "Hello."),)


async def test_versions_are_numbered_kept_and_compared(story: Story) -> None:
    agent = await story.publish(*HELLO)
    first = await story.ask(AgentDraft(agent))
    assert (await story.ask(AgentChanges(agent))).changes == ()
    second = dataclasses.replace(first, instructions="Write to lee@example.com.", tools=("world.look",))
    await story.send(EditAgent(agent, second))
    difference = await story.ask(AgentChanges(agent))
    assert {change.field for change in difference.changes} == {"instructions", "tools"}
    assert difference.literals == ("lee@example.com",)
    assert (await story.rows(Agents()))[agent].has_unpublished_changes
    await story.send(PublishAgent(agent, note="Fewer tools."))
    await story.send(EditAgent(agent, first))
    await story.send(PublishAgent(agent))

    versions = await story.ask(AgentVersions(agent))
    assert [(version.number, version.note, version.is_current) for version in versions] == [
        (2, "Fewer tools.", False),
        (1, "", True),
    ]
    assert await story.ask(VersionDefinition(versions[0].hash)) == second
    back = await story.ask(AgentChanges(agent, before=versions[0].hash, after=versions[1].hash))
    assert {change.after for change in back.changes if change.field == "tools"} == set(ALL) - {"world.look"}
    assert [fact.body["number"] for fact in await story.facts("agent.published")] == [1, 2, 1]


async def test_reaching_further_is_published_with_a_proof_where_not_every_effect_is_asked_for(story: Story) -> None:
    agent = await story.publish(*HELLO)
    whole = await story.ask(AgentDraft(agent))
    less = dataclasses.replace(whole, tools=("world.look",))
    # While every effect is asked for, nothing that is published goes beyond the policy.
    for definition in (less, whole, less):
        await story.send(EditAgent(agent, definition))
        await story.send(PublishAgent(agent))
    story.prove()
    await story.send(ChangePolicySettings(ask_every_effect=False))
    await story.later(FRESH_MS / 1000 + 1)
    await story.send(EditAgent(agent, dataclasses.replace(less, instructions="Be brief.")))
    await story.send(PublishAgent(agent))
    await story.send(EditAgent(agent, whole))
    with pytest.raises(NeedsReauthentication):
        await story.send(PublishAgent(agent))
    assert (await story.rows(Agents()))[agent].published_hash != whole.hash
    story.prove()
    assert await story.send(PublishAgent(agent)) == whole.hash


async def test_in_a_team_nobody_alone_publishes_what_reaches_further(story: Story) -> None:
    agent = await story.publish(*HELLO)
    whole = await story.ask(AgentDraft(agent))
    await story.send(EditAgent(agent, dataclasses.replace(whole, tools=())))
    await story.send(PublishAgent(agent))
    story.prove()
    await story.send(ChangePolicySettings(ask_every_effect=False))
    await member(story, "builder")
    await story.send(EditAgent(agent, whole))
    with pytest.raises(Forbidden, match="second person"):
        await story.send(PublishAgent(agent))
    await story.send(EditAgent(agent, dataclasses.replace(whole, tools=(), instructions="Be brief.")))
    await story.send(PublishAgent(agent))


async def test_a_deleted_agent_starts_nothing_goes_on_with_what_it_began_and_comes_back(story: Story) -> None:
    run = await story.run(turn(0, "", SEND), turn(1, "Sent."))
    agent = (await story.row(run)).agent_id
    name = (await story.rows(Agents()))[agent].name
    await story.send(DeleteAgent(agent))
    assert agent not in await story.rows(Agents())
    assert (await story.rows(Agents(deleted=True)))[agent].deleted_at > 0
    assert (await story.row(run)).status == "waiting"
    for command in (StartRun(agent, "Go."), PublishAgent(agent), DeleteAgent(agent)):
        with pytest.raises(Conflict, match="deleted"):
            await story.send(command)
    await story.send(RestoreAgent(agent))
    assert (await story.rows(Agents()))[agent].name == name
    with pytest.raises(Conflict, match="not deleted"):
        await story.send(RestoreAgent(agent))
    await story.send(StartRun(agent, "Go."))


async def test_a_file_carries_an_agent_without_what_belongs_to_one_machine(story: Story) -> None:
    model = {"provider": "openai_compatible", "model": "m-1", "base_url": "http://10.0.0.7/v1", "secret": "sec_1"}
    folder = str(story.settings.home.parent / "letters")
    agent = await story.publish(*HELLO, model=model, folders={"letters": folder})
    text = await story.ask(ExportAgent(agent))
    assert [word for word in ("sec_1", "10.0.0.7", folder) if word in text] == []

    data = json.loads(text)
    data["agent"]["tools"].append("payroll.raise")
    data["agent"]["instructions"] += " Ask mia@example.com."
    data["agent"]["model"]["base_url"] = "https://elsewhere.example/v1"
    imported = await story.send(ImportAgent(json.dumps(data)))
    assert imported.missing_tools == ("payroll.raise",)
    assert imported.missing_folders == ("letters",)
    assert imported.literals == ("mia@example.com",)
    row = (await story.rows(Agents()))[imported.agent_id]
    assert (row.published_hash, set(row.tools)) == ("", set(ALL))
    assert (await story.ask(AgentDraft(imported.agent_id))).model == {"provider": "openai_compatible", "model": "m-1"}
    with pytest.raises(Conflict, match="never published"):
        await story.send(StartRun(imported.agent_id, "Go."))


BAD_FILES = [
    ("{", "not JSON"),
    ("[" * 20_000, "not JSON"),
    ("[]", "no agent of Legate"),
    ('{"format": "legate/run/1"}', "no agent of Legate"),
    ('{"format": "legate/agent/1"}', "holds no agent"),
    ('{"format": "legate/agent/1", "agent": {"name": 3}}', "definition is wrong"),
    ('{"format": "legate/agent/1", "agent": {"name": "", "purpose": "", "instructions": "", "model": {}}}', "name"),
    (" " * 500_000, "no agent"),
]


@pytest.mark.parametrize(("text", "words"), BAD_FILES, ids=[words for _, words in BAD_FILES])
async def test_a_file_that_is_no_agent_changes_nothing(story: Story, text: str, words: str) -> None:
    before = len(await story.facts())
    with pytest.raises(Invalid, match=words):
        await story.send(ImportAgent(text))
    assert len(await story.facts()) == before


async def test_tools_say_what_they_may_do_for_one_agent(story: Story) -> None:
    agent = await story.publish(*HELLO, tools=("world.look", "world.note", "world.send", "world.pay"))
    story.prove()

    def rule(verdict: str, tool: str, **more: object) -> Rule:
        ends = {"always": True} if verdict == "allow" else {}
        return Rule(id="", name="By hand", verdict=verdict, tools=(tool,), agents=(agent,), **ends, **more)

    await story.send(AddRule(rule("allow", "world.note")))
    await story.send(AddRule(rule("ask", "world.look")))
    await story.send(AddRule(rule("allow", "world.send", triggers=("manual",))))
    tools = {tool.tool.name: tool for tool in await story.ask(AgentTools(agent))}
    assert {name: tool.mode for name, tool in tools.items() if name in ALL} == {
        "world.look": "ask",
        "world.note": "allow",
        "world.send": "ask",
        "world.post": "never",
        "world.pay": "ask",
        "world.destroy": "never",
        "world.grant": "never",
    }
    assert [name for name in ALL if not tools[name].may_allow] == ["world.pay", "world.destroy", "world.grant"]
    assert (bool(tools["world.note"].rule_id), tools["world.note"].rule_verdict) == (True, "allow")
    assert tools["world.send"].rule_id == ""
    assert {tool.name for tool in await story.ask(Tools())} >= set(ALL)


async def test_what_each_agent_did_lately_is_counted(story: Story) -> None:
    run = await story.run(turn(0, "", SEND), turn(1, "Sent."))
    agent = (await story.row(run)).agent_id
    activity = (await story.rows(AgentActivities()))[agent]
    assert (activity.last_run_id, activity.last_status, activity.runs, activity.unended) == (run, "waiting", 1, (run,))
    later = await story.rows(AgentActivities(since=story.clock.now() + 1))
    assert (later[agent].runs, later[agent].last_run_id) == (0, run)
