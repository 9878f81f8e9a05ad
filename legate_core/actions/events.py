"""The facts of an action's way to the world."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("action.proposed")
@dataclass(frozen=True, slots=True)
class ActionProposed(Event):
    """An agent asked for a tool call and policy spoke: allow, ask or deny, and which rule said so."""

    action_id: str
    run_id: str
    tool: str
    effect: str
    verdict: str
    rule_id: str


@event("action.ready")
@dataclass(frozen=True, slots=True)
class ActionReady(Event):
    """A person's yes reached the action; it may be dispatched once `hold_until` has passed."""

    action_id: str
    run_id: str
    approval_id: str
    hold_until: int


@event("action.denied")
@dataclass(frozen=True, slots=True)
class ActionDenied(Event):
    """It will not run: rejected, expired, or denied by a rule when it was about to."""

    action_id: str
    run_id: str
    reason: str


@event("action.reopened")
@dataclass(frozen=True, slots=True)
class ActionReopened(Event):
    """Its answer was taken back; it waits again."""

    action_id: str
    run_id: str
    approval_id: str


@event("action.dispatched")
@dataclass(frozen=True, slots=True)
class ActionDispatched(Event):
    """The intent: from here on it may have happened. Written before the act, never after."""

    action_id: str
    run_id: str
    tool: str
    attempt: int


@event("action.settled")
@dataclass(frozen=True, slots=True)
class ActionSettled(Event):
    """The outcome: confirmed, failed, or in doubt. `by` is worker, probe or the person who knew."""

    action_id: str
    run_id: str
    state: str
    by: str


@event("action.withdrawn")
@dataclass(frozen=True, slots=True)
class ActionWithdrawn(Event):
    """Its run ended before it was dispatched."""

    action_id: str
    run_id: str
