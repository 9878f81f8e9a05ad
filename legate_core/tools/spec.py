"""What a tool declares about itself: effect, schema, which arguments carry authority, undo, probe.

A manifest is what policy judges and what an approval binds. It is data: frozen, comparable, hashed. The code that acts
is a `Tool`, which pairs a manifest with `invoke` (and `probe`, where the other side can be asked what happened).
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from legate_core.crypto.canonical import canonical

Json = Any
"""A JSON value: None, bool, int, float, str, list[Json] or dict[str, Json]."""


class Effect(enum.StrEnum):
    """What a call does to the world, from harmless to grave (see the permission matrix for the classes)."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    SPEND = "spend"
    DESTROY = "destroy"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Argument:
    """How policy treats one argument: *authority* says who, where, which, how much; *content* is body, note, subject.

    `safe` lists values that need no origin (an enum's harmless members).
    """

    role: Literal["authority", "content"] = "authority"
    safe: tuple[Json, ...] = ()


@dataclass(frozen=True)
class ToolSpec:
    """A tool's manifest.

    `parameters` is a JSON Schema of type object; `arguments` describes top-level properties by name, those left out
    are authority. `local` marks a create-only, versioned write inside the run's own folder. `title` is a sentence
    fragment with `{argument}` places, shown as "<agent> wants to <title>". `reach`, `undo` and `cost` are words for the
    card; `undo` is empty where nothing can be undone. `amount_argument` names the argument that holds money in minor
    units for *spend*. Unknown and unreviewed tools count as *send*: give such a tool `effect=Effect.SEND`.
    """

    name: str
    description: str
    effect: Effect
    parameters: Mapping[str, Json]
    arguments: Mapping[str, Argument] = field(default_factory=dict[str, Argument])
    title: str = ""
    local: bool = False
    reach: str = ""
    undo: str = ""
    cost: str = ""
    amount_argument: str = ""
    can_probe: bool = False
    timeout_seconds: float = 60.0
    connector: str = ""
    connector_version: str = "1"

    def role_of(self, argument: str) -> Argument:
        """The declared treatment of a top-level argument; undeclared ones carry authority."""
        return self.arguments.get(argument, Argument())

    @cached_property
    def definition_hash(self) -> str:
        """SHA-256 (hex) of the canonical manifest: any change of schema, words or effect changes it."""
        manifest = {
            "name": self.name,
            "description": self.description,
            "effect": self.effect.value,
            "parameters": self.parameters,
            "arguments": {name: {"role": a.role, "safe": list(a.safe)} for name, a in self.arguments.items()},
            "title": self.title,
            "local": self.local,
            "reach": self.reach,
            "undo": self.undo,
            "cost": self.cost,
            "amount_argument": self.amount_argument,
            "can_probe": self.can_probe,
            "connector": self.connector,
            "connector_version": self.connector_version,
        }
        return hashlib.sha256(canonical(manifest)).hexdigest()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a tool returned, as the agent will see it. Its text has no authority.

    `content` is what goes to the model (already cut to size); `source` says where it came from in words
    ("mail M-2 from kim@example.com"); `trusted` is the integrity half of the label, false unless the tool can vouch.
    """

    content: str
    source: str
    trusted: bool = False
    is_error: bool = False
    data: Json = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """One dispatched call, handed to the tool's code by the executor and by nobody else.

    `arguments` are the effective ones, schema-valid. `idempotency_key` is stable over retries of the same action.
    `run_folder` is the run's own folder (an absolute path), where `local` writes go.
    """

    action_id: str
    run_id: str
    arguments: Mapping[str, Json]
    idempotency_key: str
    run_folder: str = ""


class ProbeResult(enum.StrEnum):
    """The other side's word on an action whose outcome we did not record."""

    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did_not_happen"
    UNKNOWN = "unknown"


class Tool(Protocol):
    """A manifest and the code behind it. `invoke` may take time and fail; it is never called twice for one action."""

    @property
    def spec(self) -> ToolSpec: ...

    async def invoke(self, call: Invocation) -> Observation:
        """Do it. Raise `ToolFailed` when it surely did not happen; anything else means *in doubt* for an effect."""
        ...

    async def probe(self, call: Invocation) -> ProbeResult:
        """Ask the other side whether this very call happened. Only called where `spec.can_probe`."""
        ...


class ToolFailed(Exception):
    """The call surely had no effect; the message goes to the agent and the log, so it holds no secret."""
