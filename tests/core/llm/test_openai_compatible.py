"""The OpenAI-compatible provider with a server that behaves: text, calls, usage, JSON of a shape, odd bytes."""

import asyncio
import json

import pytest

from legate_core.errors import Invalid
from legate_core.llm.base import Message, ModelRequest, Reply, TextDelta, ToolCall, Usage
from legate_core.llm.exchange import STREAM_BYTES
from legate_core.llm.registry import open_model
from tests.fakes.model_server import (
    DONE,
    Answer,
    ModelServer,
    called,
    chunk,
    event,
    fragment,
    said,
    usage,
)
from tests.fakes.model_world import ASK, FILES, KEY, MAIL, World, ask, fail


@pytest.fixture
def world() -> World:
    return World()


# Well-behaved


async def test_text_streams_and_usage_is_what_the_server_counted(world: World):
    async with ModelServer(said("Good ", "morning", ".")) as server:
        pieces, reply = await ask(world, server)
    assert pieces == ["Good ", "morning", "."]
    assert reply == Reply("Good morning.", (), "end", Usage(10, 5), "fake-1")
    assert world.slept == []


async def test_text_is_given_on_before_the_answer_is_whole(world: World):
    gate = asyncio.Event()
    answer = Answer([chunk({"content": "one"}), gate, chunk({"content": "two"}), chunk(finish="stop"), DONE])
    async with ModelServer(answer) as server:
        model = open_model(
            {"provider": "openai_compatible", "base_url": server.base_url, "model": "m"}, world.surroundings
        )
        stream = model.stream(ASK)
        assert await anext(stream) == TextDelta("one")
        gate.set()
        assert await anext(stream) == TextDelta("two")
        assert isinstance(await anext(stream), Reply)


async def test_the_request_says_what_is_wanted(world: World):
    request = ModelRequest(
        "m-1",
        (
            Message("system", "s"),
            Message("user", "u"),
            Message("assistant", "", (ToolCall.of("c1", "mail.send", {"to": "kim@example.com"}),)),
            Message("tool", "sent", tool_call_id="c1", name="mail.send"),
            Message("assistant", "", (ToolCall.parsed("c2", "mail.send", "{broken"),)),
            Message("tool", "no JSON", tool_call_id="c2", name="mail.send"),
            Message("assistant", ""),
        ),
        (MAIL,),
        max_tokens=77,
        temperature=0.25,
    )
    async with ModelServer(said("ok")) as server:
        place = server.base_url.removeprefix("http://").removesuffix("/v1")
        await ask(world, server, request, secret="sec_1")
    asked = server.requests[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert world.lent == [("sec_1", place)]
    body = asked.body
    assert (body["model"], body["max_tokens"], body["temperature"], body["stream"]) == ("m-1", 77, 0.25, True)
    assert body["stream_options"] == {"include_usage": True}
    assert body["tools"][0]["function"]["name"] == "mail__send"
    said_so_far = body["messages"]
    assert said_so_far[2]["content"] is None
    call = said_so_far[2]["tool_calls"][0]
    assert call["function"] == {"name": "mail__send", "arguments": '{"to":"kim@example.com"}'}
    assert said_so_far[3] == {"role": "tool", "tool_call_id": "c1", "content": "sent"}
    assert json.loads(said_so_far[4]["tool_calls"][0]["function"]["arguments"]) == {"not_json": "{broken"}
    assert said_so_far[6]["content"], "several servers refuse an empty turn"


async def test_without_a_secret_no_key_is_sent(world: World):
    async with ModelServer(said("ok")) as server:
        await ask(world, server)
    assert "authorization" not in server.requests[0].headers
    assert world.lent == []


async def test_parallel_calls_arrive_in_fragments(world: World):
    answer = called(
        fragment(0, "c1", "mail__send"),
        fragment(0, arguments='{"to": "k'),
        fragment(1, "c2", "files__read", '{"pa'),
        fragment(0, arguments='im@example.com"}'),
        fragment(1, arguments='th": "a.txt"}'),
        say="Two things.",
    )
    async with ModelServer(answer) as server:
        _, reply = await ask(world, server, ModelRequest("m", ASK.messages, (MAIL, FILES)))
    assert reply.text == "Two things."
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [
        ("c1", "mail.send", {"to": "kim@example.com"}),
        ("c2", "files.read", {"path": "a.txt"}),
    ]
    assert reply.stop_reason == "tool_calls"


async def test_invalid_tool_json_is_a_call_without_arguments(world: World):
    async with ModelServer(called(fragment(0, "c1", "mail__send", '{"to": "kim'))) as server:
        _, reply = await ask(world, server, ModelRequest("m", ASK.messages, (MAIL,)))
    call = reply.tool_calls[0]
    assert call.arguments is None
    assert call.raw == '{"to": "kim'
    assert "character" in call.error


async def test_an_answer_in_one_piece_is_taken_too(world: World):
    whole = {
        "model": "fake-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    async with ModelServer(Answer([json.dumps(whole).encode()], content_type="application/json")) as server:
        pieces, reply = await ask(world, server)
    assert (pieces, reply.usage) == (["Hi."], Usage(3, 2))


async def test_tokens_are_estimated_upwards_where_the_server_does_not_count(world: World):
    async with ModelServer(Answer([chunk({"content": "four words are here"}), chunk(finish="stop"), DONE])) as server:
        _, reply = await ask(world, server)
    assert reply.usage.is_estimated
    assert reply.usage.output_tokens >= 4
    assert reply.usage.input_tokens >= 4


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "end"), ("length", "length"), ("content_filter", "refusal"), ("because", "other")],
)
async def test_stop_reasons_are_translated_and_an_unknown_one_is_taken(world: World, finish: str, reason: str):
    async with ModelServer(said("x", finish=finish)) as server:
        _, reply = await ask(world, server)
    assert reply.stop_reason == reason


