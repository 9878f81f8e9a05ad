"""The scripted model plays its script by the request alone, also trimmed, and fails on command."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolCall
from legate_core.llm.registry import open_model, price_of
from legate_core.llm.scripted import last_results, replies_so_far
from legate_core.llm.surroundings import Surroundings

START = (Message("system", "s"), Message("user", "u"))
LOOK = {"tool": "files.read", "arguments": {"path": "a.txt"}}


async def play(turns: list[dict[str, Any]], *messages: Message, surroundings: Surroundings | None = None) -> Reply:
    model = open_model({"provider": "scripted", "turns": turns}, surroundings or Surroundings())
    items = [item async for item in model.stream(ModelRequest("", (*START, *messages)))]
    assert isinstance(items[-1], Reply)
    assert "".join(item.text for item in items[:-1] if isinstance(item, TextDelta)) == items[-1].text
    return items[-1]


def turn(reply: Reply, *results: str) -> tuple[Message, ...]:
    heard = zip(reply.tool_calls, results, strict=True)
    return (
        Message("assistant", reply.text, reply.tool_calls),
        *(Message("tool", text, tool_call_id=call.id, name=call.name) for call, text in heard),
    )


async def test_a_conversation_is_played_turn_by_turn():
    turns = [
        {"at": 0, "say": "I look.", "call": [LOOK, LOOK]},
        {"at": 1, "when": "yellow", "say": "It is yellow."},
        {"at": 1, "say": "It is not."},
    ]
    first = await play(turns)
    assert first.stop_reason == "tool_calls"
    assert [call.arguments for call in first.tool_calls] == [{"path": "a.txt"}] * 2
    assert len({call.id for call in first.tool_calls}) == 2
    assert (await play(turns, *turn(first, "blue", "a yellow lamp"))).text == "It is yellow."
    assert (await play(turns, *turn(first, "blue", "green"))).text == "It is not."


async def test_only_the_last_results_are_searched():
    turns = [
        {"at": 0, "call": [LOOK]},
        {"at": 1, "call": [LOOK]},
        {"at": 2, "when": "gold", "say": "found"},
        {"at": 2, "say": "nothing"},
    ]
    first = await play(turns)
    second = await play(turns, *turn(first, "gold"))
    assert (await play(turns, *turn(first, "gold"), *turn(second, "dust"))).text == "nothing"


async def test_a_trimmed_transcript_does_not_turn_the_script_back():
    call = ToolCall.of("s6-0", "files.read", {})
    kept = (Message("user", "[Earlier steps were left out.]"), Message("assistant", "", (call,)), Message("tool", "x"))
    assert replies_so_far((*START, *kept)) == 7


def test_replies_without_scripted_calls_are_counted():
    messages = (*START, Message("assistant", ""), Message("user", "nudge"), Message("assistant", "x"))
    assert replies_so_far(messages) == 2
    assert last_results(messages) == ""


async def test_text_comes_in_small_pieces():
    model = open_model({"provider": "scripted", "turns": [{"at": 0, "say": "one two  three\nfour "}]}, Surroundings())
    pieces = [item.text async for item in model.stream(ModelRequest("", START)) if isinstance(item, TextDelta)]
    assert len(pieces) >= 4
    assert "".join(pieces) == "one two  three\nfour "


async def test_a_raw_call_is_what_a_bad_model_would_send():
    reply = await play([{"at": 0, "call": [{"tool": "files.read", "raw": '{"path": '}]}])
    assert reply.tool_calls[0].arguments is None
    assert reply.tool_calls[0].error


KINDS = ["auth", "context_overflow", "refused", "rate_limited", "unavailable", "timeout", "bad_reply", "cut"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_fails_as_it_is_named(kind: str):
    with pytest.raises(ModelFailed) as caught:
        await play([{"at": 0, "say": "one two three four", "fault": kind}])
    assert caught.value.kind == kind


async def test_a_cut_comes_in_the_middle_of_the_text():
    turns = [{"at": 0, "say": "one two three four", "fault": "cut"}]
    model = open_model({"provider": "scripted", "turns": turns}, Surroundings())
    stream = model.stream(ModelRequest("", START))
    assert [await anext(stream), await anext(stream)] == [TextDelta("one"), TextDelta(" two")]
    with pytest.raises(ModelFailed) as caught:
        await anext(stream)
    assert caught.value.usage is not None


async def test_an_empty_reply_is_a_reply():
    reply = await play([{"at": 0, "say": "x", "call": [LOOK], "fault": "empty"}])
    assert (reply.text, reply.tool_calls) == ("", ())


async def test_malformed_json_breaks_the_first_call():
    reply = await play([{"at": 0, "call": [LOOK, LOOK], "fault": "malformed_json"}])
    assert [call.arguments is None for call in reply.tool_calls] == [True, False]


async def test_a_fault_can_pass_after_some_times():
    turns = [{"at": 0, "say": "x", "fault": "unavailable", "times": 2}]
    world = Surroundings()
    for _ in range(2):
        with pytest.raises(ModelFailed):
            await play(turns, surroundings=world)
    assert (await play(turns, surroundings=world)).text == "x"
    with pytest.raises(ModelFailed):
        await play(turns, Message("user", "another conversation"), surroundings=world)


async def test_a_model_that_hangs_can_be_stopped():
    model = open_model({"provider": "scripted", "turns": [{"at": 0, "fault": "hang"}]}, Surroundings())

    async def listen() -> None:
        async for _ in model.stream(ModelRequest("", START)):
            raise AssertionError("it should hang")

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_script_that_runs_out_is_no_failure_to_try_again():
    reply = await play([{"at": 0, "call": [LOOK]}])
    with pytest.raises(Invalid, match="no turn at = 1"):
        await play([{"at": 0, "call": [LOOK]}], *turn(reply, "x"))


async def test_a_script_in_a_file_and_as_text_are_the_same(tmp_path: Path):
    text = "[[turn]]\nat = 0\nsay = 'Hello.'"
    (tmp_path / "s.toml").write_text(text, "utf-8")
    for settings in ({"script": str(tmp_path / "s.toml")}, {"text": text}):
        model = open_model({"provider": "scripted", **settings}, Surroundings())
        assert [item async for item in model.stream(ModelRequest("", START))][-1].text == "Hello."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "needs one of"),
        ({"script": "/a.toml", "turns": []}, "needs one of"),
        ({"script": "deputy.toml"}, "full path"),
        ({"script": 3}, "must be text"),
        ({"turns": [{"at": 0, "say": "x"}], "file": "x"}, "unknown setting 'file'"),
        ({"turns": [{"at": 0, "say": "x"}], "max_tokens": 0}, "max_tokens"),
        ({"turns": [{"at": 0, "say": "x"}], "temperature": 9}, "temperature"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str):
    with pytest.raises(Invalid, match=words):
        open_model({"provider": "scripted", **settings}, Surroundings())


def test_a_script_costs_nothing_unless_it_is_to_practise_money():
    price = price_of({"provider": "scripted", "turns": []})
    assert price is not None
    assert price.is_free
    practised = price_of({"provider": "scripted", "turns": [], "price": {"input": "1", "output": "2"}})
    assert practised is not None
    assert practised.output_micros_per_million == 2_000_000
