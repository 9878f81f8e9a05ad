"""The facts of a run's life."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("run.created")
@dataclass(frozen=True, slots=True)
class RunCreated(Event):
    """A run of a published version was asked for."""

    run_id: str
    agent_id: str
    definition_hash: str
    trigger: str


@event("run.branched")
@dataclass(frozen=True, slots=True)
class RunBranched(Event):
    """A run goes on from the first `steps` steps of another one, which stays as it is."""

    run_id: str
    origin_run_id: str
    steps: int
    how: str


@event("run.exported")
@dataclass(frozen=True, slots=True)
class RunExported(Event):
    """A run was written into a file; `file_digest` is SHA-256 of that file."""

    run_id: str
    file_digest: str


@event("run.claimed")
@dataclass(frozen=True, slots=True)
class RunClaimed(Event):
    """A worker took the run; `fence` rises with each claim and an older worker's writes are refused."""

    run_id: str
    fence: int
    is_recovery: bool


@event("run.stepped")
@dataclass(frozen=True, slots=True)
class RunStepped(Event):
    """One step was added or finished."""

    run_id: str
    step_id: str
    index: int
    kind: str
    state: str


@event("run.parked")
@dataclass(frozen=True, slots=True)
class RunParked(Event):
    """The run waits and holds nothing: no task, no connection, no memory."""

    run_id: str
    status: str
    waiting_for: str


@event("run.readied")
@dataclass(frozen=True, slots=True)
class RunReadied(Event):
    """What the run waited for is there; any worker may go on."""

    run_id: str
    because: str


@event("run.finished")
@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """The closing record: how it ended, how many steps it has, and that no action of it is open."""

    run_id: str
    status: str
    steps: int
    open_actions: int
    reason: str


@event("run.erased")
@dataclass(frozen=True, slots=True)
class RunErased(Event):
    """The run's content and its key are gone; its entries stay and still verify."""

    run_id: str


@event("run.model_passed")
@dataclass(frozen=True, slots=True)
class ModelPassed(Event):
    """The next model of the agent's list was asked in place of one that could not answer or that money did not allow."""

    run_id: str
    model: str
    instead_of: str
    because: str


@event("budget.set")
@dataclass(frozen=True, slots=True)
class BudgetSet(Event):
    """A limit on money is in force, in millionths; runs that waited for one look again."""

    budget_id: str
    limit_micros: int


@event("budget.removed")
@dataclass(frozen=True, slots=True)
class BudgetRemoved(Event):
    """A limit on money is gone."""

    budget_id: str


@event("budget.nearly_used")
@dataclass(frozen=True, slots=True)
class BudgetNearlyUsed(Event):
    """Four fifths of a limit on money are used. Told once in each of its periods."""

    budget_id: str
    run_id: str
    percent: int


@event("budget.reached")
@dataclass(frozen=True, slots=True)
class BudgetReached(Event):
    """A run waits, because its next model call does not fit under a limit on money."""

    budget_id: str
    run_id: str


@event("run.money_reserved")
@dataclass(frozen=True, slots=True)
class MoneyReserved(Event):
    """Money was set aside before a model call; in millionths."""

    run_id: str
    micros: int


@event("retention.set")
@dataclass(frozen=True, slots=True)
class RetentionSet(Event):
    """How many days the content of ended runs is kept from now on; 0 for good."""

    days: int


@event("runs.paused")
@dataclass(frozen=True, slots=True)
class RunsPaused(Event):
    """No run of the workspace begins or goes on from now on."""


@event("runs.resumed")
@dataclass(frozen=True, slots=True)
class RunsResumed(Event):
    """The runs of the workspace go on, and those begin that were started meanwhile."""
