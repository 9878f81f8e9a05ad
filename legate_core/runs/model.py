"""What a run is: its states, and what the log of it shows."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class RunStatus(enum.StrEnum):
    """Where a run stands. `succeeded` needs a closing record with no open action; nothing else may claim it."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    IN_DOUBT = "in_doubt"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ENDED_EARLY = "ended_early"


DRAFT = "draft"
"""The trigger of a run that tries a draft; whatever goes on from it stays one."""

FINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.ENDED_EARLY})


class WaitingFor(enum.StrEnum):
    """What a parked run waits for."""

    NOTHING = ""
    APPROVAL = "approval"
    TIMER = "timer"
    CHILD = "child"
    VAULT = "vault"
    BUDGET = "budget"
    PAUSE = "pause"


BY_ITSELF = "It goes on by itself."
"""How the reason of a wait for money ends that is over as soon as other runs have settled."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of the list of runs. Times in milliseconds since the Unix epoch, money in millionths.

    `origin_run_id` is the run that this one goes on from, with its first `origin_steps` steps.
    """

    id: str
    agent_id: str
    name: str
    status: str
    waiting_for: str
    reason: str
    steps: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    created_at: int
    started_at: int
    finished_at: int
    trigger: str = ""
    started_by: str = ""
    definition_hash: str = ""
    origin_run_id: str = ""
    origin_steps: int = 0


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of a run's log. `detail` is what the person sees behind it: text said, arguments, what came back; `model`
    is who was asked, where a model was. `acted_at` is when a call that was asked about went on its way, 0 before that and
    for what nobody was asked about."""

    id: str
    run_id: str
    index: int
    kind: str
    state: str
    label: str
    detail: str
    action_id: str
    approval_id: str
    input_tokens: int
    output_tokens: int
    cost_micros: int
    started_at: int
    finished_at: int
    model: str = ""
    acted_at: int = 0
    effect: str = ""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run with the words it was given and the words it ended with; both empty for whoever may not read them."""

    row: RunRow
    task: str
    result: str
    is_erased: bool


@dataclass(frozen=True)
class RunRecord:
    """A run as the executor holds it between claim and commit. `worked_ms` is how long it was worked on before this claim:
    the time limit counts that, not how long a person thinks."""

    id: str
    workspace_id: str
    agent_id: str
    definition_hash: str
    name: str
    status: RunStatus
    fence: int
    started_by: str
    trigger: str
    task_ref: str
    steps: int
    started_at: int
    created_at: int
    cost_micros: int
    worked_ms: int = 0
    is_erased: bool = False


@dataclass(frozen=True)
class StepRecord:
    """One stored step with its body and, for a tool call, its action's state and outcome."""

    index: int
    kind: str
    state: str
    call_id: str
    action_id: str
    body: Mapping[str, Any]
    tokens: int
    cost_micros: int
