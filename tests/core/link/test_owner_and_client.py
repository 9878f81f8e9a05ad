"""What passes over the link and what does not: wrong requests, lost ends, secrets, the window of a second start."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from legate_core.agents.commands import AgentDraft, Agents, PublishAgent
from legate_core.crypto.secret import Secret
from legate_core.errors import Conflict, Forbidden, Invalid, LegateError, NotFound, Unavailable
from legate_core.kernel.messages import Tick
from legate_core.link import frames, peers, places
from legate_core.link.client import MOST_IDLE, LinkClient, open_link
from legate_core.link.handover import hand_over
from legate_core.link.owner import serve_link
from legate_core.runs.commands import ReadyDueRuns
from legate_core.settings import Settings
from legate_core.vault.commands import StoreSecret
from tests.core.link.linked import PATIENCE_SECONDS, Scripted, pair, raw, until

PUBLISH = PublishAgent("agt_1", note="n")


async def test_without_an_owner_there_is_no_link(tmp_path: Path) -> None:
    assert await open_link(Settings(tmp_path)) is None
    assert await open_link(Settings(tmp_path / "not there")) is None


async def test_an_owner_that_hangs_up_first_is_no_owner(tmp_path: Path) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    place = await places.listen(tmp_path, rude)
    try:
        assert await open_link(Settings(tmp_path)) is None
        with pytest.raises(Unavailable, match="look there before you repeat"):
            await LinkClient(tmp_path).send(PUBLISH)
    finally:
        place.close()


async def test_the_owner_says_who_it_is(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        owner = await found.client.connect()
    assert (owner.pid, owner.has_window) == (os.getpid(), False)
    assert owner.version


DATABASES = [
    # The owner's, the one the command was told, whether they fit.
    ("", "", True),
    ("postgresql://a:secret@host/x", "", True),
    ("postgresql://a:secret@host/x", "postgresql://a:secret@host/x", True),
    ("postgresql://a:secret@host/x", "postgresql://a:secret@host/y", False),
    ("", "postgresql://a:secret@host/y", False),
]


@pytest.mark.parametrize(("owners", "told", "fits"), DATABASES)
async def test_a_command_reaches_no_database_that_it_was_not_told(
    tmp_path: Path, owners: str, told: str, fits: bool
) -> None:
    async with pair(tmp_path, database_url=owners):
        coming = open_link(Settings(tmp_path, told))
        if fits:
            client = await coming
            assert client is not None
            await client.close()
        else:
            with pytest.raises(Conflict, match=r"another database.*LEGATE_DATABASE_URL") as caught:
                await coming
            assert "secret" not in caught.value.message


async def test_what_descends_from_the_engine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "check", _refuse)
    async with pair(tmp_path, on_show=_never) as found:
        for coming in (found.client.send(PUBLISH), found.client.ask(AgentDraft("a")), open_link(Settings(tmp_path))):
            with pytest.raises(Forbidden, match="a tool"):
                await coming
        with pytest.raises(Forbidden, match="a tool"):
            async with aclosing(found.client.events(Agents(), "0")) as events:
                await anext(events)
        assert not await asyncio.to_thread(hand_over, tmp_path)
        assert found.core.heard == []


def _refuse(peer: Any, pid: int) -> None:
    raise Forbidden("a tool")


def _never(link: str, token: str) -> None:
    raise AssertionError("the window was shown")


WRONG: list[tuple[dict[str, Any], type[LegateError], str]] = [
    ({}, Invalid, "of one version"),
    ({"do": "dance"}, Invalid, "of one version"),
    ({"do": "send"}, NotFound, "of one version"),
    ({"do": "send", "message": "NoSuchThing", "body": {}}, NotFound, "knows no NoSuchThing"),
    ({"do": "send", "message": "ReadyDueRuns", "body": {}}, Forbidden, "for the engine itself"),
    ({"do": "ask", "message": "PublishAgent", "body": {"agent_id": "a"}}, Invalid, "is a command"),
    ({"do": "send", "message": "Agents", "body": {}}, Invalid, "is a live"),
    ({"do": "snapshot", "message": "AgentDraft", "body": {"agent_id": "a"}}, Invalid, "is a query"),
    ({"do": "send", "message": "PublishAgent", "body": {}}, Invalid, "agent_id is missing"),
    ({"do": "send", "message": "PublishAgent"}, Invalid, "is wrong"),
    ({"do": "send", "message": "PublishAgent", "body": {"agent_id": "a", "x": 1}}, Invalid, "no field 'x'"),
    ({"do": "send", "message": "PublishAgent", "body": {"agent_id": 1}}, Invalid, "agent_id is wrong"),
    ({"do": "events", "message": "Agents", "body": {}, "cursor": "x"}, Invalid, "not given out here"),
    ({"do": "events", "message": "Agents", "body": {}, "cursor": "9" * 30}, Invalid, "not given out here"),
    ({"do": "events", "message": "AgentDraft", "body": {"agent_id": "a"}, "cursor": "0"}, Invalid, "is a query"),
]


@pytest.mark.parametrize(("request_", "kind", "words"), WRONG, ids=[str(number) for number in range(len(WRONG))])
async def test_a_wrong_request_is_refused_in_words_and_reaches_nobody(
    tmp_path: Path, request_: dict[str, Any], kind: type[LegateError], words: str
) -> None:
    async with pair(tmp_path) as found, raw(tmp_path) as say:
        said = (await say(frames.pack(request_)))["problem"]
        assert said["code"] == kind.code
        assert words in said["message"]
        assert found.core.heard == []


NO_FRAMES = [
    b"\xff\xff\xff\xff",
    (3).to_bytes(4, "big") + b"{{{",
    (2).to_bytes(4, "big") + b"[]",
    (2).to_bytes(4, "big") + b"\xff\xfe",
]


@pytest.mark.parametrize("data", NO_FRAMES)
async def test_what_is_no_frame_ends_the_connection_with_a_reason(tmp_path: Path, data: bytes) -> None:
    async with pair(tmp_path) as found:
        async with raw(tmp_path) as say:
            assert (await say(data))["problem"]["code"] == "invalid"
            assert await say(b"") is None
        await found.client.connect()


async def test_half_a_frame_reaches_nobody(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        whole = frames.pack({"do": "send", "message": "PublishAgent", "body": {"agent_id": "a"}})
        for cut in (1, frames.HEAD_BYTES, len(whole) - 1):
            reader, writer = await places.connect(tmp_path)
            writer.write(whole[:cut])
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b""
            writer.close()
        await found.client.connect()
        assert found.core.heard == []


async def test_too_much_at_once_is_refused_at_both_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 1_000)
    async with pair(tmp_path) as found:
        with pytest.raises(Invalid, match="Say less at once"):
            await found.client.send(PublishAgent("agt_1", note="x" * 2_000))
        found.core.answer = lambda message: "x" * 2_000
        with pytest.raises(Invalid, match="Say less at once"):
            await found.client.send(PUBLISH)
        found.core.answer = lambda message: "v1"
        assert await found.client.send(PUBLISH) == "v1"


async def test_a_fault_of_the_engine_is_said_without_what_is_inside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: Any) -> Any:
        raise ValueError("the key is 1234")

    async with pair(tmp_path) as found:
        found.core.answer = fail
        with pytest.raises(LegateError, match="inside Legate") as caught:
            await found.client.send(PUBLISH)
        assert type(caught.value) is LegateError
        assert "1234" not in caught.value.message
        with pytest.raises(LegateError, match="inside Legate"):
            async with aclosing(found.client.ticks("run_1")) as ticks:
                await anext(ticks)
    assert "the key is 1234" in caplog.text


async def test_an_error_comes_with_its_details(tmp_path: Path) -> None:
    def refuse(message: Any) -> Any:
        raise Conflict("Somebody was first.", by="per_1", when=12, what=object)

    async with pair(tmp_path) as found:
        found.core.answer = refuse
        with pytest.raises(Conflict, match="Somebody was first") as caught:
            await found.client.send(PUBLISH)
    assert caught.value.details == {"by": "per_1", "when": 12, "what": str(object)}


async def test_a_secret_travels_in_a_request_and_in_no_answer(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        found.core.answer = lambda message: "sec_1"
        await found.client.send(StoreSecret("Mail", Secret("hunter2"), ("mail.example",)))
        (heard,) = found.core.heard
        assert heard.value.reveal() == "hunter2"
        found.core.answer = lambda message: Secret("hunter2")
        with pytest.raises(LegateError, match="inside Legate"):
            await found.client.ask(AgentDraft("a"))


async def test_a_stream_ends_where_its_source_ends(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        found.core.answer = lambda run_id: [Tick(run_id, "text", "a"), Tick(run_id, "text", "b")]
        async with aclosing(found.client.ticks("run_1")) as ticks:
            assert [tick.text async for tick in ticks] == ["a", "b"]
        await until(lambda: found.listener.streams == found.core.listening == 0)


async def test_a_reader_that_waits_hears_that_its_owner_went(tmp_path: Path) -> None:
    async with pair(tmp_path) as found, aclosing(found.client.events(Agents(), "3")) as events:
        coming = asyncio.ensure_future(anext(events))
        await found.core.is_listened_to.wait()
        await found.listener.close()
        with pytest.raises(Unavailable, match=r"has gone\. What was answered is kept"):
            await asyncio.wait_for(coming, PATIENCE_SECONDS)
        assert found.core.listening == 0


async def test_a_command_under_way_is_seen_through_when_the_owner_closes(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        found.core.gate = asyncio.Event()
        found.core.answer = lambda message: "v1"
        coming = asyncio.ensure_future(found.client.send(PUBLISH))
        await found.core.is_listened_to.wait()
        closing = asyncio.ensure_future(found.listener.close())
        await asyncio.sleep(0)
        found.core.gate.set()
        assert await asyncio.wait_for(coming, PATIENCE_SECONDS) == "v1"
        await closing
        with pytest.raises(Unavailable, match="has gone"):
            await found.client.send(PUBLISH)
        assert found.core.heard == [PUBLISH]


async def test_a_command_that_takes_too_long_does_not_hold_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legate_core.link.owner.CLOSING_SECONDS", 0.01)
    async with pair(tmp_path) as found:
        found.core.gate = asyncio.Event()
        coming = asyncio.ensure_future(found.client.send(PUBLISH))
        await found.core.is_listened_to.wait()
        await found.listener.close()
        with pytest.raises(Unavailable, match="look there before you repeat"):
            await asyncio.wait_for(coming, PATIENCE_SECONDS)


async def test_a_client_finds_the_next_owner(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        found.core.answer = lambda message: "first"
        assert await found.client.send(PUBLISH) == "first"
        await found.listener.close()
        with pytest.raises(Unavailable):
            await found.client.send(PUBLISH)
        second = await serve_link(Settings(tmp_path), Scripted(lambda message: "second"))
        try:
            assert await found.client.send(PUBLISH) == "second"
        finally:
            await second.close()


async def test_an_answer_given_up_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        gate = found.core.gate = asyncio.Event()
        found.core.answer = lambda message: message.note
        coming = asyncio.ensure_future(found.client.send(PublishAgent("a", note="old")))
        await found.core.is_listened_to.wait()
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming
        gate.set()
        assert await found.client.send(PublishAgent("a", note="new")) == "new"


async def test_few_connections_are_kept_after_a_burst(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        found.core.answer = lambda message: message.note
        sends = (found.client.send(PublishAgent("a", note=str(number))) for number in range(30))
        assert await asyncio.gather(*sends) == [str(number) for number in range(30)]
        assert len(found.client._idle) <= MOST_IDLE


async def test_more_connections_than_it_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legate_core.link.owner.MOST_CONNECTIONS", 1)
    async with pair(tmp_path) as found, raw(tmp_path) as say:
        assert "answer" in await say(frames.pack({"do": "hello"}))
        with pytest.raises(Unavailable, match="Close some"):
            await found.client.connect()


async def test_what_another_version_answers_is_named_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pair(tmp_path) as found:
        found.core.answer = lambda message: 5
        with pytest.raises(Unavailable, match="another version"):
            await found.client.send(PUBLISH)


async def test_a_message_of_the_engine_itself_is_refused(tmp_path: Path) -> None:
    async with pair(tmp_path) as found:
        with pytest.raises(Forbidden, match="ReadyDueRuns is for the engine itself"):
            await found.client.send(ReadyDueRuns())
        assert found.core.heard == []


@pytest.fixture
def shown() -> list[tuple[str, str]]:
    return []


async def test_a_second_start_shows_the_window_of_the_first(tmp_path: Path, shown: list[tuple[str, str]]) -> None:
    async with pair(tmp_path, on_show=lambda link, token: shown.append((link, token))) as found:
        assert (await found.client.connect()).has_window
        assert await asyncio.to_thread(hand_over, tmp_path, "legate://run/run_1", "t0ken")
        assert await found.client.show()
    assert shown == [("legate://run/run_1", "t0ken"), ("", "")]


async def test_where_nobody_has_a_window_a_second_start_opens_its_own(tmp_path: Path) -> None:
    assert not hand_over(tmp_path)
    async with pair(tmp_path) as found:
        assert not await asyncio.to_thread(hand_over, tmp_path)
        assert not await found.client.show()


async def test_an_owner_that_says_nothing_does_not_hold_a_second_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr("legate_core.link.handover.PATIENCE_SECONDS", 0.05)
    place = await places.listen(tmp_path, silent)
    try:
        assert not await asyncio.to_thread(hand_over, tmp_path)
    finally:
        place.close()
    assert "did not answer" in capsys.readouterr().err


async def test_a_client_says_where_it_leads(tmp_path: Path) -> None:
    assert repr(LinkClient(tmp_path)) == f"LinkClient('{tmp_path}')"