async def test_a_refusal_is_text_and_a_stop_reason(world: World):
    answer = Answer([chunk({"refusal": "I would rather not."}), chunk(finish="stop"), DONE])
    async with ModelServer(answer) as server:
        _, reply = await ask(world, server)
    assert (reply.text, reply.stop_reason) == ("I would rather not.", "refusal")


async def test_usage_with_cached_tokens_is_read(world: World):
    answer = Answer(
        [
            chunk({"content": "x"}),
            chunk(finish="stop"),
            usage(100, 5, prompt_tokens_details={"cached_tokens": 80}),
            DONE,
        ]
    )
    async with ModelServer(answer) as server:
        _, reply = await ask(world, server)
    assert reply.usage == Usage(100, 5, 80)


# JSON of a shape

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
ASK_JSON = ModelRequest("m-1", ASK.messages, response_schema=SCHEMA)


async def test_a_shape_is_asked_for_and_checked(world: World):
    async with ModelServer(said('{"city": ', '"Oslo"}')) as server:
        _, reply = await ask(world, server, ASK_JSON)
    assert json.loads(reply.text) == {"city": "Oslo"}
    wanted = server.requests[0].body["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["schema"] == SCHEMA
    assert wanted["json_schema"]["strict"] is True


@pytest.mark.parametrize("text", ['{"city": 3}', "Oslo", '{"city": "Os', "[" * 100_000])
async def test_a_server_that_ignores_the_shape_is_found_out(world: World, text: str):
    async with ModelServer(said(text)) as server:
        failed = await fail(world, server, ASK_JSON)
    assert failed.kind == "bad_reply"
    assert failed.usage == Usage(10, 5)


async def test_a_wrong_schema_is_refused_before_anything_is_paid(world: World):
    async with ModelServer(said("{}")) as server:
        with pytest.raises(Invalid, match="no JSON Schema"):
            await ask(world, server, ModelRequest("m", ASK.messages, response_schema={"type": "thing"}))
    assert server.requests == []


# Odd bytes


async def test_half_a_character_at_a_chunk_border_does_no_harm(world: World):
    text = "Grüße, 世界 🌍!"
    raw = event(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False))
    bytewise = [raw[i : i + 1] for i in range(len(raw))]
    async with ModelServer(Answer([*bytewise, chunk(finish="stop"), DONE])) as server:
        _, reply = await ask(world, server)
    assert reply.text == text


async def test_an_emoji_cut_in_two_is_joined(world: World):
    halves = [
        event(f'{{"choices":[{{"index":0,"delta":{{"content":"{half}"}}}}]}}') for half in ("a\\ud83c", "\\udf0db")
    ]
    async with ModelServer(Answer([*halves, chunk(finish="stop"), DONE])) as server:
        pieces, reply = await ask(world, server)
    assert reply.text == "a🌍b"
    assert pieces == ["a", "🌍b"]


async def test_half_an_emoji_alone_is_replaced(world: World):
    lone = event('{"choices":[{"index":0,"delta":{"content":"a\\ud83c"}}]}')
    async with ModelServer(Answer([lone, chunk(finish="stop"), DONE])) as server:
        _, reply = await ask(world, server)
    assert reply.text == "a\ufffd"


async def test_comments_names_and_windows_line_ends_are_understood(world: World):
    raw = b": OPENROUTER PROCESSING\r\n\r\nevent: message\r\nid: 1\r\n" + chunk({"content": "Hi"}).replace(
        b"\n", b"\r\n"
    )
    async with ModelServer(Answer([raw, chunk(finish="stop"), b"data: [DONE]"])) as server:
        _, reply = await ask(world, server)
    assert reply.text == "Hi"


async def test_a_line_of_fifty_megabytes_is_not_kept(world: World):
    block = b"x" * 1_000_000
    async with ModelServer(Answer([b"data: ", *[block] * 50], end="hang")) as server:
        failed = await fail(world, server)
        await server.left.wait()
    assert failed.kind == "bad_reply"
    assert "line without an end" in failed.message


async def test_an_endless_stream_is_stopped(world: World):
    request = ModelRequest("m", ASK.messages, max_tokens=1)
    block = chunk({"content": "la " * 20_000})
    needed = STREAM_BYTES // len(block) + 2
    async with ModelServer(Answer([block] * needed, end="hang")) as server:
        failed = await fail(world, server, request)
        await server.left.wait()
    assert failed.kind == "bad_reply"
    assert "does not stop" in failed.message
    assert failed.usage is not None


async def test_a_call_without_an_end_is_stopped(world: World):
    pieces = [chunk({"tool_calls": [fragment(0, "c1", "mail__send", "x" * 500_000)]})] * 3
    async with ModelServer(Answer(pieces, end="hang")) as server:
        failed = await fail(world, server, ModelRequest("m", ASK.messages, (MAIL,)))
    assert failed.kind == "bad_reply"
    assert "call without an end" in failed.message


async def test_a_body_of_an_error_is_read_only_so_far(world: World):
    async with ModelServer(Answer([b"y" * 100_000] * 20, status=400, content_type="text/plain", end="hang")) as server:
        failed = await fail(world, server)
    assert failed.kind == "refused"
    assert len(failed.message) < 500
