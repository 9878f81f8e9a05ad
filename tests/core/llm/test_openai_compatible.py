"""The OpenAI-compatible provider against a small server that behaves, misbehaves, stalls, lies and breaks off."""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from legate_core.errors import Forbidden, Invalid, LegateError, Locked
from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolCall, ToolOffer, Usage
from legate_core.llm.openai_compatible import STREAM_BYTES
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from tests.fakes.model_server import (
    DONE,
    Answer,
    ModelServer,
    called,
    chunk,
    event,
    fragment,
    refused,
    said,
    usage,
)

KEY = "sk-test-0123456789abcdef"
ASK = ModelRequest("m-1", (Message("system", "Be brief."), Message("user", "Hello?")), max_tokens=64)
MAIL = ToolOffer("mail.send", "Send a mail.", {"type": "object", "properties": {"to": {"type": "string"}}})
FILES = ToolOffer("files.read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
SHORT = {"first_seconds": 0.05, "idle_seconds": 0.05, "tail_seconds": 0.05}


@dataclass
class World:
    """Surroundings without waiting, that remember how long would have been waited."""

    slept: list[float] = field(default_factory=list)
    lent: list[tuple[str, str]] = field(default_factory=list)
    time: int = 1_790_000_000_000
    key: str = KEY

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(
            transport=lambda _: httpx.AsyncHTTPTransport(verify=False),
            secret=self._lend,
            now=lambda: self.time,
            sleep=self._sleep,
            jitter=lambda: 1.0,
        )

    def _lend(self, secret_id: str, host: str) -> str:
        self.lent.append((secret_id, host))
        return self.key

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def world() -> World:
    return World()


async def ask(
    world: World, server: ModelServer, request: ModelRequest = ASK, **settings: Any
) -> tuple[list[str], Reply]:
    """The pieces of text and the reply."""
    model = open_model(
        {"provider": "openai_compatible", "base_url": server.base_url, "model": "m-1", **settings}, world.surroundings
    )
    pieces: list[str] = []
    replies: list[Reply] = []
    async for item in model.stream(request):
        if isinstance(item, TextDelta):
            assert not replies, "text after the reply"
            pieces.append(item.text)
        else:
            replies.append(item)
    assert len(replies) == 1
    assert "".join(pieces) == replies[0].text
    return pieces, replies[0]


async def fail(world: World, server: ModelServer, request: ModelRequest = ASK, **settings: Any) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await ask(world, server, request, **settings)
    return caught.value


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
        await ask(world, server, request, secret="sec_1")
    asked = server.requests[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert world.lent == [("sec_1", "127.0.0.1")]
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


# Trouble that passes


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529, 408])
async def test_what_passes_is_asked_again_with_growing_waits(world: World, status: int):
    busy = refused(status, {"message": "busy"})
    async with ModelServer(busy, busy, said("now")) as server:
        _, reply = await ask(world, server)
    assert reply.text == "now"
    assert world.slept == [0.5, 1.0]


async def test_it_is_not_asked_for_ever(world: World):
    async with ModelServer(refused(503, {"message": "down"})) as server:
        failed = await fail(world, server)
    assert failed.kind == "unavailable"
    assert len(server.requests) == 4
    assert world.slept == [0.5, 1.0, 2.0]
    assert "down" in failed.message


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.5),
        ("Mon, 21 Sep 2026 14:13:27 GMT", 7.0),
        ("Mon, 21 Sep 2020 14:13:27 GMT", 0.5),
        ("soon", 0.5),
    ],
)
async def test_retry_after_is_kept_as_seconds_and_as_a_date(world: World, header: str, seconds: float):
    async with ModelServer(refused(429, {"message": "slow down"}, retry_after=header), said("now")) as server:
        await ask(world, server)
    assert world.slept == [seconds]


async def test_a_long_wait_is_said_instead_of_waited(world: World):
    async with ModelServer(refused(429, {"message": "tomorrow"}, retry_after="86400")) as server:
        failed = await fail(world, server)
    assert failed.kind == "rate_limited"
    assert "86400 seconds" in failed.message
    assert world.slept == []
    assert len(server.requests) == 1


async def test_a_server_that_is_not_there_is_tried_again_and_then_named(world: World):
    async with ModelServer(said("x")) as server:
        url = server.base_url
    model = open_model({"provider": "openai_compatible", "base_url": url, "model": "m"}, world.surroundings)
    with pytest.raises(ModelFailed, match="cannot be reached") as caught:
        await anext(model.stream(ASK))
    assert caught.value.kind == "unavailable"
    assert len(world.slept) == 3


@pytest.mark.parametrize("end", ["cut", "reset"])
async def test_a_stream_cut_before_its_first_word_is_asked_again(world: World, end: Any):
    broken = Answer([b": processing\n\n", chunk({"role": "assistant", "content": ""})], end=end)
    async with ModelServer(broken, said("now")) as server:
        _, reply = await ask(world, server)
    assert reply.text == "now"


