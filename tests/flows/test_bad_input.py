"""Whatever a model or a tool does wrong ends in words that say what happened; nothing is lost and nothing runs twice."""

from __future__ import annotations

from typing import Any

import pytest

from legate_core.actions.effect import MAX_OBSERVATION
from legate_core.agents.model import Limits
from legate_core.approvals.commands import ApproveAction
from legate_core.errors import Invalid
from tests.fakes.world import Behaviour
from tests.flows.story import SEND, Story, call, turn

BROKEN = {"tool": "world.look", "raw": '{"to": "kim'}


async def test_malformed_replies_are_told_to_the_model_and_then_end_the_run_safely(story: Story) -> None:
    run_id = await story.run(*[turn(at, "", BROKEN) for at in range(9)])
    row = await story.row(run_id)
    assert row.status == "failed"
    assert "3 malformed replies in a row" in row.reason
    assert await story.tool_states(run_id) == ["failed"] * 3
    assert story.effects() == []


async def test_a_model_that_comes_to_its_senses_is_forgiven(story: Story) -> None:
    run_id = await story.run(
        turn(0, "", BROKEN),
        turn(1, "", BROKEN),
        turn(2, "", call("world.look"), when="not valid JSON"),
        turn(3, "", BROKEN),
        turn(4, "Seen."),
    )
    assert (await story.detail(run_id)).result == "Seen."


async def test_empty_replies_end_the_run_safely(story: Story) -> None:
    run_id = await story.run(*[turn(at, "x", fault="empty") for at in range(9)])
    row = await story.row(run_id)
    assert row.status == "failed"
    assert "malformed" in row.reason


@pytest.mark.parametrize(
    ("fault", "times", "status", "says"),
    [
        ("cut", 2, "succeeded", ""),
        ("cut", 9, "failed", "3 times in a row"),
        ("timeout", 9, "failed", "3 times in a row"),
        ("unavailable", 9, "failed", "3 times in a row"),
        ("auth", 9, "failed", "auth"),
        ("context_overflow", 9, "failed", "context_overflow"),
    ],
)
async def test_a_model_that_fails_is_asked_again_only_where_that_can_help(
    story: Story, fault: str, times: int, status: str, says: str
) -> None:
    run_id = await story.run(turn(0, "All is well.", fault=fault, times=times))
    row = await story.row(run_id)
    assert row.status == status
    assert says in row.reason
    assert row.steps == {"failed": 1 if fault in ("auth", "context_overflow") else 3, "succeeded": 3}[status]


async def test_a_script_that_runs_out_ends_the_run_and_says_what_to_do(story: Story) -> None:
    run_id = await story.run(turn(0, "", call("world.look")))
    row = await story.row(run_id)
    assert row.status == "failed"
    assert "no turn at = 1" in row.reason


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"tool": "world.nuke", "arguments": {}}, "There is no tool 'world.nuke' here"),
        ({"tool": "files.read", "arguments": {}}, "There is no tool 'files.read' here"),
        ({"tool": "world.send", "arguments": {"to": "kim@example.com"}}, "lacks"),
        ({"tool": "world.send", "arguments": {"to": 1, "text": "x"}}, "must be text"),
        ({"tool": "world.send", "arguments": {"to": "k", "text": "x", "bcc": "eve"}}, "no argument"),
        ({"tool": "world.send", "arguments": {"to": "k" * 201, "text": "x"}}, "200 characters"),
        ({"tool": "world.send", "arguments": {"to": "k", "text": "x" * 260_000}}, "at most 256,000"),
        ({"tool": "world.send", "raw": '["kim"]'}, "not valid JSON"),
    ],
    ids=["unknown", "not its own", "missing", "wrong type", "extra", "too long", "oversized", "no object"],
)
async def test_a_call_that_cannot_be_judged_is_told_to_the_model_and_asks_nobody(
    story: Story, bad: dict[str, Any], says: str
) -> None:
    run_id = await story.run(turn(0, "", bad), turn(1, "I see."))
    (step,) = [step for step in await story.log(run_id) if step.kind == "tool"]
    assert step.state == "failed"
    assert says in step.detail
    assert (await story.row(run_id)).status == "succeeded"
    assert await story.inbox() == []
    assert story.effects() == []


@pytest.mark.parametrize(
    ("behaviour", "state", "effects", "status"),
    [
        ("fail", "failed", 0, "succeeded"),
        ("raise", "in_doubt", 0, "in_doubt"),
        ("raise_after", "in_doubt", 1, "in_doubt"),
    ],
)
async def test_a_tool_that_breaks_is_in_doubt_unless_it_surely_did_nothing(
    story: Story, behaviour: Behaviour, state: str, effects: int, status: str
) -> None:
    story.world.behave["world.send"] = behaviour
    run_id = await story.run(turn(0, "", SEND), turn(1, "Well."))
    await story.answer(ApproveAction((await story.question()).id))
    assert await story.tool_states(run_id) == [state]
    assert len(story.effects()) == effects
    assert (await story.row(run_id)).status == status


@pytest.mark.parametrize(("tool", "state"), [("world.look", "failed"), ("world.send", "in_doubt")])
async def test_a_tool_that_hangs_is_cut_off_at_its_time_limit(story: Story, tool: str, state: str) -> None:
    story.world.behave[tool] = "hang"
    story.world.change(tool, timeout_seconds=0.05)
    run_id = await story.run(turn(0, "", call(tool)), turn(1, "Well."))
    for row in await story.inbox():
        await story.answer(ApproveAction(row.id))
    (step,) = [step for step in await story.log(run_id) if step.kind == "tool"]
    assert step.state == state
    assert "gave no answer within 0.05 seconds" in step.detail


async def test_a_tool_that_hangs_is_asked_whether_it_happened(story: Story) -> None:
    story.world.behave["world.post"] = "hang_after"
    story.world.change("world.post", timeout_seconds=0.05)
    run_id = await story.run(turn(0, "", call("world.post")), turn(1, "Well."))
    await story.answer(ApproveAction((await story.question()).id))
    assert await story.tool_states(run_id) == ["confirmed"]
    assert len(story.effects()) == 1


@pytest.mark.parametrize("tool", ["world.look", "world.send"])
async def test_a_tool_that_returns_100_megabytes_is_cut_and_says_so(story: Story, tool: str) -> None:
    story.world.behave[tool] = "huge"
    run_id = await story.run(turn(0, "", call(tool)), turn(1, "Much."))
    for row in await story.inbox():
        await story.answer(ApproveAction(row.id))
    detail = await story.detail(run_id)
    assert (detail.row.status, detail.result) == ("succeeded", "Much.")
    (content,) = await story.observed(run_id)
    assert len(content) < MAX_OBSERVATION + 100
    assert content.endswith("[cut: 100,000,000 characters in all]")
    assert len(story.effects()) == (tool == "world.send")


async def test_an_agent_that_cannot_be_meant_is_refused_before_anything_is_stored(story: Story) -> None:
    for more, says in (
        ({"tools": ("world.nuke",)}, "no tool world.nuke"),
        ({"name": " "}, "needs a name"),
        ({"model": {}}, "names no provider"),
        ({"tools": ("world.send", "world.send")}, "listed twice"),
    ):
        with pytest.raises(Invalid, match=says):
            await story.publish(turn(0, "x"), **more)
    with pytest.raises(Invalid, match="steps must be at least 1"):
        Limits(steps=0)
    assert await story.facts("agent.created") == []
