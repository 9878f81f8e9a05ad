"""The OpenAI-compatible provider with a server that stalls or is left, and with one that wants the key."""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest

from legate_core.errors import Forbidden, LegateError, Locked
from legate_core.llm.base import Reply, TextDelta
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from tests.fakes.model_server import (
    Answer,
    ModelServer,
    called,
    chunk,
    event,
    fragment,
    refused,
    said,
)
from tests.fakes.model_world import ASK, KEY, World, ask, fail


@pytest.fixture
def world() -> World:
    return World()


# Slow


async def test_a_server_that_never_begins_is_given_up(world: World):
    async with ModelServer(Answer(end="hang")) as server:
        failed = await fail(world, server, time_limits={"first_seconds": 0.05})
        await server.left.wait()
    assert failed.kind == "timeout"
    assert "did not begin" in failed.message
    assert len(server.requests) == 1


async def test_a_server_that_stops_in_the_middle_is_given_up(world: World):
    async with ModelServer(Answer([chunk({"content": "One"})], end="hang")) as server:
        failed = await fail(world, server, time_limits={"idle_seconds": 0.05})
        await server.left.wait()
    assert failed.kind == "timeout"
    assert "silent" in failed.message


async def test_a_server_that_goes_on_but_never_ends_is_given_up(world: World):
    async with ModelServer(Answer([chunk({"content": "One"})], end="hang")) as server:
        failed = await fail(world, server, time_limits={"total_seconds": 0.05})
    assert failed.kind == "timeout"


async def test_a_server_that_forgets_to_hang_up_is_not_waited_for(world: World):
    async with ModelServer(Answer([chunk({"content": "All."}), chunk(finish="stop")], end="hang")) as server:
        _, reply = await ask(world, server, time_limits={"tail_seconds": 0.05})
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
    lambda key: called(fragment(0, "c1", "mail__send", '{"to": "' + "".join(f"\\u{ord(c):04x}" for c in key) + '"}')),
    lambda key: called(fragment(0, "c1", "mail__send", json.dumps({key: "x"}))),
    lambda key: called(fragment(0, "c1", key, "{}")),
    lambda key: called(fragment(0, "c1", "x" * 120 + key, "{}")),
    lambda key: called(fragment(0, key, "mail__send", "{}")),
    lambda key: Answer([chunk({"content": "Hello."}), chunk(finish="stop"), event({"model": key})]),
    lambda key: Answer([chunk({"content": "Hello."}), chunk(finish="stop"), event({"model": "m" * 190 + key})]),
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