@pytest.mark.parametrize(
    "answer",
    [
        Answer([chunk({"content": "Half a sen"})], end="cut"),
        Answer([chunk({"content": "Half a sen"})], end="end"),
        Answer([chunk({"content": "Half a sen"})], headers={"transfer-encoding": ""}, end="cut"),
        Answer([chunk({"content": "Half a sen"}), event({"error": {"code": 502, "message": "gone"}})]),
        Answer([chunk({"content": "Half a sen"}), chunk(finish="error")]),
    ],
    ids=["closed", "ended", "closed without length", "error in the stream", "finish_reason error"],
)
async def test_what_has_begun_is_never_begun_again(world: World, answer: Answer):
    async with ModelServer(answer, said("a second time")) as server:
        failed = await fail(world, server)
    assert failed.kind in ("cut", "unavailable")
    assert len(server.requests) == 1
    assert failed.usage is not None, "what broke off is charged"
    assert failed.usage.output_tokens > 0


async def test_an_error_in_a_stream_that_has_not_begun_counts_like_a_status(world: World):
    async with ModelServer(Answer([event({"error": {"code": 429, "message": "busy"}})]), said("now")) as server:
        _, reply = await ask(world, server)
    assert reply.text == "now"


async def test_a_cut_after_the_last_word_loses_nothing(world: World):
    async with ModelServer(Answer([chunk({"content": "All."}), chunk(finish="stop")], end="cut")) as server:
        _, reply = await ask(world, server)
    assert (reply.text, reply.stop_reason, reply.usage.is_estimated) == ("All.", "end", True)


# Trouble that stays

OVERFLOWS = [
    (400, {"code": 400, "type": "exceed_context_size_error", "message": "request (3031 tokens) exceeds the available"}),
    (400, {"code": "context_length_exceeded", "message": "Please reduce the length of the messages."}),
    (400, {"message": "This model's maximum context length is 4096 tokens. However, you requested 5000"}),
    (500, {"message": "the request exceeds the available context size. try increasing the context size"}),
    (413, {"message": "payload too large"}),
]


@pytest.mark.parametrize(("status", "error"), OVERFLOWS)
async def test_too_long_a_conversation_is_told_apart(world: World, status: int, error: Any):
    async with ModelServer(refused(status, error)) as server:
        failed = await fail(world, server)
    assert failed.kind == "context_overflow"
    assert "transcript limit" in failed.message
    assert world.slept == []


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"message": "Incorrect API key"}, "auth"),
        (403, {"message": "not yours"}, "auth"),
        (403, {"message": "flagged by moderation"}, "refused"),
        (402, {"message": "more credits"}, "refused"),
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}, "refused"),
        (404, {"message": "no such model"}, "refused"),
        (400, {"message": "unknown parameter"}, "refused"),
        (422, {"message": "max_tokens is too large"}, "refused"),
        (307, {"message": "over there"}, "refused"),
    ],
)
async def test_what_asking_again_cannot_mend_is_asked_once(world: World, status: int, error: Any, kind: str):
    async with ModelServer(refused(status, error, location="/elsewhere")) as server:
        failed = await fail(world, server, secret="sec_1")
    assert failed.kind == kind
    assert len(server.requests) == 1
    assert failed.message.endswith(".")


PAGE = b"<!DOCTYPE html><html><body><h1>Welcome to my site</h1></body></html>"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer([PAGE], content_type="text/html"), "a web page"),
        (Answer([PAGE], content_type="application/json"), "no JSON"),
        (Answer([b"\x89PNG"], content_type="image/png"), "image/png"),
        (Answer([b'{"hello": 1}'], content_type="application/json"), "no reply"),
        (Answer([event("not json")]), "no JSON"),
        (Answer([event("[1, 2]")]), "no chat completion"),
        (Answer([event("[" * 90_000)]), "no JSON"),
        (Answer([chunk({"content": "x"})], headers={"content-encoding": "gzip"}), "compresses"),
    ],
    ids=["html", "html as json", "image", "other json", "no json", "a list", "deep", "compressed"],
)
async def test_what_is_no_reply_is_said_to_be_none(world: World, answer: Answer, words: str):
    async with ModelServer(answer) as server:
        failed = await fail(world, server)
    assert failed.kind == "bad_reply"
    assert words in failed.message
    assert len(server.requests) == 1


async def test_an_error_page_is_not_shown(world: World):
    async with ModelServer(Answer([PAGE * 10_000], status=400, content_type="text/html")) as server:
        failed = await fail(world, server)
    assert "<" not in failed.message
    assert "a web page" in failed.message


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


# Slow


async def test_a_server_that_never_begins_is_given_up(world: World):
    async with ModelServer(Answer(end="hang")) as server:
        failed = await fail(world, server, time_limits=SHORT)
        await server.left.wait()
    assert failed.kind == "timeout"
    assert "did not begin" in failed.message
    assert len(server.requests) == 1


async def test_a_server_that_stops_in_the_middle_is_given_up(world: World):
    async with ModelServer(Answer([chunk({"content": "One"})], end="hang")) as server:
        failed = await fail(world, server, time_limits=SHORT)
        await server.left.wait()
    assert failed.kind == "timeout"
    assert "silent" in failed.message


