"""Streams over HTTP: their frames, their cursors, their heartbeats and their end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from legate_core.agents.commands import Agents, CreateAgent, PublishAgent
from legate_core.errors import Damaged
from legate_core.identity.events import MemberAdded
from legate_core.runs.queries import RunLog
from legate_server import problems
from legate_server.app import Application, create_app
from legate_server.stream import Cursors
from tests.server.small_core import TOKEN, Running, SmallCore, definition, running

STREAM = {"accept": "text/event-stream", "authorization": f"Bearer {TOKEN}"}
PATIENCE_SECONDS = 30.0


@pytest.fixture
async def server(app: Application) -> AsyncIterator[Running]:
    async with running(app) as started:
        yield started


class Reader:
    """Reads a stream event by event; comments are counted."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.comments = 0
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, Any] | None:
        """The next event as {id, event, data}; None at the end."""
        fields: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = json.loads(value) if name == "data" else value
                elif fields:
                    return fields
        return None


@asynccontextmanager
async def reading(server: Running, path: str, **headers: str) -> AsyncIterator[Reader]:
    async with (
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_SECONDS) as web,
        web.stream("GET", path, headers=STREAM | headers) as answer,
    ):
        yield Reader(answer)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0)


async def test_a_stream_begins_with_a_snapshot_and_goes_on_with_events(server: Running, core: SmallCore) -> None:
    before = await core.client.send(CreateAgent(definition("before")))
    async with reading(server, "/v1/agents") as reader:
        assert reader.answer.headers["content-type"].startswith("text/event-stream")
        first = await reader.next()
        assert first is not None
        assert (first["event"], list(first["data"]["rows"])) == ("snapshot", [before])
        assert first["id"] == first["data"]["cursor"]
        after = await core.client.send(CreateAgent(definition("after")))
        second = await reader.next()
        assert second is not None
        assert second["event"] == "events"
        assert [(fact["name"], fact["body"]) for fact in second["data"]["events"]] == [
            ("agent.created", {"agent_id": after})
        ]
        assert second["id"] == second["data"]["cursor"] != first["id"]


@pytest.mark.parametrize("by", ["last-event-id", "cursor"])
async def test_a_stream_goes_on_where_it_was_left(server: Running, core: SmallCore, by: str) -> None:
    async with reading(server, "/v1/agents") as reader:
        first = await reader.next()
        assert first is not None
    agent_id = await core.client.send(CreateAgent(definition()))
    await core.client.send(PublishAgent(agent_id))
    path = f"/v1/agents?cursor={first['id']}" if by == "cursor" else "/v1/agents"
    headers = {"last-event-id": first["id"]} if by != "cursor" else {}
    async with reading(server, path, **headers) as reader:
        found = await reader.next()
        assert found is not None
        assert [fact["name"] for fact in found["data"]["events"]] == ["agent.created", "agent.published"]


async def test_what_a_reader_may_not_see_leaves_no_trace(server: Running, core: SmallCore) -> None:
    """Neither a place in the journal nor a batch for what was hidden."""
    system = core.system()
    async with reading(server, "/v1/agents") as reader:
        await reader.next()
        for number in range(5):
            await core.kernel.change(
                system, lambda ctx, n=number: ctx.emit(MemberAdded(f"per_{n}", "viewer")), "a test"
            )
        await core.client.send(CreateAgent(definition()))
        found = await reader.next()
        assert found is not None
        assert [sorted(fact) for fact in found["data"]["events"]] == [["actor", "at", "body", "cause", "name"]]


async def test_a_cursor_that_was_not_given_out_is_refused(server: Running, core: SmallCore) -> None:
    other = Cursors(TOKEN).seal(RunLog("run_1"), "1")
    foreign = Cursors("another-token-0123456789").seal(Agents(), "1")
    good = Cursors(TOKEN).seal(Agents(), "0")
    changed = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
    for cursor in ("1", "0", "-1", "x", "ä", "=", other, foreign, changed, good[:-4], "A" * 500):
        async with reading(server, f"/v1/agents?cursor={quote(cursor, safe='')}") as reader:
            await reader.answer.aread()
            assert reader.answer.status_code == 410
            assert reader.answer.json()["type"] == "urn:legate:problem:cursor-refused"


