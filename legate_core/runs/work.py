"""A claimed run in a worker's hands: the fold of its steps, kept in step with what was committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from legate_core.actions import invoke
from legate_core.actions.model import ActionState
from legate_core.agents.loop import AgentState
from legate_core.agents.model import AgentDefinition
from legate_core.runs import fold
from legate_core.runs.model import RunRecord, StepRecord
from legate_core.tools.catalog import Catalog


@dataclass
class Work:
    """What one worker knows of one run between claim and park. Nothing in it is not on disk as well.

    `task_at` is when a person typed the task, 0 where that was not kept.
    """

    run: RunRecord
    definition: AgentDefinition
    state: AgentState
    catalog: Catalog
    steps: list[StepRecord] = field(default_factory=list[StepRecord])
    task_at: int = 0

    def add(self, step: StepRecord) -> None:
        """A step was committed: fold it in."""
        self.steps.append(step)
        self.state = fold.apply(self.state, step)

    def settle(self, index: int, action: Mapping[str, Any]) -> None:
        """A tool step's action came to its end."""
        old = self.steps[index]
        self.steps[index] = replace(old, body={**old.body, "action": action})
        self.state = fold.apply(self.state, self.steps[index])

    def worked_ms(self, now: int) -> int:
        """How long the run has been worked on so far. A clock that was set back takes nothing away."""
        return max(self.run.worked_ms, now - self.state.started_at)

    @property
    def open_steps(self) -> list[StepRecord]:
        """The tool calls that have no outcome yet."""
        return [step for step in self.steps if step.kind == "tool" and is_open(step)]

    def before(self) -> tuple[str, ...]:
        """The last three steps in a line each, for a card."""
        return tuple(_line(step) for step in self.steps[-3:])


def is_open(step: StepRecord) -> bool:
    """Whether a step's action may still get an outcome."""
    action = step.body.get("action")
    return action is not None and ActionState(action["state"]) in invoke.OPEN


def _line(step: StepRecord) -> str:
    if step.kind == "model":
        reply: dict[str, Any] = step.body.get("reply") or {}
        said = " ".join(str(reply.get("text", "")).split()) or "asks for tools"
        return f"{step.index} · model · {said[:160]}"
    action: dict[str, Any] = step.body.get("action") or {}
    outcome: dict[str, Any] = action.get("outcome") or {}
    if action.get("state") == ActionState.DENIED.value:
        return f"{step.index} · tool · not run: {str(outcome.get('content', ''))[:140]}"
    return f"{step.index} · tool · {str(outcome.get('source') or step.body.get('error') or 'waits')[:160]}"
