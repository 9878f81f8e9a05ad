"""The agent's loop by itself: what is kept of a long conversation, and which move follows what has happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legate_core.agents.loop import (
    LEAST_TOKENS,
    TRIMMED,
    AgentState,
    Await,
    CallModel,
    CallTools,
    Fail,
    Finish,
    Outcome,
    next_move,
    size,
    transcript,
)
from legate_core.agents.model import AgentDefinition, Limits
from legate_core.llm.base import Message, Reply, ToolCall

INSTRUCTIONS, TASK = "Be kind and ask first.", "Answer Kim."


def state(**limits: int) -> AgentState:
    definition = AgentDefinition("Deputy", "", INSTRUCTIONS, {"provider": "scripted"}, limits=Limits(**limits))
    return AgentState(definition, TASK, started_at=0)


def looked(before: AgentState, number: int, seen: str) -> AgentState:
    """One turn more: a call and what came of it."""
    call = ToolCall.of(f"c{number}", "world.look", {"to": str(number)})
    return before.with_reply(Reply("", (call,)), 10, 0).with_outcome(Outcome(call.id, seen))


def talked(turns: int, budget: int) -> AgentState:
    found = state(transcript_tokens=budget)
    for number in range(turns):
        found = looked(found, number, "x" * 300)
    return found


@pytest.mark.parametrize("budget", [1, 200, 500, 1_000])
def test_a_long_conversation_is_cut_to_its_budget_and_instructions_and_task_stay(budget: int) -> None:
    messages = transcript(talked(40, budget))
    assert [(message.role, message.text) for message in messages[:3]] == [
        ("system", INSTRUCTIONS),
        ("user", TASK),
        ("user", TRIMMED),
    ]
    kept = messages[3:]
    # Whole turns, the newest ones, at least one: a call is never parted from its result.
    assert [message.role for message in kept] == ["assistant", "tool"] * (len(kept) // 2)
    calls = [call.id for message in kept for call in message.tool_calls]
    assert calls == [f"c{number}" for number in range(40 - len(calls), 40)]
    assert [message.tool_call_id for message in kept if message.role == "tool"] == calls
    assert len(calls) == 1 or sum(size(message) for message in (*messages[:2], *kept)) <= budget
    assert budget < 1_000 or len(calls) > 1


def test_what_fits_is_left_whole() -> None:
    messages = transcript(talked(3, 24_000))
    assert len(messages) == 2 + 3 * 2
    assert TRIMMED not in [message.text for message in messages]


def read(*seen: str, budget: int) -> tuple[Message, ...]:
    """What the model is told of one turn that observed all this."""
    calls = tuple(ToolCall.of(f"c{number}", "files.read", {}) for number in range(len(seen)))
    after = looked(state(transcript_tokens=budget), 9, "earlier").with_reply(Reply("", calls), 10, 0)
    for call, text in zip(calls, seen, strict=True):
        after = after.with_outcome(Outcome(call.id, text))
    return transcript(after)


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u6c34"])
def test_what_one_turn_observed_is_cut_to_the_budget_and_says_so(letter: str) -> None:
    messages = read(letter * 200_000, "short", letter * 200_000, letter * 150_000, budget=24_000)
    told = [message for message in messages if message.role == "tool"]
    assert [message.tool_call_id for message in told] == ["c0", "c1", "c2", "c3"]
    total = sum(size(message) for message in messages if message.text != TRIMMED)
    assert 23_000 < total <= 24_000, "all of the budget is used, and no more"
    assert told[1].text == "short"
    for message, whole in ((told[0], 200_000), (told[2], 200_000), (told[3], 150_000)):
        shown = message.text.partition("\n")[0]
        assert shown == letter * len(shown)
        assert f"{whole - len(shown):,} characters left out" in message.text
        assert f"the first {len(shown):,} ({len(shown.encode()):,} bytes) of {whole:,}" in message.text
        assert "Read on with an offset" in message.text


@pytest.mark.parametrize("budget", [1, 300])
def test_however_small_the_budget_something_of_each_observation_is_told(budget: int) -> None:
    told = [message for message in read("x" * 5_000, "y" * 5_000, budget=budget) if message.role == "tool"]
    assert [message.text[0] for message in told] == ["x", "y"]
    assert all(size(message) <= LEAST_TOKENS for message in told)


CALL = ToolCall.of("c1", "world.look", {})
ASKS = state().with_reply(Reply("", (CALL,)), 10, 0)
EMPTY = Reply("")


@pytest.mark.parametrize(
    ("after", "move"),
    [
        (state(), CallModel),
        (ASKS, CallTools),
        (ASKS.with_outcome(Outcome("c1", None)), Await),
        (ASKS.with_outcome(Outcome("c1", "seen")), CallModel),
        (state().with_reply(Reply(" Done. "), 10, 0), Finish),
        (state().with_reply(Reply("", stop_reason="refusal"), 10, 0), Fail),
        (state().with_reply(EMPTY, 10, 0), CallModel),
        (state(malformed_replies=1).with_reply(EMPTY, 10, 0), Fail),
        (state().with_model_failure("It is down.", 0, 0), CallModel),
        (state(malformed_replies=1).with_model_failure("It is down.", 0, 0), Fail),
        (state().with_reply(Reply("Done."), 10, 0).with_words("And Ole?"), CallModel),
    ],
)
def test_what_follows_what(after: AgentState, move: type) -> None:
    assert type(next_move(after, now=0)) is move


def test_what_came_of_replies_that_broke_off_counts_for_the_limit_of_tokens() -> None:
    broken = state(tokens=1_000, malformed_replies=5).with_model_failure("It broke off.", 600, 3)
    assert isinstance(next_move(broken, now=0), CallModel)
    found = next_move(broken.with_model_failure("It broke off.", 400, 2), now=0)
    assert isinstance(found, Fail)
    assert (found.ended_early, "1,000 tokens" in found.reason) == (True, True)


@pytest.mark.parametrize(
    ("limits", "says"), [({"steps": 2}, "2 steps"), ({"tokens": 10}, "10 tokens"), ({"wall_clock_seconds": 5}, "5 sec")]
)
def test_a_limit_ends_the_work_before_anything_new_and_never_in_the_middle(limits: dict[str, int], says: str) -> None:
    asks = state(**limits).with_reply(Reply("", (CALL,)), 10, 0).with_outcome(Outcome("c1", None))
    assert next_move(asks, now=5_000) == Await()
    found = next_move(asks.with_outcome(Outcome("c1", "seen")), now=5_000)
    assert isinstance(found, Fail)
    assert found.ended_early
    assert says in found.reason
    within = replace(asks.definition, limits=Limits())
    assert isinstance(next_move(replace(asks.with_outcome(Outcome("c1", "seen")), definition=within), 5_000), CallModel)