async def test_a_cursor_beyond_the_journal_asks_for_a_fresh_snapshot(server: Running) -> None:
    beyond = Cursors(TOKEN).seal(Agents(), "999999")
    async with reading(server, "/v1/agents", **{"last-event-id": beyond}) as reader:
        found = await reader.next()
        assert found is not None
        assert found["event"] == "reset"
        assert await reader.next() is None


def test_a_cursor_tells_nothing_and_opens_for_its_query_only() -> None:
    cursors = Cursors(TOKEN)
    sealed = [cursors.seal(Agents(), number) for number in ("1", "1", "1234567890")]
    assert len(set(sealed)) == 3
    assert len({len(cursor) for cursor in sealed}) == 1
    assert [cursors.open(Agents(), cursor) for cursor in sealed] == ["1", "1", "1234567890"]
    # Whichever rows are asked for, it is the same question; another run is another.
    assert cursors.open(Agents(ids=("agt_1",)), sealed[0]) == "1"
    of_run = cursors.seal(RunLog("run_1"), "7")
    assert cursors.open(RunLog("run_1"), of_run) == "7"
    with pytest.raises(problems.CursorRefused):
        cursors.open(RunLog("run_2"), of_run)
    assert Cursors(TOKEN).open(Agents(), sealed[0]) == "1", "another server with the same token goes on"


async def test_what_is_refused_is_refused_before_the_stream(server: Running) -> None:
    for path, status in (("/v1/agents?idz=1", 422), ("/v1/nothing", 404)):
        async with reading(server, path) as reader:
            await reader.answer.aread()
            assert reader.answer.status_code == status
            assert reader.answer.headers["content-type"] == "application/problem+json"


async def test_a_silent_stream_beats(server: Running) -> None:
    async with reading(server, "/v1/agents") as reader:
        await reader.next()
        waiting = asyncio.ensure_future(reader.next())
        await until(lambda: reader.comments >= 4)
        waiting.cancel()
        await asyncio.wait({waiting})


async def test_a_stream_that_fails_says_so_and_ends(
    server: Running, core: SmallCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise Damaged("The journal is damaged. Run 'legate verify'.")

    async with reading(server, "/v1/agents") as reader:
        await reader.next()
        monkeypatch.setattr(core.kernel, "ask_events", broken)
        await core.client.send(CreateAgent(definition()))
        found = await reader.next()
        assert found is not None
        assert (found["event"], found["data"]["type"]) == ("problem", "urn:legate:problem:damaged")
        assert await reader.next() is None


async def test_a_reader_that_leaves_is_forgotten(server: Running, core: SmallCore) -> None:
    async with reading(server, "/v1/agents") as reader, reading(server, "/v1/audit/verify/vrf_1/ticks"):
        await reader.next()
        assert server.app.streams.open == 2
    await until(lambda: server.app.streams.open == 0)
    await until(lambda: core.client.listening == 0 and not core.kernel.ticks._queues)


async def test_too_many_streams_are_refused_until_one_ends(server: Running) -> None:
    server.app.streams.limit = 1
    async with reading(server, "/v1/agents") as first, reading(server, "/v1/agents") as second:
        await first.next()
        await second.answer.aread()
        assert second.answer.status_code == 503
        assert second.answer.json()["type"] == "urn:legate:problem:too-many-streams"
    await until(lambda: server.app.streams.open == 0)
    async with reading(server, "/v1/agents") as third:
        assert third.answer.status_code == 200


async def test_stopping_the_server_ends_its_streams(core: SmallCore) -> None:
    async with running(create_app(core.client, TOKEN)) as server, reading(server, "/v1/agents") as reader:
        await reader.next()
        await server.stop()
        assert await reader.next() is None
        assert server.app.streams.open == 0


@pytest.mark.parametrize("path", ["/v1/runs/run_1/ticks", "/v1/knowledge/kb_1/ticks"])
async def test_ticks_of_what_is_not_here_are_refused_before_the_stream_begins(server: Running, path: str) -> None:
    async with reading(server, path) as reader:
        await reader.answer.aread()
        assert reader.answer.status_code == 404
        assert reader.answer.headers["content-type"] == "application/problem+json"
