"""Replies of the real services, recorded by others, are read as the makers' own clients read them.

The replies are test data of pydantic-ai and Logfire (MIT, see `recorded_replies/LICENSE`), one line each: the bytes as
they came, and what the official client of openai, anthropic or ollama makes of them.
"""

from __future__ import annotations

import base64
import json
import lzma
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from legate_core.llm.anthropic_reply import STOP_REASONS as ANTHROPIC_STOPS
from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply, TextDelta
from legate_core.llm.chat_reply import STOP_REASONS as CHAT_STOPS
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings

DATA = Path(__file__).with_name("recorded_replies") / "replies.jsonl.xz"
PROVIDERS = {"chat": "openai_compatible", "anthropic": "anthropic", "ollama": "ollama"}
STOPS = {"chat": CHAT_STOPS, "anthropic": ANTHROPIC_STOPS, "ollama": {"stop": "end", "length": "length"}}
ASK = ModelRequest("m", (Message("user", "Hello?"),), max_tokens=1_000_000)


class Recorded(httpx.AsyncBaseTransport):
    """Answers with the recorded bytes, cut where no character cares."""

    def __init__(self, entry: dict[str, Any], size: int) -> None:
        self._entry = entry
        self._size = size

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = base64.b64decode(self._entry["body"])
        kind = self._entry["type"] or ("text/event-stream" if self._entry["is_stream"] else "application/json")
        return httpx.Response(self._entry["status"], headers={"content-type": kind}, stream=Pieces(body, self._size))


class Pieces(httpx.AsyncByteStream):
    def __init__(self, body: bytes, size: int) -> None:
        self._body, self._size = body, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), self._size):
            yield self._body[at : at + self._size]


async def _no_wait(seconds: float) -> None:
    return None


async def read(entry: dict[str, Any], size: int = 1_000) -> Reply | ModelFailed:
    """The reply as we read it, or the failure."""
    world = Surroundings(transport=lambda _: Recorded(entry, size), sleep=_no_wait)
    settings = {"provider": PROVIDERS[entry["kind"]], "base_url": "http://127.0.0.1:1/v1", "model": "m"}
    pieces: list[str] = []
    try:
        async for item in open_model(settings, world).stream(ASK):
            if isinstance(item, TextDelta):
                pieces.append(item.text)
            else:
                assert "".join(pieces) == item.text
                return item
    except ModelFailed as failed:
        return failed
    raise AssertionError("no reply came")


def difference(entry: dict[str, Any], reply: Reply) -> str:
    """Where our reading differs from the official client's; empty where it does not."""
    theirs = entry["read"]
    if reply.text != theirs["text"]:
        return f"text {reply.text[:80]!r} is not {theirs['text'][:80]!r}"
    ours = [(call.name, call.arguments if call.arguments is not None else call.raw) for call in reply.tool_calls]
    wanted = [(name.replace("__", "."), _value(arguments)) for _, name, arguments in theirs["calls"]]
    if ours != wanted:
        return f"calls {str(ours)[:120]} are not {str(wanted)[:120]}"
    ids = [given for given, _, _ in theirs["calls"] if given and len(given) <= 64]
    if not set(ids) <= {call.id for call in reply.tool_calls} and len(set(ids)) == len(ids):
        return f"ids {[call.id for call in reply.tool_calls]} are not {ids}"
    stop = STOPS[entry["kind"]].get(theirs["stop"] or "stop", "other")
    if ours and stop in ("end", "other"):
        stop = "tool_calls"
    if reply.stop_reason != stop and reply.stop_reason != "refusal":
        return f"stopped by {reply.stop_reason}, not by {stop}"
    counted = [reply.usage.input_tokens, reply.usage.output_tokens]
    if theirs["usage"] and None not in theirs["usage"] and counted != theirs["usage"] and not reply.usage.is_estimated:
        return f"usage {counted} is not {theirs['usage']}"
    return ""


def _value(arguments: str) -> Any:
    try:
        found = json.loads(arguments or "{}")
    except ValueError:
        return arguments
    return found if isinstance(found, dict) else arguments


def entries(path: Path = DATA) -> list[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


ENTRIES = entries()
STREAMS = 50


@pytest.mark.parametrize("kind", ["chat", "anthropic"])
async def test_every_recorded_reply_is_read_as_its_makers_client_reads_it(kind: str) -> None:
    wrong: dict[str, str] = {}
    for entry in (entry for entry in ENTRIES if entry["kind"] == kind):
        reply = await read(entry)
        if "read" not in entry:
            if isinstance(reply, Reply):
                wrong[entry["where"]] = f"the official client fails ({entry['error']}), and this one does not"
        elif isinstance(reply, ModelFailed):
            wrong[entry["where"]] = reply.message
        elif found := difference(entry, reply):
            wrong[entry["where"]] = found
    assert wrong == {}


async def test_recorded_thoughts_are_kept_to_the_letter() -> None:
    compared = 0
    for entry in (entry for entry in ENTRIES if entry["kind"] == "anthropic" and not entry["is_stream"]):
        body = json.loads(base64.b64decode(entry["body"]))
        blocks = body.get("content", []) if "read" in entry else []
        thoughts = [block for block in blocks if block["type"] in ("thinking", "redacted_thinking")]
        if thoughts:
            reply = await read(entry)
            assert isinstance(reply, Reply)
            assert list(reply.thoughts) == thoughts, entry["where"]
            compared += 1
    assert compared >= 30


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_it_makes_no_difference_how_the_bytes_come(size: int) -> None:
    some = [entry for entry in ENTRIES if entry["is_stream"] and len(entry["body"]) < 8_000][:: 3 if size > 1 else 12]
    assert len(some) > 2
    for entry in some:
        assert await read(entry, size) == await read(entry) or isinstance(await read(entry), ModelFailed)


def test_there_are_more_than_have_been_compared_before() -> None:
    assert len(ENTRIES) > 510
    assert {entry["kind"] for entry in ENTRIES} == {"chat", "anthropic"}
    assert sum(entry["is_stream"] for entry in ENTRIES) >= STREAMS
