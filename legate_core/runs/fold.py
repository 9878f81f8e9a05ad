"""A run's steps folded into the state its next move is decided on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from legate_core.actions.model import OPEN, ActionState
from legate_core.agents.loop import AgentState, Outcome
from legate_core.agents.model import AgentDefinition
from legate_core.llm.base import Reply
from legate_core.policy.model import ObservationText
from legate_core.runs.model import StepRecord


def fold(definition: AgentDefinition, task: str, started_at: int, steps: Sequence[StepRecord]) -> AgentState:
    """The state after these steps."""
    state = AgentState(definition, task, started_at)
    for step in steps:
        state = apply(state, step)
    return state


def apply(state: AgentState, step: StepRecord) -> AgentState:
    """The state after one more step, or after a step of it came to its end. What a run took over from another counts
    for none of its limits: it was not this run that did it."""
    after = _apply(state, step)
    return replace(after, used=state.used) if step.body.get("taken_over") else after


def _apply(state: AgentState, step: StepRecord) -> AgentState:
    if step.kind == "model":
        if step.body.get("is_cut_off"):
            return state.with_cut_off(step.tokens, step.cost_micros)
        if step.state == "failed":
            return state.with_model_failure(str(step.body["error"]), step.tokens, step.cost_micros)
        return state.with_reply(Reply.from_json(step.body["reply"]), step.tokens, step.cost_micros)
    if step.kind == "tool":
        return state.with_outcome(outcome_of(step))
    if step.kind == "person":
        return state.with_words(str(step.body["text"]))
    return state


def outcome_of(step: StepRecord) -> Outcome:
    """What a tool step tells the model: its action's outcome, or why there was no action at all."""
    action = step.body.get("action")
    if action is None:
        return Outcome(step.call_id, str(step.body["error"]), is_error=True)
    if ActionState(action["state"]) in OPEN:
        return Outcome(step.call_id, None)
    outcome: dict[str, Any] = action["outcome"] or {"content": "This call was withdrawn.", "is_error": True}
    return Outcome(step.call_id, str(outcome["content"]), is_error=bool(outcome.get("is_error")))


def observations(steps: Sequence[StepRecord]) -> tuple[ObservationText, ...]:
    """Every text the run has observed so far, with its label; where a derived argument may have come from."""
    found: list[ObservationText] = []
    for step in steps:
        action = step.body.get("action")
        if action is None or not action["outcome"]:
            continue
        outcome = action["outcome"]
        found.append(
            ObservationText(
                id=str(step.index),
                source=str(outcome.get("source", "")),
                text=str(outcome["content"]),
                trusted=bool(outcome.get("trusted")),
            )
        )
    return tuple(found)