async def test_a_server_that_goes_on_but_never_ends_is_given_up(world: World):
    async with ModelServer(Answer([chunk({"content": "One"})], end="hang")) as server:
        failed = await fail(world, server, time_limits={"total_seconds": 0.05})
    assert failed.kind == "timeout"


async def test_a_server_that_forgets_to_hang_up_is_not_waited_for(world: World):
    async with ModelServer(Answer([chunk({"content": "All."}), chunk(finish="stop")], end="hang")) as server:
        _, reply = await ask(world, server, time_limits=SHORT)
        await server.left.wait()
    assert reply.text == "All."


# Stopping


@pytest.mark.parametrize("pieces", [(), (chunk({"content": "One"}),)], ids=["before the first byte", "in the middle"])
async def test_cancelling_closes_the_connection(world: World, pieces: tuple[bytes, ...]):
    async with ModelServer(Answer(pieces, end="hang")) as server:
        task = asyncio.create_task(ask(world, server))
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left.wait()


async def test_closing_the_stream_closes_the_connection(world: World):
    async with ModelServer(Answer([chunk({"content": "One"})], end="hang")) as server:
        model = open_model(
            {"provider": "openai_compatible", "base_url": server.base_url, "model": "m"}, world.surroundings
        )
        async with aclosing(model.stream(ASK)) as stream:
            assert await anext(stream) == TextDelta("One")
        await server.left.wait()


async def test_the_connection_is_closed_before_the_reply_is_given(world: World):
    """The executor leaves its loop at the reply; nothing may stay open until the garbage collector comes by."""
    async with ModelServer(said("x", end="hang")) as server:
        settings = {"provider": "openai_compatible", "base_url": server.base_url, "model": "m"}
        async with aclosing(open_model(settings, world.surroundings).stream(ASK)) as stream:
            assert await anext(stream) == TextDelta("x")
            assert isinstance(await anext(stream), Reply)
            await server.left.wait()


async def test_no_attempt_follows_a_cancelled_wait(world: World):
    async def never(seconds: float) -> None:
        await asyncio.Event().wait()

    async with ModelServer(refused(503, {"message": "down"})) as server:
        surroundings = Surroundings(transport=lambda _: httpx.AsyncHTTPTransport(verify=False), sleep=never)
        settings = {"provider": "openai_compatible", "base_url": server.base_url, "model": "m"}
        task = asyncio.create_task(anext(open_model(settings, surroundings).stream(ASK)))
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.requests) == 1


# The key

ECHOES: list[Callable[[str], Answer]] = [
    lambda key: refused(401, {"message": f"Incorrect API key provided: {key}."}),
    lambda key: refused(500, {"message": f"header 'Bearer {key}' is odd"}),
    lambda key: Answer([f"you sent {key}".encode()], status=400, content_type="text/plain"),
    lambda key: Answer([event({"error": {"message": f"key {key}"}})]),
    lambda key: said("Your key is ", key, "!"),
    lambda key: called(fragment(0, "c1", "mail__send", json.dumps({"to": key}))),
]


@pytest.mark.parametrize("echo", ECHOES)
async def test_a_server_that_sends_the_key_back_gets_it_nowhere(
    world: World, caplog: pytest.LogCaptureFixture, echo: Callable[[str], Answer]
):
    caplog.set_level(logging.DEBUG)
    async with ModelServer(echo(KEY)) as server:
        failed = await fail(world, server, secret="sec_1")
    everything = "".join(traceback.format_exception(failed)) + repr(failed.details) + failed.message + caplog.text
    assert KEY not in everything
    assert "httpx" in caplog.text or "httpcore" in caplog.text, "the log was looked at"


@pytest.mark.parametrize("key", ["", "sk-a\nb", "sk-ä", "sk a"])
async def test_a_key_that_is_none_is_refused_without_being_shown(world: World, key: str):
    world.key = key
    async with ModelServer(said("x")) as server:
        failed = await fail(world, server, secret="sec_1")
    assert failed.kind == "auth"
    assert not key or key not in failed.message
    assert server.requests == []


async def test_a_sealed_vault_is_told_as_such(world: World):
    def sealed(secret_id: str, host: str) -> str:
        raise Locked("The vault is sealed. Open it first.")

    async with ModelServer(said("x")) as server:
        settings = {"provider": "openai_compatible", "base_url": server.base_url, "model": "m", "secret": "sec_1"}
        with pytest.raises(Locked):
            await anext(open_model(settings, Surroundings(secret=sealed)).stream(ASK))
    assert server.requests == []


async def test_what_the_egress_broker_refuses_is_told_in_its_words(world: World):
    class Airplane(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise Forbidden("The airplane switch is on. Switch it off first.")

    settings = {"provider": "openai_compatible", "base_url": "https://models.example/v1", "model": "m"}
    with pytest.raises(Forbidden, match="airplane"):
        await anext(open_model(settings, Surroundings(transport=lambda _: Airplane())).stream(ASK))


async def test_without_a_network_there_is_a_sentence_and_no_crash():
    settings = {"provider": "openai_compatible", "base_url": "https://models.example/v1", "model": "m"}
    with pytest.raises(LegateError, match="no road"):
        await anext(open_model(settings, Surroundings()).stream(ASK))


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
