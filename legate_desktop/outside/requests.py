"""Between the words outside the window and the core's: what is followed, asked and sent, and what the answers become."""

from __future__ import annotations

from typing import Any

import legate_core as core
from legate_desktop.outside.view import Outline, Pause, Question, RunState
from legate_desktop.words import DAY

RUNS_FOR_MS = 7 * DAY
"""How old a run may be to be told about; older ones stand on the Runs page."""


def questions() -> Any:
    """What waits for a person, live."""
    return core.PendingApprovals()


def doubts() -> Any:
    """What is in doubt, live."""
    return core.InDoubt()


def me() -> Any:
    """Who is asked here."""
    return core.WhoAmI()


def runs(now: int) -> Any:
    """The runs of the last days, live."""
    return core.Runs(since=max(0, now - RUNS_FOR_MS))


def card(question: Question) -> Any:
    """One question, whole."""
    return core.DoubtCard(question.id) if question.is_in_doubt else core.ApprovalCard(question.id)


def approve(question: Question, digest: str, *, hold_seconds: int) -> Any:
    """Yes to exactly what the notification was made from, held so long that it can be taken back."""
    return core.ApproveAction(approval_id=question.id, digest=digest, hold_seconds=hold_seconds)


def reject(question: Question, *, hold_seconds: int) -> Any:
    """No."""
    return core.RejectAction(approval_id=question.id, hold_seconds=hold_seconds)


def undo(question_id: str) -> Any:
    """Take an answer back while it is held."""
    return core.UndoAnswer(question_id)


def cancel(run_id: str) -> Any:
    """End one run."""
    return core.CancelRun(run_id)


def pause_query() -> Any:
    """Whether all runs are paused, live."""
    return core.RunsPause()


def pause_runs() -> Any:
    """Let no run begin or go on."""
    return core.PauseRuns()


def resume_runs() -> Any:
    """Let all of them go on."""
    return core.ResumeRuns()


def looks_for(kind: str, object_id: str) -> Any | None:
    """What finds out whether a link's object is there; None where the page itself does."""
    if kind == "approval":
        return core.ApprovalCard(approval_id=object_id)
    if kind == "run":
        return core.Run(run_id=object_id)
    return core.AgentDraft(agent_id=object_id) if kind == "agent" else None


def question(given: Any, *, is_in_doubt: bool = False) -> Question:
    """A line of the inbox."""
    return Question(
        id=given.id,
        run_id=given.run_id,
        tool=given.tool,
        effect=str(given.effect),
        agent=given.agent,
        asked_at=given.asked_at,
        expires_at=given.expires_at,
        is_in_doubt=is_in_doubt,
        snoozed_until=given.snoozed_until,
        assigned_to=given.assigned_to,
    )


def outline(given: Any) -> Outline:
    """A card, without its content."""
    return Outline(
        # A card made before cards had an outline says what is called, which is never content.
        title=given.card.outline or given.row.tool,
        reach=given.card.reach,
        can_be_undone=bool(given.card.undo),
        digest=given.digest,
        may_answer=given.permitted,
        needs_proof=given.needs_proof,
    )


def pause(given: Any) -> Pause:
    """Whether all runs are paused, and since when."""
    return Pause(is_paused=given.is_paused, since=given.since)


def run(given: Any) -> RunState:
    """A run."""
    return RunState(
        id=given.id,
        name=given.name,
        state=str(given.status),
        reason=given.reason,
        steps=given.steps,
        started_at=given.started_at or given.created_at,
        finished_at=given.finished_at,
    )
