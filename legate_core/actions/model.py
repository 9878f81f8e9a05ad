"""The states of an action and the moves between them that are possible at all."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legate_core.tools.spec import Effect, Invocation


class ActionState(enum.StrEnum):
    """Where a tool call stands on its way to the world."""

    PROPOSED = "proposed"
    WAITING = "waiting"
    READY = "ready"
    DISPATCHED = "dispatched"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


OPEN = frozenset(
    {
        ActionState.PROPOSED,
        ActionState.WAITING,
        ActionState.READY,
        ActionState.DISPATCHED,
        ActionState.IN_DOUBT,
    }
)
"""An action in one of these has no outcome yet; a run that has one cannot have succeeded."""


@dataclass(frozen=True)
class Action:
    """One tool call, as the executor handles it. `arguments` are the effective ones: edited, where a person edited."""

    id: str
    run_id: str
    call_id: str
    step: int
    state: ActionState
    tool: str
    effect: Effect
    definition_hash: str
    connector_version: str
    account: str
    policy_version: int
    digest: str
    arguments: Any
    verdict: str
    approval_id: str
    hold_until: int
    attempt: int
    outcome: Mapping[str, Any] | None

    @property
    def needs_intent(self) -> bool:
        """Whether the intent must be on disk first. A read that a rule allows leaves no mark, so it may be repeated."""
        return self.effect is not Effect.READ or self.verdict == "ask"

    @property
    def idempotency_key(self) -> str:
        """Stable over restarts, so that a service that knows such keys refuses the second one."""
        return f"{self.run_id}:{self.step}:{self.call_id}"


@dataclass(frozen=True)
class Dispatch:
    """A committed intent: this exact call may be made once, now. `action.attempt` says which attempt at it this is."""

    action: Action
    invocation: Invocation


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to: confirmed with what it returned, surely failed, or in doubt."""

    state: ActionState
    outcome: Mapping[str, Any]
    by: str = "worker"
