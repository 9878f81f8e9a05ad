"""Small tools, calls and rules for the tests of policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_core.policy.model import Call, Facts, Grant, ObservationText, Rule, Settings
from legate_core.policy.provenance import OwnWords
from legate_core.tools.spec import Argument, Effect, Invocation, Observation, ProbeResult, ToolSpec

DAY = 86_400_000
# Monday, 15 June 2026, 09:30 UTC.
MONDAY = 1_781_515_800_000


def spec(name: str, effect: Effect, properties: Mapping[str, Any] | None = None, **changes: Any) -> ToolSpec:
    """A tool's manifest; a property given as a word is of that type."""
    schema = {key: {"type": value} if isinstance(value, str) else value for key, value in (properties or {}).items()}
    required = changes.pop("required", [])
    parameters = {"type": "object", "properties": schema, "required": required, "additionalProperties": False}
    return ToolSpec(name, f"{name}.", effect, parameters, **changes)


MAIL = spec(
    "mail.send",
    Effect.SEND,
    {"to": {"type": "array", "items": {"type": "string"}}, "subject": "string", "body": "string"},
    arguments={"subject": Argument("content"), "body": Argument("content")},
)
LIST = spec("mail.list", Effect.READ, {"folder": "string"})
NOTE = spec("notes.add", Effect.WRITE, {"text": "string"}, arguments={"text": Argument("content")}, local=True)
MOVE = spec("files.move", Effect.WRITE, {"path": "string", "to": "string"})
PAY = spec("bank.pay", Effect.SPEND, {"to": "string", "amount": "integer"}, amount_argument="amount")
DROP = spec("files.delete", Effect.DESTROY, {"path": "string", "file_id": "string"})
SHARE = spec("files.share", Effect.GRANT, {"path": "string", "with": "string"})
POST = spec(
    "web.post",
    Effect.SEND,
    {"url": "string", "headers": {"type": "object"}, "body": "string", "mode": "string"},
    arguments={"body": Argument("content"), "mode": Argument(safe=("plain",))},
)
TOOLS = (MAIL, LIST, NOTE, MOVE, PAY, DROP, SHARE, POST)
OPEN = Settings(ask_every_effect=False)


def call(tool: ToolSpec, /, *, on: Mapping[str, Any] | None = None, **arguments: Any) -> Call:
    """A call made on a Monday morning in the run r1; `on` changes who makes it, and when."""
    return Call(tool, arguments, **({"now": MONDAY, "run_id": "r1"} | dict(on or {})))


def facts(*own_words: str, **changes: Any) -> Facts:
    """What a person typed, with "ask for every effect" switched off unless settings say otherwise."""
    return Facts(OwnWords.from_texts(own_words), **({"settings": OPEN} | changes))


def seen(text: str = "", source: str = "mail M-1", **changes: Any) -> ObservationText:
    return ObservationText("o1", source, text, **changes)


def rule(id: str, verdict: Any, **changes: Any) -> Rule:
    return Rule(id, f"rule {id}", verdict, **changes)


def grant(tool: ToolSpec, argument: str, value: Any, **changes: Any) -> Grant:
    return Grant("g1", tool.name, argument, value, **({"run_id": "r1"} | changes))


class Registered:
    """A tool that is only there for its manifest."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec

    async def invoke(self, call: Invocation) -> Observation:
        raise AssertionError("policy never calls a tool")

    async def probe(self, call: Invocation) -> ProbeResult:
        raise AssertionError("policy never calls a tool")
