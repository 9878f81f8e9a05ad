"""One suite for every `Client`: the core in this process, behind a local socket and behind HTTP, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from legate_core.agents.commands import AgentDraft, Agents, CreateAgent, EditAgent, PublishAgent
from legate_core.client import Client, follow
from legate_core.errors import Conflict, Forbidden, Invalid, LegateError, NeedsReauthentication, NotFound
from legate_core.identity.events import MemberAdded
from legate_core.kernel.context import Actor
from legate_core.kernel.messages import Tick
from legate_core.link.client import LinkClient
from legate_core.link.owner import Listener, serve_link
from legate_core.remote import RemoteClient
from legate_core.runs.commands import EraseRun, ReadyDueRuns, StartRun
from legate_core.settings import Settings
from legate_server.app import Application, create_app
from tests.server.small_core import TOKEN, SmallCore, definition, running, small_core

PATIENCE_SECONDS = 30.0
"""How long a test waits for what must happen; it passes as soon as it does."""


@dataclass
class House:
    """A client under test, and the core behind it."""

    client: Client
    core: SmallCore
    door: Application | Listener | None
    """What stands between the two, where something does."""

    @property
    def listeners(self) -> int:
        """How many listen to the core."""
        return self.core.client.listening

    @property
    def streams(self) -> int:
        """How many streams the server holds open."""
        if isinstance(self.door, Listener):
            return self.door.streams
        return self.door.streams.open if self.door else 0


@pytest.fixture(params=["local", "link", "remote"])
async def house(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with small_core(database_url) as core:
        if request.param == "local":
            yield House(core.client, core, None)
            return
        if request.param == "link":
            async with linked(core, tmp_path) as found:
                yield found
            return
        app = create_app(core.client, TOKEN)
        async with running(app) as server:
            client = RemoteClient(server.url, TOKEN)
            try:
                yield House(client, core, app)
            finally:
                await client.close()


@asynccontextmanager
async def linked(core: SmallCore, home: Path) -> AsyncGenerator[House]:
    listener = await serve_link(Settings(home), core.client)
    client = LinkClient(home)
    try:
        yield House(client, core, listener)
    finally:
        await client.close()
        await listener.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on until a condition holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0)


async def soon(coming: Any) -> Any:
    return await asyncio.wait_for(coming, PATIENCE_SECONDS)


async def test_a_command_answers_when_it_is_durable(house: House) -> None:
    agent_id = await house.client.send(CreateAgent(definition()))
    assert agent_id.startswith("agt_")
    assert await house.core.client.ask(AgentDraft(agent_id)) == definition()


async def test_a_command_may_answer_nothing(house: House) -> None:
    agent_id = await house.client.send(CreateAgent(definition()))
    assert await house.client.send(EditAgent(agent_id, definition("Other"))) is None
    assert await house.client.ask(AgentDraft(agent_id)) == definition("Other")


NAMES = ("Sales/EMEA", "..", ".", "a b+c", "100 %", "ü ñ 漢 🜚", "?x=1#y", "a%2Fb", '"quoted"', "\\", ";", "  x", "a//b")


async def test_whatever_a_name_holds_it_is_found_by_it(house: House) -> None:
    for name in NAMES:
        await house.client.send(CreateAgent(definition(name)))
    assert [(await house.client.ask(AgentDraft(name))).name for name in NAMES] == list(NAMES)


async def test_every_character_of_a_long_text_arrives(house: House) -> None:
    text = "“a\r\n\tb” \u2028\u2029\x85\x0b\x0c\x1f 🜚 \\u0000 </script>" * 1_000
    whole = definition(instructions=text, purpose=text[:300], folders={"in": "/srv/ü"})
    agent_id = await house.client.send(CreateAgent(whole))
    assert await house.client.ask(AgentDraft(agent_id)) == whole


REFUSED = (
    (AgentDraft("agt_nobody"), NotFound),
    (AgentDraft(""), NotFound),
    (CreateAgent(definition(tools=("no.such",))), Invalid),
    (PublishAgent("agt_nobody"), NotFound),
    (StartRun("draft only", "Answer."), Conflict),
    (StartRun("draft only", "  "), Invalid),
    (EraseRun("run_nobody"), NeedsReauthentication),
    (ReadyDueRuns(), Forbidden),
)


async def test_an_error_is_the_same_everywhere(house: House) -> None:
    await house.client.send(CreateAgent(definition("draft only")))

    async def refusal(client: Client, message: Any, kind: type[LegateError]) -> LegateError:
        with pytest.raises(kind) as caught:
            await (client.ask(message) if isinstance(message, AgentDraft) else client.send(message))
        return caught.value

    for message, kind in REFUSED:
        here = await refusal(house.core.client, message, kind)
        there = await refusal(house.client, message, kind)
        assert (type(there), there.details) == (type(here), here.details)
        # An empty name has no place in a path, so the server speaks of the path; everything else is word for word.
        assert there.message == here.message or message == AgentDraft("")


async def test_what_was_refused_changed_nothing(house: House) -> None:
    before = (await house.core.client.snapshot(Agents())).cursor
    with pytest.raises(Invalid):
        await house.client.send(CreateAgent(definition(tools=("no.such",))))
    assert (await house.core.client.snapshot(Agents())).cursor == before


async def test_a_live_query_asked_once_answers_its_rows(house: House) -> None:
    first = await house.client.send(CreateAgent(definition("A")))
    second = await house.client.send(CreateAgent(definition("B")))
    rows = await house.client.ask(Agents())
    assert list(rows) == [first, second]
    assert rows == (await house.client.snapshot(Agents())).rows == await house.core.client.ask(Agents())
    assert list(await house.client.ask(Agents(ids=(second,)))) == [second]
    assert await house.client.ask(Agents(ids=())) == {}


async def test_events_begin_where_the_snapshot_ends(house: House) -> None:
    await house.client.send(CreateAgent(definition("before")))
    snapshot = await house.client.snapshot(Agents())
    agent_id = await house.client.send(CreateAgent(definition("after")))
    async with aclosing(house.client.events(Agents(), snapshot.cursor)) as events:
        delivery = await soon(anext(events))
    assert [(fact.name, fact.body) for fact in delivery.events] == [("agent.created", {"agent_id": agent_id})]
    assert not delivery.reset
    assert delivery.events[0].actor == house.core.client.actor.id
    assert delivery.events[0].cause == "CreateAgent"


async def test_events_go_on_from_any_cursor_they_came_with(house: House) -> None:
    start = (await house.client.snapshot(Agents())).cursor
    agent_id = await house.client.send(CreateAgent(definition()))
    async with aclosing(house.client.events(Agents(), start)) as events:
        first = await soon(anext(events))
    await house.client.send(PublishAgent(agent_id))
    async with aclosing(house.client.events(Agents(), first.cursor)) as events:
        second = await soon(anext(events))
    assert [fact.name for fact in (*first.events, *second.events)] == ["agent.created", "agent.published"]


async def test_whoever_waits_hears_of_a_change_at_once(house: House) -> None:
    cursor = (await house.client.snapshot(Agents())).cursor
    async with aclosing(house.client.events(Agents(), cursor)) as events:
        coming = asyncio.ensure_future(anext(events))
        await until(lambda: house.listeners > 0)
        await house.client.send(CreateAgent(definition()))
        assert len((await soon(coming)).events) == 1


async def test_snapshot_and_events_equal_a_fresh_snapshot(house: House) -> None:
    """The law of every live query, while three writers write."""
    seen: dict[str, Any] = {}

    async def write(name: str) -> None:
        agent_id = await house.client.send(CreateAgent(definition(name)))
        for turn in range(3):
            await house.client.send(EditAgent(agent_id, definition(f"{name} {turn}", purpose=f"turn {turn}")))
            await house.client.send(PublishAgent(agent_id))

    async def read() -> None:
        async with aclosing(follow(house.client, Agents())) as states:
            async for rows in states:
                seen.clear()
                seen.update(rows)
                done = [row for row in rows.values() if row.name.endswith(" 2") and not row.has_unpublished_changes]
                if len(done) == 3:
                    return

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(name) for name in "abc"))
    await soon(reader)
    assert seen == (await house.client.snapshot(Agents())).rows


async def test_a_query_hears_only_what_it_listens_to(house: House) -> None:
    start = (await house.client.snapshot(Agents())).cursor
    system = house.core.system()
    await house.core.kernel.change(system, lambda ctx: ctx.emit(MemberAdded("per_other", "viewer")), "a test")
    await house.client.send(CreateAgent(definition()))
    async with aclosing(house.client.events(Agents(), start)) as events:
        assert [fact.name for fact in (await soon(anext(events))).events] == ["agent.created"]


async def test_a_cursor_nobody_gave_out_asks_for_a_fresh_snapshot(house: House) -> None:
    async with aclosing(house.client.events(Agents(), "999999")) as events:
        deliveries = [delivery async for delivery in events]
    assert [delivery.reset for delivery in deliveries] == [True]
    assert deliveries[0].events == ()


async def test_following_survives_a_reset(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_id = await house.client.send(CreateAgent(definition()))
    snapshot = house.client.snapshot
    cursors = iter(["999999"])

    async def stale_at_first(query: Any) -> Any:
        found = await snapshot(query)
        return type(found)(found.rows, next(cursors, found.cursor))

    monkeypatch.setattr(house.client, "snapshot", stale_at_first)
    async with aclosing(follow(house.client, Agents())) as states:
        assert list(await soon(anext(states))) == [agent_id]
        assert list(await soon(anext(states))) == [agent_id]


async def test_a_stream_that_may_not_be_read_says_so(house: House) -> None:
    """Here: by somebody who holds no role."""
    stranger = Actor("agent", "agt_1", house.core.client.actor.workspace_id)
    house.core.client.actor = stranger
    async with aclosing(house.client.events(Agents(), "0")) as events:
        with pytest.raises(Forbidden):
            await soon(anext(events))
    with pytest.raises(Forbidden):
        await house.client.snapshot(Agents())


async def test_ticks_reach_whoever_watches_that_run(house: House) -> None:
    ticks = house.core.kernel.ticks
    async with aclosing(house.client.ticks("vrf_1/ü")) as coming:
        first = asyncio.ensure_future(anext(coming))
        await until(lambda: house.listeners > 0)
        ticks.publish(Tick("vrf_2", "text", "not for here"))
        ticks.publish(Tick("vrf_1/ü", "text", "a\n\u2028b", 1, 2))
        assert await soon(first) == Tick("vrf_1/ü", "text", "a\n\u2028b", 1, 2)


@pytest.mark.parametrize("what", ["events", "ticks"])
async def test_a_cancelled_stream_leaves_nothing_behind(house: House, what: str) -> None:
    cursor = (await house.client.snapshot(Agents())).cursor

    async def read() -> None:
        async with aclosing(
            house.client.events(Agents(), cursor) if what == "events" else house.client.ticks("vrf_1")
        ) as stream:
            async for _ in stream:
                pass

    reader = asyncio.create_task(read())
    await until(lambda: house.listeners > 0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await until(lambda: house.listeners == house.streams == 0)


async def test_many_ask_and_change_at_the_same_time(house: House) -> None:
    made = await soon(asyncio.gather(*(house.client.send(CreateAgent(definition(f"{n:02}"))) for n in range(20))))
    rows = await house.client.ask(Agents())
    assert set(made) == set(rows)
    assert [row.name for row in rows.values()] == [f"{n:02}" for n in range(20)]
    drafts = await soon(asyncio.gather(*(house.client.ask(AgentDraft(agent_id)) for agent_id in made)))
    assert [draft.name for draft in drafts] == [f"{n:02}" for n in range(20)]


async def test_ticks_that_may_not_be_heard_are_refused(house: House) -> None:
    """Here: of a run that this workspace does not have, and of nothing that streams."""
    for about in ("run_1", "act_1"):
        async with aclosing(house.client.ticks(about)) as coming:
            with pytest.raises(NotFound):
                await soon(anext(coming))
