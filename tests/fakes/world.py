"""A counting fake of the outside world: one tool of every effect class, and a file that remembers each effect for ever.

    world = World(tmp_path / "world")
    core = await open_local(settings, extra_tools=world.tools())

An effect is one line appended to a file with one write, so it survives the process that caused it, as a sent mail would.
How a tool behaves is set by `world.behave["world.send"]`; a test that wants to act while a call is on its way uses
`started` and `let_go`.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from legate_core.tools.spec import Argument, Effect, Invocation, Observation, ProbeResult, ToolFailed, ToolSpec

Behaviour = Literal["act", "fail", "raise", "raise_after", "hang", "hang_after", "huge", "thread", "thread_fails"]
"""What a call does: act; fail cleanly; raise or hang before or after the effect; act and return 100 MB; act or fail in a
thread, which nothing can stop, once `let_thread_go` is set."""

ProbeBehaviour = Literal["truth", "unknown", "raise", "hang"]

HUGE = 100_000_000

_PARAMETERS = {
    "type": "object",
    "properties": {"to": {"type": "string", "maxLength": 200}, "text": {"type": "string"}},
    "required": ["to", "text"],
    "additionalProperties": False,
}
_MONEY = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "amount": {"type": "integer", "minimum": 1}},
    "required": ["to", "amount"],
    "additionalProperties": False,
}


def _spec(name: str, effect: Effect, title: str, **more: Any) -> ToolSpec:
    given: dict[str, Any] = {"parameters": _PARAMETERS, "arguments": {"text": Argument("content")}} | more
    description = f"{title.format(to='somebody', text='something', amount='an amount')}, in a world that only counts."
    return ToolSpec(
        name,
        description,
        effect,
        title=title,
        timeout_seconds=given.pop("timeout_seconds", 20.0),
        connector="world",
        **given,
    )


SPECS = {
    spec.name: spec
    for spec in (
        _spec("world.look", Effect.READ, "look at {to} for {text}"),
        _spec("world.note", Effect.WRITE, "note {text} for {to}"),
        _spec("world.send", Effect.SEND, "send {text} to {to}"),
        _spec("world.post", Effect.SEND, "post {text} to {to}", can_probe=True),
        _spec(
            "world.pay", Effect.SPEND, "pay {amount} to {to}", parameters=_MONEY, arguments={}, amount_argument="amount"
        ),
        _spec("world.destroy", Effect.DESTROY, "destroy {text} of {to}"),
        _spec("world.grant", Effect.GRANT, "let {to} see {text}"),
    )
}
ALL = tuple(SPECS)


@dataclass(frozen=True, slots=True)
class Happened:
    """One effect as the world remembers it."""

    key: str
    tool: str
    arguments: Mapping[str, Any]


class World:
    """The outside. Every process that opens the same folder sees the same one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "happened.jsonl"
        self.behave: dict[str, Behaviour] = {}
        self.probing: ProbeBehaviour = "truth"
        self.started = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_thread_go = threading.Event()
        self.probes = 0
        self.on_act: Callable[[], None] = lambda: None
        self.specs = dict(SPECS)

    def tools(self) -> tuple[WorldTool, ...]:
        """The tools, for `open_local`. Their manifests are looked up anew at every use, so a test may change one."""
        return tuple(WorldTool(self, name) for name in self.specs)

    def change(self, name: str, **fields: Any) -> None:
        """A new version of a tool's definition, as an update of a connector would bring."""
        self.specs[name] = replace(self.specs[name], **fields)

    @property
    def happened(self) -> list[Happened]:
        """Every effect so far, in order."""
        if not self.path.exists():
            return []
        return [Happened(**json.loads(line)) for line in self.path.read_text(encoding="utf-8").splitlines()]

    @property
    def counts(self) -> Counter[str]:
        """How often each idempotency key was acted on; anything above 1 is the fault this project exists to prevent."""
        return Counter(effect.key for effect in self.happened)

    def act(self, tool: str, call: Invocation) -> None:
        """The effect itself: one line, one write."""
        line = json.dumps({"key": call.idempotency_key, "tool": tool, "arguments": dict(call.arguments)}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


class WorldTool:
    """One tool of the world."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name

    @property
    def spec(self) -> ToolSpec:
        return self._world.specs[self._name]

    async def invoke(self, call: Invocation) -> Observation:
        behaviour = self._world.behave.get(self._name, "act")
        self._world.started.set()
        self._world.on_act()
        if behaviour == "fail":
            raise ToolFailed("The world refused: nothing happened.")
        if behaviour == "raise":
            raise RuntimeError("the world broke before anything happened")
        if behaviour == "hang":
            await self._world.let_go.wait()
        if behaviour in ("thread", "thread_fails"):
            return await asyncio.to_thread(self._in_a_thread, call, fails=behaviour == "thread_fails")
        if self.spec.effect is not Effect.READ:
            self._world.act(self._name, call)
        if behaviour == "raise_after":
            raise RuntimeError("the world broke after it happened")
        if behaviour == "hang_after":
            await self._world.let_go.wait()
        content = "x" * HUGE if behaviour == "huge" else f"{self._name} was done."
        return Observation(content, f"the world's {self._name}")

    def _in_a_thread(self, call: Invocation, *, fails: bool) -> Observation:
        assert self._world.let_thread_go.wait(60), "nobody let the thread go"
        if fails:
            raise ToolFailed("The world refused: nothing happened.")
        self._world.act(self._name, call)
        return Observation(f"{self._name} was done.", f"the world's {self._name}")

    async def probe(self, call: Invocation) -> ProbeResult:
        self._world.probes += 1
        match self._world.probing:
            case "unknown":
                return ProbeResult.UNKNOWN
            case "raise":
                raise RuntimeError("the world cannot be asked")
            case "hang":
                await asyncio.Event().wait()
            case "truth":
                pass
        did = self._world.counts[call.idempotency_key] > 0
        return ProbeResult.HAPPENED if did else ProbeResult.DID_NOT_HAPPEN
