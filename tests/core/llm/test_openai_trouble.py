"""The OpenAI-compatible provider with a server that is busy, breaks off, refuses, or is none."""

from typing import Any

import pytest

from legate_core.llm.base import ModelFailed
from legate_core.llm.registry import open_model
from tests.fakes.model_server import (
    Answer,
    ModelServer,
    chunk,
    event,
    refused,
    said,
)
from tests.fakes.model_world import ASK, World, ask, fail


@pytest.fixture
def world() -> World:
    return World()


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
        (Answer([event("[1, 2]")]), "no model's reply"),
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
