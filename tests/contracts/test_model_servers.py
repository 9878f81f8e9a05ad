"""What every provider keeps that speaks to a server, on a server that is busy, breaks off, lies, or is none."""

import asyncio
import base64
import json
import re
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from legate_core.egress.broker import Broker
from legate_core.errors import Invalid, LegateError
from legate_core.llm import anthropic_reply
from legate_core.llm.base import Image, Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer, Usage
from legate_core.llm.event_stream import MAX_LINE_BYTES
from legate_core.llm.keys import KNOWN_HOSTS
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from legate_core.llm.tokens import count_input
from tests.contracts.test_models import Rerouted
from tests.fakes.model_server import Answer, ModelServer, Piece
from tests.fakes.model_world import KEY, World
from tests.fakes.promises import promise
from tests.fakes.wires import STOPS, WIRE, Wire, begun, block, called, content_type, said

ASK = ModelRequest("m-1", (Message("system", "Be brief."), Message("user", "Hello?")), max_tokens=64)
MAIL = ToolOffer("mail.send", "Send a mail.", {"type": "object", "properties": {"to": {"type": "string"}}})
PNG = b"\x89PNG\r\n\x1a\n and the rest"
EMOJI = "Grüße 🎉 世界"


@dataclass
class Place:
    """One provider, a server of its kind, and the world it is asked from."""

    wire: Wire
    server: ModelServer
    world: World

    async def ask(self, *answers: Answer, request: ModelRequest = ASK, **settings: Any) -> tuple[list[str], Reply]:
        """The pieces of text and the reply."""
        self.server.answers = list(answers)
        pieces: list[str] = []
        async with aclosing(self.open(**settings).stream(request)) as stream:
            async for item in stream:
                if isinstance(item, TextDelta):
                    pieces.append(item.text)
                else:
                    assert "".join(pieces) == item.text
                    return pieces, item
        raise AssertionError("no reply came")

    async def fail(self, *answers: Answer, request: ModelRequest = ASK, **settings: Any) -> ModelFailed:
        with pytest.raises(ModelFailed) as caught:
            await self.ask(*answers, request=request, **settings)
        assert caught.value.message.endswith((".", "!", "?"))
        return caught.value

    def open(self, **settings: Any) -> Any:
        return open_model({**self.wire.settings, **self._where(), **settings}, self.surroundings)

    def _where(self) -> Mapping[str, Any]:
        return {} if self.wire.name in ("openai", "openrouter") else {"base_url": self.server.base_url}

    @property
    def surroundings(self) -> Surroundings:
        if self._where():
            return replace(self.world.surroundings, transport=Broker().transport)
        return replace(self.world.surroundings, transport=lambda _: Rerouted(self.server.base_url))


ALL_BUT_OLLAMA = pytest.mark.parametrize("place", [name for name in WIRE if name != "ollama"], indirect=True)


@pytest.fixture(params=list(WIRE))
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with ModelServer() as server:
        yield Place(WIRE[request.param], server, World())


def whole(place: Place, *pieces: Piece, **more: Any) -> Answer:
    return Answer(list(pieces), content_type=content_type(place.wire), **more)


# What is said


@promise("Tokens are counted")
async def test_tokens_are_as_the_server_counts_them(place: Place) -> None:
    _, reply = await place.ask(said(place.wire, "Hi."))
    cached = 3 if place.wire.name == "anthropic" else 0
    assert reply.usage == Usage(10, 5, cached)
    assert reply.model == "fake-1"


@promise("Tokens are counted")
async def test_tokens_that_nobody_counted_are_estimated_and_said_to_be(place: Place) -> None:
    pieces = [piece for piece in said(place.wire, "Hi.").pieces if isinstance(piece, bytes)]
    if place.wire.name == "ollama":
        pieces[-1] = json.dumps({"message": {"content": ""}, "done": True}).encode() + b"\n"
    else:
        pieces = [piece.replace(b'"usage"', b'"other"') for piece in pieces]
    _, reply = await place.ask(whole(place, *pieces))
    assert reply.usage.is_estimated
    assert reply.usage.input_tokens > 0
    assert 0 < reply.usage.output_tokens <= ASK.max_tokens


@promise("Tokens are counted")
async def test_a_server_that_counts_nothing_is_not_believed(place: Place) -> None:
    pieces = said(place.wire, "Hello ", "there.").pieces
    counts = rb'("(?:prompt|completion|input|output|cache_read_input)_tokens": |"(?:prompt_)?eval_count": )\d+'
    nothing = [re.sub(counts, rb"\g<1>0", piece) for piece in pieces if isinstance(piece, bytes)]
    _, reply = await place.ask(whole(place, *nothing))
    assert reply.usage.is_estimated
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens == len("Hello there.")


