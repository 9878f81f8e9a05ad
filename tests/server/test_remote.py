"""The remote client where the road is bad: lost connections, wrong tokens, other servers, addresses that are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import legate_core
from legate_core.agents.commands import AgentDraft, Agents, CreateAgent, PublishAgent
from legate_core.errors import Forbidden, Invalid, LegateError, Unavailable
from legate_core.kernel.messages import Tick
from legate_core.remote import Frames, RemoteClient, check_url, open_remote
from legate_server.app import create_app
from legate_server.stream import frame
from tests.server.small_core import TOKEN, SmallCore, definition, running

NO_WAIT = (0.0,) * 3
PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def client_of(url: str, token: str = TOKEN, retries: tuple[float, ...] = NO_WAIT) -> AsyncIterator[RemoteClient]:
    client = RemoteClient(url, token, retry_seconds=retries)
    try:
        yield client
    finally:
        await client.close()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def soon(coming: Any) -> Any:
    return await asyncio.wait_for(coming, PATIENCE_SECONDS)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0)


async def test_events_go_on_after_the_server_was_away_and_none_is_lost_or_told_twice(core: SmallCore) -> None:
    names: list[str] = []

    async def read(client: RemoteClient, cursor: str) -> None:
        async with aclosing(client.events(Agents(), cursor)) as events:
            async for delivery in events:
                assert not delivery.reset
                names.extend(fact.name for fact in delivery.events)
                if len(names) == 3:
                    return

    async with running(create_app(core.client, TOKEN)) as first, client_of(first.url, retries=(0.01,) * 500) as client:
        port = port_of(first.url)
        cursor = (await client.snapshot(Agents())).cursor
        reader = asyncio.create_task(read(client, cursor))
        agent_id = await client.send(CreateAgent(definition()))
        await until(lambda: len(names) == 1)
        await first.stop()
        await core.client.send(PublishAgent(agent_id))
        await core.client.send(CreateAgent(definition("second")))
        async with running(create_app(core.client, TOKEN), port):
            await soon(reader)
    assert names == ["agent.created", "agent.published", "agent.created"]


async def test_a_server_that_stays_away_is_unavailable_and_says_where(core: SmallCore) -> None:
    async with running(create_app(core.client, TOKEN)) as server:
        url = server.url
    async with client_of(url) as client:
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: client.ask(AgentDraft("x")),
            lambda: client.send(CreateAgent(definition())),
            lambda: client.snapshot(Agents()),
            lambda: anext(client.events(Agents(), "0")),
            lambda: anext(client.ticks("run_1")),
            client.connect,
        ]
        for call in calls:
            with pytest.raises(Unavailable, match=r"cannot be reached.*then try again\.$") as caught:
                await soon(call())
            assert url in caught.value.message
            assert TOKEN not in caught.value.message + str(caught.value.details)


async def test_a_wrong_token_is_forbidden_everywhere(core: SmallCore) -> None:
    async with running(create_app(core.client, TOKEN)) as server, client_of(server.url, TOKEN[::-1]) as client:
        for call in (
            lambda: client.ask(AgentDraft("x")),
            lambda: client.snapshot(Agents()),
            lambda: anext(client.events(Agents(), "0")),
            lambda: anext(client.ticks("run_1")),
        ):
            with pytest.raises(Forbidden, match="token is missing or wrong"):
                await soon(call())
        with pytest.raises(Forbidden):
            await open_remote(server.url, TOKEN[::-1])


async def test_opening_asks_whether_the_server_is_there(core: SmallCore) -> None:
    async with running(create_app(core.client, TOKEN)) as server:
        client = await open_remote(server.url + "/", TOKEN)
        assert await client.ask(Agents()) == {}
        await client.close()
    with pytest.raises(Unavailable):
        await open_remote(server.url, TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"rows": 1}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 1\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
    ids=range(11),
)
async def test_what_is_no_legate_server_is_unavailable(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, client_of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        for call in (lambda: client.snapshot(Agents()), lambda: anext(client.events(Agents(), "0"))):
            with pytest.raises(Unavailable) as caught:
                await soon(call())
            assert caught.value.message.endswith(".")


async def test_no_proxy_of_the_environment_sees_the_token(core: SmallCore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with running(create_app(core.client, TOKEN)) as server, client_of(server.url) as client:
        assert await client.ask(Agents()) == {}


async def test_a_closed_client_may_be_used_again(core: SmallCore) -> None:
    async with running(create_app(core.client, TOKEN)) as server, client_of(server.url) as client:
        await client.snapshot(Agents())
        await client.close()
        await client.close()
        assert await client.ask(Agents()) == {}


async def test_the_same_flow_runs_on_a_remote_core(core: SmallCore) -> None:
    """What the surface names is enough to work with a server: a run is started and followed to its end."""
    async with running(create_app(core.client, TOKEN)) as server, client_of(server.url) as client:
        agent_id = await client.send(legate_core.CreateAgent(definition()))
        assert len(await client.send(legate_core.PublishAgent(agent_id))) == 64
        run_id = await client.send(legate_core.StartRun(agent_id, "Answer the mail."))

        async def follow_to_the_end() -> Any:
            async with aclosing(legate_core.follow(client, legate_core.Runs())) as states:
                async for rows in states:
                    if run_id in rows and rows[run_id].finished_at:
                        return rows[run_id]
            raise AssertionError("following ended by itself")

        assert await soon(follow_to_the_end()) == (await core.client.ask(legate_core.Runs()))[run_id]
        log = await client.ask(legate_core.RunLog(run_id))
        assert log == await core.client.ask(legate_core.RunLog(run_id))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" http://127.0.0.1:8080/ ", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://legate.example", "https://legate.example"),
        ("https://legate.example/team/", "https://legate.example/team"),
    ],
)
def test_addresses_of_servers(url: str, kept: str) -> None:
    assert check_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:8080", "legate.example", "ftp://127.0.0.1", "http://", "http://legate.example",
        "http://192.168.1.5:8080", "http://127.0.0.1.evil.example", "https://a:b@legate.example", "https://x?y=1",
        "https://x#y", "http://[::1", "https://x:99999", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_addresses_that_are_none_or_would_show_the_token(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "ü"])
def test_tokens_that_no_header_carries(token: str) -> None:
    with pytest.raises(Invalid, match="LEGATE_TOKEN"):
        RemoteClient("http://127.0.0.1", token)


def test_a_client_does_not_show_its_token() -> None:
    assert TOKEN not in repr(RemoteClient("http://127.0.0.1", TOKEN))


@given(
    texts=st.lists(st.text(max_size=20), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=8),
)
def test_frames_survive_any_cut(texts: list[str], cuts: list[int]) -> None:
    ticks = [Tick("run_1", "text", text.encode("utf-8", "replace").decode()) for text in texts]
    data = b": connected\n\n" + b": still here\n\n".join(frame("tick", tick, "c") for tick in ticks)
    frames, found, at, turn = Frames(), [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        found += list(frames.feed(data[at : at + size]))
        at, turn = at + size, turn + 1
    assert [(event_id, name) for event_id, name, _ in found] == [("c", "tick")] * len(ticks)
    assert [legate_core.wire.from_bytes(text)["text"] for _, _, text in found] == [tick.text for tick in ticks]


def test_every_error_of_the_core_comes_back_as_itself() -> None:
    known = legate_core.errors.kinds()
    found = [
        kind for kind in vars(legate_core.errors).values() if isinstance(kind, type) and issubclass(kind, LegateError)
    ]
    assert len(found) > 5
    for kind in found:
        assert known[kind.code] is kind
