"""What the Runs page shows: rows, steps and the words for their states; free of the core's types and of Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from legate_desktop.core_words import tr_core
from legate_desktop.words import duration, long_age, money, number, one_line, plural, tr

OPEN_STATES = frozenset({"ready", "running", "waiting", "in_doubt"})


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `waiting_for` is approval, timer, child, vault, budget or pause while it waits."""

    id: str
    name: str
    state: str
    waiting_for: str = ""
    reason: str = ""
    steps: int = 0
    tokens: int = 0
    cost_micros: int = 0
    created_at: int = 0
    started_at: int = 0
    finished_at: int = 0
    agent_id: str = ""
    trigger: str = ""
    origin_run_id: str = ""
    origin_steps: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def haystack(self) -> str:
        """What the filter looks in."""
        return f"{self.name} {self.id} {self.reason}".casefold()


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the log. `text` is the beginning of what it holds; it comes from outside. `acted_at` is when a call with
    an effect went on its way, 0 for everything else."""

    id: str
    index: int
    kind: str
    state: str
    label: str
    text: str = ""
    started_at: int = 0
    finished_at: int = 0
    tokens: int = 0
    acted_at: int = 0
    effect: str = ""
    model: str = ""
    approval_id: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether somebody must answer before it goes on."""
        return self.state in ("waiting", "in_doubt")


@dataclass(frozen=True, slots=True)
class Aside:
    """What a run says besides its steps; how far a model is loaded holds only until the model speaks."""

    text: str
    is_loading: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One message of what the model was given."""

    role: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StepDetail:
    """A step whole. `arguments` and `proposed` are JSON values or None; they differ where a person edited them."""

    id: str
    output: str
    arguments: Any = None
    proposed: Any = None
    context: tuple[Said, ...] = ()
    raw: Any = None
    seq: int = 0
    entry_hash: str = ""
    is_shown: bool = True
    taken_over: str = ""


@dataclass(frozen=True, slots=True)
class Masked:
    """A run as a file, ready to be saved. `masked` counts the different values that were masked, by label."""

    name: str
    text: str
    masked: Mapping[str, int] = field(default_factory=dict[str, int])


MASKS: tuple[tuple[str, str], ...] = (
    ("address", "Mail addresses"),
    ("number", "Telephone, account and card numbers"),
    ("link", "Links"),
    ("path", "Folders of people"),
    ("text", "Every text that was read or written"),
)
"""What can be masked in a file besides secrets, which always are; the core's labels with our words."""
MASKED_AT_FIRST = frozenset({"address", "number", "link", "path"})


def state_words(run: RunRow, now: int) -> str:
    """Queued, Running · 4.2 s, Waiting for you …: the design's words for the core's states."""
    took = duration((run.finished_at or now) - (run.started_at or run.created_at))
    reason = one_line(tr_core(run.reason))
    words = {
        "ready": tr("Queued"),
        "running": f"{tr('Running')} · {took}",
        "waiting": _waiting_words(run.waiting_for),
        "in_doubt": tr("In doubt: no answer read; it may have happened"),
        "succeeded": f"{tr('Done')} · {took}",
        "failed": f"{tr('Failed')} · {reason}" if reason else tr("Failed"),
        "cancelled": tr("Cancelled by you"),
        "ended_early": f"{tr('Ended early')} · {reason}" if reason else tr("Ended early"),
    }
    return words.get(run.state, run.state)


def _waiting_words(waiting_for: str) -> str:
    return {
        "timer": tr("Waiting for a time"),
        "child": tr("Waiting for another run"),
        "vault": tr("Waiting for the vault"),
        "pause": tr("Paused with all runs"),
        "budget": tr("Waiting for money: a limit is reached"),
    }.get(waiting_for, tr("Waiting for you"))


def step_state_words(state: str) -> str:
    """The same for a step."""
    return {
        "open": tr("Proposed"),
        "proposed": tr("Proposed"),
        "waiting": tr("Waiting for you"),
        "ready": tr("About to run"),
        "dispatched": tr("Running"),
        "done": tr("Done"),
        "confirmed": tr("Done"),
        "failed": tr("Failed"),
        "in_doubt": tr("In doubt"),
        "denied": tr("Turned down"),
        "withdrawn": tr("Withdrawn"),
    }.get(state, state)


def run_sentence(run: RunRow, now: int) -> str:
    """A run's accessible name."""
    age = long_age(now - run.created_at)
    sentence = tr("{name}, {state}, started {age} ago")
    return one_line(sentence.format(name=run.name, state=state_words(run, now), age=age))


def step_name(step: StepRow) -> str:
    """What a step is called: the tool, what the model did, or that a person spoke."""
    if step.kind == "person":
        return tr("You said")
    if step.kind == "model":
        names = {
            "answers": tr("Answers"),
            "no usable reply": tr("No usable reply"),
            "cut off": tr("Cut off"),
        }
        return names.get(step.label, tr("Thinks"))
    return step.label


def step_sentence(step: StepRow) -> str:
    """A step's accessible name."""
    return one_line(f"{step.index + 1}. {step_name(step)}, {step_state_words(step.state)}, {step.text}")


def figures(run: RunRow, working_ms: int, waiting_ms: int) -> str:
    """The figures under a run's name, in mono: working and waiting time, steps, tokens, cost."""
    parts: list[str] = []
    if working_ms or waiting_ms:
        parts.append(tr("{time} working").format(time=duration(working_ms)))
    if waiting_ms:
        parts.append(tr("{time} waiting").format(time=duration(waiting_ms)))
    parts += [plural("%n step(s)", run.steps), tr("{count} tok").format(count=number(run.tokens))]
    if run.cost_micros:
        parts.append(money(run.cost_micros))
    return " · ".join(parts)


def origin_words(run: RunRow) -> str:
    """Where a run came from, where it did not begin by itself."""
    if run.origin_run_id:
        return tr("Goes on from {run} at step {step}").format(run=run.origin_run_id, step=run.origin_steps + 1)
    return tr("A draft on trial") if run.trigger == "draft" else ""