@promise("Stop reasons are told apart")
@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop != "refusal"])
async def test_why_it_stopped_is_known(place: Place, stop: str) -> None:
    _, reply = await place.ask(said(place.wire, "Hi.", stop=stop))
    assert reply.stop_reason == ("other" if stop == "unknown" else stop)
    assert reply.text == "Hi."


@promise("A refusal is a refusal")
@ALL_BUT_OLLAMA  # which has no word for it
async def test_a_refusal_keeps_its_words(place: Place) -> None:
    _, reply = await place.ask(said(place.wire, "I would ", "rather not.", stop="refusal"))
    assert (reply.stop_reason, reply.text) == ("refusal", "I would rather not.")


@promise("A system's words stand apart")
async def test_the_system_is_not_the_user(place: Place) -> None:
    await place.ask(said(place.wire, "Hi."))
    body = self_body(place)
    if place.wire.name == "anthropic":
        assert body["system"] == "Be brief."
        assert [message["role"] for message in body["messages"]] == ["user"]
    else:
        assert [(m["role"], m["content"]) for m in body["messages"]] == [("system", "Be brief."), ("user", "Hello?")]


def self_body(place: Place) -> Any:
    return place.server.requests[-1].body


@promise("Pictures are shown, or refused")
async def test_a_picture_arrives_as_it_is(place: Place) -> None:
    picture = Image.of(PNG)
    request = replace(ASK, messages=(Message("user", "What is this?", images=(picture,)),))
    await place.ask(said(place.wire, "A cat."), request=request)
    assert place.wire.images(self_body(place)) == [("image/png", base64.b64encode(PNG).decode())]
    assert "What is this?" in json.dumps(self_body(place))


@promise("Pictures are shown, or refused")
async def test_a_model_without_eyes_refuses(place: Place) -> None:
    request = replace(ASK, messages=(Message("user", "What is this?", images=(Image.of(PNG),)),))
    failed = await place.fail(place.wire.refused(400, "this model does not support images"), request=request)
    assert failed.kind == "refused"
    assert "does not support images" in failed.message


ONLY_ANTHROPIC = pytest.mark.parametrize("place", ["anthropic"], indirect=True)
SIGNED = {"type": "thinking", "thinking": "Kim asked for it. \N{GRINNING FACE}", "signature": "c2lnbmVkIQ=="}
SEALED = {"type": "redacted_thinking", "data": "c2VhbGVk"}


