"""The facts of asking and answering."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("approval.opened")
@dataclass(frozen=True, slots=True)
class ApprovalOpened(Event):
    """A person is asked. The card itself lies encrypted beside the journal."""

    approval_id: str
    run_id: str
    action_id: str
    tool: str
    effect: str
    expires_at: int


@event("approval.decided")
@dataclass(frozen=True, slots=True)
class ApprovalDecided(Event):
    """A person answered, for the first and only time that counts. `state` is approved, edited or rejected."""

    approval_id: str
    run_id: str
    action_id: str
    state: str
    decided_by: str
    hold_until: int
    stop: bool
    self_approved: bool


@event("approval.undone")
@dataclass(frozen=True, slots=True)
class ApprovalUndone(Event):
    """The answer was taken back before anything was dispatched; the question waits again."""

    approval_id: str
    run_id: str
    action_id: str


@event("approval.closed")
@dataclass(frozen=True, slots=True)
class ApprovalClosed(Event):
    """Nobody needs to answer any more: expired, or withdrawn with its run. Nothing ran."""

    approval_id: str
    run_id: str
    action_id: str
    state: str
    reason: str


@event("approval.spent")
@dataclass(frozen=True, slots=True)
class ApprovalSpent(Event):
    """A yes was used up by the one dispatch it was for."""

    approval_id: str
    run_id: str
    action_id: str


@event("approval.snoozed")
@dataclass(frozen=True, slots=True)
class ApprovalSnoozed(Event):
    """Whoever looks at the inbox wants to be asked later; the question waits on, and expires as before. 0 ends it."""

    approval_id: str
    run_id: str
    until: int


@event("approval.delegated")
@dataclass(frozen=True, slots=True)
class ApprovalDelegated(Event):
    """A colleague is asked to answer; empty takes that back. Who may answer does not change by it."""

    approval_id: str
    run_id: str
    to: str
