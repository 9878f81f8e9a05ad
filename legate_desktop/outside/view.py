"""What is known outside the window: frozen rows in its own words, free of the core's types and of Qt."""

from __future__ import annotations

from dataclasses import dataclass

UNDOABLE_EFFECTS = frozenset({"write", "send"})
"""What may be approved from outside at all; MONEY, DESTROYS, GRANTS and what this window does not know never may."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that waits for a person: a question, or an action in doubt. Holds ids and names, no content."""

    id: str
    run_id: str
    tool: str
    effect: str
    agent: str
    asked_at: int
    expires_at: int = 0
    is_in_doubt: bool = False
    snoozed_until: int = 0
    assigned_to: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What may be said of a question where others look on, and what an answer to it would be bound to."""

    title: str
    reach: str
    can_be_undone: bool
    digest: str
    may_answer: bool
    needs_proof: bool


@dataclass(frozen=True, slots=True)
class RunState:
    """One run: enough to say that it moves, or how it ended."""

    id: str
    name: str
    state: str
    reason: str
    steps: int
    started_at: int
    finished_at: int

    @property
    def is_moving(self) -> bool:
        return self.state in ("ready", "running")

    @property
    def is_open(self) -> bool:
        return self.state in ("ready", "running", "waiting", "in_doubt")


@dataclass(frozen=True, slots=True)
class Pause:
    """Whether all runs of the workspace are paused, and since when."""

    is_paused: bool
    since: int = 0


def may_approve_outside(question: Question, outline: Outline) -> bool:
    """Whether a notification may offer Approve, where the person switched that on: only what can be taken back."""
    return (
        question.effect in UNDOABLE_EFFECTS
        and not question.is_in_doubt
        and outline.can_be_undone
        and outline.may_answer
        and not outline.needs_proof
        and bool(outline.digest)
    )