def thoughtful(wire: Wire, *, is_whole: bool = False) -> Answer:
    """A turn that begins with a thought in words, one that is sealed and one that was never signed, and ends with a call."""
    call = {"type": "tool_use", "id": "c1", "name": "mail__send", "input": {"to": "kim"}}
    if is_whole:
        usage = {"input_tokens": 10, "output_tokens": 5}
        message = {"type": "message", "model": "m", "content": [SIGNED, SEALED, call], "stop_reason": "tool_use"}
        return Answer([json.dumps({**message, "usage": usage}).encode()], content_type="application/json")
    words = json.dumps(SIGNED["thinking"])[1:-1]
    # A character comes apart between two events, as its two halves are escaped.
    cut = words.index("\\ude00")
    pieces: list[Piece] = [
        *wire.begin(),
        block("content_block_start", index=1, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        *(raw_thought(1, part) for part in (words[:cut], words[cut:])),
        block("content_block_delta", index=1, delta={"type": "signature_delta", "signature": SIGNED["signature"]}),
        block("content_block_start", index=2, content_block=SEALED),
        block("content_block_start", index=3, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        block("content_block_delta", index=3, delta={"type": "thinking_delta", "thinking": "Not signed."}),
        block("content_block_start", index=4, content_block=call),
        *wire.finish("calls"),
    ]
    return Answer(pieces, content_type=content_type(wire))


def raw_thought(index: int, escaped: str) -> bytes:
    delta = f'{{"type": "thinking_delta", "thinking": "{escaped}"}}'
    return f'data: {{"type": "content_block_delta", "index": {index}, "delta": {delta}}}\n\n'.encode()


@promise("Thoughts go back as they came")
@ONLY_ANTHROPIC
@pytest.mark.parametrize("is_whole", [False, True], ids=["streamed", "whole"])
async def test_signed_and_sealed_thoughts_go_back_to_the_letter_and_before_the_call(
    place: Place, is_whole: bool
) -> None:
    request = replace(ASK, tools=(MAIL,), max_tokens=4_000, temperature=0.5)
    _, first = await place.ask(thoughtful(place.wire, is_whole=is_whole), request=request, thinking=2_000)
    body = self_body(place)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2_000}
    assert "temperature" not in body
    assert (first.text, first.thoughts) == ("", (SIGNED, SEALED))
    kept = Reply.from_json(json.loads(json.dumps(first.to_json())))
    turns = (
        *ASK.messages,
        Message("assistant", kept.text, tool_calls=kept.tool_calls, thoughts=kept.thoughts),
        Message("tool", "It was sent.", tool_call_id=kept.tool_calls[0].id, name="mail.send"),
    )
    assert count_input(replace(request, messages=turns)) > count_input(replace(request, messages=turns[:2])) + 60
    await place.ask(said(place.wire, "Done."), request=replace(request, messages=turns), thinking="adaptive")
    body = self_body(place)
    assert body["thinking"] == {"type": "adaptive"}
    (turn,) = [message for message in body["messages"] if message["role"] == "assistant"]
    assert turn["content"][:2] == [SIGNED, SEALED]
    assert [part["type"] for part in turn["content"][2:]] == ["tool_use"]


@promise("Thoughts go back as they came")
async def test_thoughts_of_another_service_stay_at_home(place: Place) -> None:
    own = {"type": "reasoning.encrypted", "data": "c2VjcmV0"}
    thoughts = (own,) if place.wire.name == "anthropic" else (own, SIGNED, SEALED)
    turns = (*ASK.messages, Message("assistant", "Well.", thoughts=thoughts), Message("user", "Go on."))
    await place.ask(said(place.wire, "Done."), request=replace(ASK, messages=turns))
    sent = json.dumps(self_body(place))
    assert "Well." in sent
    assert not any(word in sent for word in ("c2VjcmV0", "c2lnbmVkIQ", "c2VhbGVk"))


@promise("Thoughts go back as they came")
@ONLY_ANTHROPIC
@pytest.mark.parametrize("thinking", [True, -1, 1_000, 4_096, "a lot", 2_000.5])
async def test_thinking_that_the_service_would_refuse_is_refused_before_the_run(place: Place, thinking: Any) -> None:
    with pytest.raises(Invalid, match="thinking"):
        place.open(thinking=thinking)


@promise("Nothing without a bound", "Thoughts go back as they came")
@ONLY_ANTHROPIC
async def test_a_thought_without_an_end_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_reply, "MAX_THOUGHT_CHARS", 10)
    failed = await place.fail(thoughtful(place.wire), request=replace(ASK, tools=(MAIL,)))
    assert failed.kind == "bad_reply"
    assert "thinks without an end" in failed.message


@promise("Calls come whole, also several at once")
async def test_calls_and_their_results_go_back_as_they_came(place: Place) -> None:
    _, first = await place.ask(
        called(place.wire, ("c1", "mail__send", '{"to": "kim"}')), request=replace(ASK, tools=(MAIL,))
    )
    (call,) = first.tool_calls
    turns = (
        *ASK.messages,
        Message("assistant", "", tool_calls=first.tool_calls),
        Message("tool", "It was sent.", tool_call_id=call.id, name=call.name),
        Message("user", "Thanks."),
    )
    await place.ask(said(place.wire, "Done."), request=replace(ASK, messages=turns, tools=(MAIL,)))
    sent = json.dumps(self_body(place))
    for word in ("mail__send", "kim", "It was sent.", "Thanks.", call.id):
        assert word in sent
    if place.wire.name == "anthropic":
        roles = [message["role"] for message in self_body(place)["messages"]]
        assert roles == ["user", "assistant", "user"], "turns of one side are one message"


@promise("Broken calls are kept and told")
@pytest.mark.parametrize("raw", ['{"to": "ki', "[1, 2]", "null", "plain words", '{"a": 1, "a": 2}', '{"a": NaN}'])
async def test_arguments_that_are_no_object_do_no_harm(place: Place, raw: str) -> None:
    _, reply = await place.ask(called(place.wire, ("c1", "mail__send", raw)), request=replace(ASK, tools=(MAIL,)))
    (call,) = reply.tool_calls
    if place.wire.name == "ollama" and raw in ('{"a": 1, "a": 2}', "null"):
        # Ollama sends the object itself: a key cannot stand twice there, and nothing is no arguments.
        assert call.arguments in ({"a": 2}, {})
        return
    assert call.arguments is None
    assert call.error


@promise("Text is streamed in pieces")
@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_a_chunk_may_end_in_the_middle_of_a_character(place: Place, size: int) -> None:
    data = b"".join(piece for piece in said(place.wire, EMOJI, " ", EMOJI).pieces if isinstance(piece, bytes))
    data = data.replace(json.dumps(EMOJI).encode()[1:-1], EMOJI.encode())
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    _, reply = await place.ask(whole(place, *pieces))
    assert reply.text == f"{EMOJI} {EMOJI}"


# What passes, and what does not


@promise("Asked again after 429, 5xx and cut streams")
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_what_passes_is_asked_again_with_growing_waits(place: Place, status: int) -> None:
    busy = place.wire.refused(status, "busy")
    _, reply = await place.ask(busy, busy, said(place.wire, "now"))
    assert reply.text == "now"
    assert place.world.slept == [0.5, 1.0]


@promise("Asked again after 429, 5xx and cut streams")
async def test_a_stream_cut_before_its_first_word_is_asked_again(place: Place) -> None:
    _, reply = await place.ask(begun(place.wire, end="reset"), said(place.wire, "now"))
    assert reply.text == "now"


@promise("Asked again after 429, 5xx and cut streams")
async def test_an_error_in_a_stream_that_has_not_begun_counts_like_a_status(place: Place) -> None:
    answer = begun(place.wire, then=[place.wire.broken("busy")], end="end")
    _, reply = await place.ask(answer, said(place.wire, "now"))
    assert reply.text == "now"


@promise("Asked again after 429, 5xx and cut streams")
async def test_it_is_not_asked_for_ever(place: Place) -> None:
    failed = await place.fail(place.wire.refused(503, "down"))
    assert failed.kind == "unavailable"
    assert len(place.server.requests) == 4
    assert "down" in failed.message


@promise("Never asked again once it has begun")
@pytest.mark.parametrize("how", ["cut", "reset", "end", "error"])
async def test_what_has_begun_is_never_begun_again(place: Place, how: Any) -> None:
    then = [place.wire.broken("gone")] if how == "error" else []
    answer = begun(place.wire, "Half a sen", then=then, end="end" if how == "error" else how)
    failed = await place.fail(answer, said(place.wire, "a second time"))
    assert failed.kind in ("cut", "unavailable")
    assert len(place.server.requests) == 1
    assert failed.usage is not None, "what broke off is charged"
    assert failed.usage.output_tokens > 0


@pytest.mark.parametrize("how", ["cut", "end"])
async def test_all_that_came_before_a_break_is_counted_whatever_the_server_counted_before_it(
    place: Place, how: Any
) -> None:
    words = ["A fine day. "] * 4
    failed = await place.fail(begun(place.wire, *words, end=how))
    assert failed.usage is not None
    assert failed.usage.output_tokens >= len("".join(words))


@promise("Never asked again once it has begun")
async def test_a_call_that_was_begun_is_never_begun_again(place: Place) -> None:
    pieces = [*place.wire.begin(), *place.wire.calls([("c1", "mail__send", '{"to": "kim"}')])]
    failed = await place.fail(whole(place, *pieces, end="reset"), said(place.wire, "again"))
    assert failed.kind == "cut"
    assert len(place.server.requests) == 1


@promise("Retry-After is kept, whatever our clock says")
@pytest.mark.parametrize("skew_hours", [-2000, -1, 0, 1, 2000])
async def test_a_date_is_measured_by_the_servers_own_clock(place: Place, skew_hours: int) -> None:
    place.world.time += skew_hours * 3_600_000
    dates = {"date": "Mon, 21 Sep 2026 14:13:20 GMT", "retry_after": "Mon, 21 Sep 2026 14:13:27 GMT"}
    await place.ask(place.wire.refused(429, "slow down", **dates), said(place.wire, "now"))
    assert place.world.slept == [7.0]


@promise("Retry-After is kept, whatever our clock says")
async def test_a_long_wait_is_said_instead_of_waited(place: Place) -> None:
    failed = await place.fail(place.wire.refused(429, "tomorrow", retry_after="86400"))
    assert failed.kind == "rate_limited"
    assert "86400 seconds" in failed.message
    assert place.world.slept == []


OVERFLOWS = (
    "prompt is too long: 213423 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length",
    "This model's maximum context length is 4096 tokens. However, you requested 5000",
    "the input length exceeds the context length",
    "request (3031 tokens) exceeds the available context size (2048 tokens), try increasing it",
)


@promise("Too long a conversation is told apart")
@pytest.mark.parametrize("words", OVERFLOWS)
async def test_too_long_is_too_long_in_any_words(place: Place, words: str) -> None:
    failed = await place.fail(place.wire.refused(400, words))
    assert failed.kind == "context_overflow"
    assert len(place.server.requests) == 1


@promise("A refusal is a refusal")
@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "unknown parameter: temperature", "refused"),
        (401, "invalid x-api-key", "auth"),
        (402, "more credits", "refused"),
        (403, "not yours", "auth"),
        (404, "model 'm-1' not found", "refused"),
        (429, "You exceeded your current quota: insufficient_quota", "refused"),
    ],
)
async def test_what_asking_again_cannot_mend_is_asked_once(place: Place, status: int, words: str, kind: str) -> None:
    failed = await place.fail(place.wire.refused(status, words))
    assert failed.kind == kind
    assert len(place.server.requests) == 1


# Time


@promise("Time-outs")
async def test_a_server_that_never_begins_is_given_up(place: Place) -> None:
    failed = await place.fail(Answer(end="hang"), time_limits={"first_seconds": 0.05})
    await place.server.left.wait()
    assert failed.kind == "timeout"


@promise("Time-outs")
async def test_a_server_that_stops_in_the_middle_is_given_up(place: Place) -> None:
    failed = await place.fail(begun(place.wire, "One", end="hang"), time_limits={"idle_seconds": 0.05})
    await place.server.left.wait()
    assert failed.kind == "timeout"


@promise("Time-outs")
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("kind", ["", "application/json"])
async def test_an_answer_that_comes_to_no_end_is_given_up(place: Place, status: int, kind: str) -> None:
    endless = whole(place, b" ", status=status, end="hang")
    endless.content_type = kind or endless.content_type
    failed = await place.fail(endless, time_limits={"total_seconds": 0.05})
    await place.server.left.wait()
    assert (failed.kind, "the end of its answer" in failed.message) == ("timeout", True)


@promise("Time-outs")
async def test_a_server_that_forgets_to_hang_up_is_not_waited_for(place: Place) -> None:
    _, reply = await place.ask(said(place.wire, "All.", end="hang"), time_limits={"tail_seconds": 0.05})
    await place.server.left.wait()
    assert reply.text == "All."


@promise("Stopping closes the connection")
async def test_cancelling_before_the_first_byte_closes_the_connection(place: Place) -> None:
    task = asyncio.create_task(place.ask(Answer(end="hang")))
    while not place.server.requests:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await place.server.left.wait()


# What is none

PAGE = b"<!DOCTYPE html><html><body><h1>Welcome to my site</h1></body></html>"


@promise("What is no reply is said to be none")
@pytest.mark.parametrize(
    "answer",
    [
        Answer([PAGE], content_type="text/html"),
        Answer([PAGE], content_type="application/json"),
        Answer([b"\x89PNG"], content_type="image/png"),
        Answer([b'{"hello": 1}'], content_type="application/json"),
        Answer([b"data: [1, 2]\n\n"]),
        Answer([b"[1, 2]\n"], content_type="application/x-ndjson"),
        Answer([b"data: " + b"[" * 90_000 + b"\n\n"]),
    ],
    ids=["html", "html as json", "image", "other json", "a list", "a list in lines", "deep"],
)
async def test_what_is_no_reply_is_said_to_be_none(place: Place, answer: Answer) -> None:
    failed = await place.fail(answer)
    assert failed.kind == "bad_reply"
    assert "<" not in failed.message
    assert len(place.server.requests) == 1


@promise("What is no reply is said to be none")
async def test_an_error_page_is_not_shown(place: Place) -> None:
    failed = await place.fail(Answer([PAGE * 10_000], status=400, content_type="text/html"))
    assert failed.kind == "refused"
    assert "<" not in failed.message


@promise("Nothing without a bound")
async def test_a_line_of_fifty_megabytes_is_not_kept(place: Place) -> None:
    block = b"x" * 1_000_000
    failed = await place.fail(whole(place, b'data: {"', *[block] * 50, end="cut"))
    assert failed.kind == "bad_reply"
    assert "without an end" in failed.message


@promise("Nothing without a bound")
@ALL_BUT_OLLAMA  # which sends a call in one line, and a line has a bound of its own
async def test_a_call_without_an_end_is_given_up(place: Place) -> None:
    piece = place.wire.calls([("c1", "mail__send", "x" * 200_000)])
    failed = await place.fail(
        whole(place, *place.wire.begin(), *piece, *(piece[1:2] * 20), *place.wire.finish("calls"))
    )
    assert failed.kind == "bad_reply"


@promise("Nothing without a bound")
async def test_no_more_calls_than_anybody_needs(place: Place) -> None:
    many = [(f"c{number}", "mail__send", "{}") for number in range(65)]
    failed = await place.fail(called(place.wire, *many))
    assert failed.kind == "bad_reply"
    assert "64 calls" in failed.message


# The key


@promise("The key goes nowhere else")
@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "https://elsewhere.example/"]
)
async def test_an_endpoint_that_sends_us_on_is_not_followed(place: Place, target: str) -> None:
    failed = await place.fail(place.wire.refused(307, "over there", location=target), said(place.wire, "x"))
    assert failed.kind == "refused"
    assert len(place.server.requests) == 1


ECHOES: list[Callable[[Wire], Answer]] = [
    lambda wire: wire.refused(401, f"Incorrect API key provided: {KEY}."),
    lambda wire: wire.refused(500, f"header {KEY!r} is odd"),
    lambda wire: begun(wire, then=[wire.broken(f"key {KEY}")], end="end"),
    lambda wire: said(wire, "Your key is ", KEY, "!"),
    lambda wire: called(wire, ("c1", "mail__send", json.dumps({"to": KEY}))),
]


@promise("The key goes nowhere else")
@pytest.mark.parametrize("echo", ECHOES)
async def test_a_server_that_sends_the_key_back_gets_it_nowhere(place: Place, echo: Callable[[Wire], Answer]) -> None:
    failed = await place.fail(echo(place.wire))
    assert KEY not in "".join(traceback.format_exception(failed)) + failed.message + repr(failed.details)
    sent = place.server.requests[0].headers
    assert KEY in (sent["x-api-key"] if place.wire.name == "anthropic" else sent["authorization"])


@promise("The key goes nowhere else")
@pytest.mark.parametrize(
    ("key", "who"),
    [
        ("sk-ant-api03-" + "a" * 40, "Anthropic"),
        ("sk-or-v1-" + "b" * 64, "OpenRouter"),
        ("sk-proj-" + "c" * 48, "OpenAI"),
        ("gsk_" + "d" * 52, "Groq"),
    ],
)
async def test_a_key_for_another_provider_is_not_sent(place: Place, key: str, who: str) -> None:
    place.world.key = key
    model = place.open()
    if model.endpoint.host not in KNOWN_HOSTS:
        place.server.answers = [said(place.wire, "a gateway of one's own")]
        assert [item async for item in model.stream(ASK)], "a host that nobody knows may be a gateway"
        return
    if {"Anthropic": "anthropic", "OpenRouter": "openrouter", "OpenAI": "openai"}.get(who) == place.wire.name:
        await place.ask(said(place.wire, "my own"))
        return
    failed = await place.fail(said(place.wire, "x"))
    assert failed.kind == "auth"
    assert who in failed.message
    assert key not in failed.message
    assert place.server.requests == []


@promise("The key goes nowhere else")
async def test_what_the_broker_refuses_is_told_in_its_words(place: Place) -> None:
    broker = Broker()
    broker.airplane = True
    settings = {**place.wire.settings}
    if "base_url" in place._where():
        settings["base_url"] = "https://models.example/v1"
    model = open_model(settings, Surroundings(transport=broker.transport, secret=lambda *_: KEY))
    with pytest.raises(LegateError, match="irplane"):
        await anext(model.stream(ASK))


async def test_no_server_is_asked_with_a_library_of_its_own() -> None:
    """All of them go through the one transport that the broker hands out."""
    seen: list[str] = []

    class Closed(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.host)
            return httpx.Response(404, json={"error": "none"})

    for wire in WIRE.values():
        settings = {**wire.settings, **({"base_url": "https://m.example"} if wire.name == "openai_compatible" else {})}
        model = open_model(settings, Surroundings(transport=lambda _: Closed(), secret=lambda *_: KEY))
        with pytest.raises(ModelFailed):
            await anext(model.stream(ASK))
    assert list(dict.fromkeys(seen)) == [
        "api.anthropic.com",
        "127.0.0.1",
        "api.openai.com",
        "m.example",
        "openrouter.ai",
    ]


def test_the_line_that_is_sent_is_longer_than_what_is_kept() -> None:
    assert MAX_LINE_BYTES < 50_000_000
