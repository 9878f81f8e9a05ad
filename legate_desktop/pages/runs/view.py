"""What the Runs page shows: rows, steps and the words for their states; free of the core's types and of Qt."""

from __future__ import annotations

from dataclasses import dataclass

from legate_desktop.words import duration, long_age, number, one_line, plural, tr

OPEN_STATES = frozenset({"ready", "running", "waiting", "in_doubt"})


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `waiting_for` is approval, timer, child or vault while it waits."""

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

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def haystack(self) -> str:
        """What the filter looks in."""
        return f"{self.name} {self.id} {self.state} {self.reason}".casefold()


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the log. `text` is what it holds in words; it comes from outside."""

    id: str
    index: int
    kind: str
    state: str
    label: str
    text: str = ""
    started_at: int = 0
    finished_at: int = 0
    tokens: int = 0


def state_words(run: RunRow, now: int) -> str:
    """Queued, Running · 4.2 s, Waiting for you …: the design's words for the core's states."""
    took = duration((run.finished_at or now) - (run.started_at or run.created_at))
    reason = one_line(run.reason)
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
    return one_line(f"{run.name}, {state_words(run, now)}, {tr('started')} {age} {tr('ago')}")


def step_sentence(step: StepRow) -> str:
    """A step's accessible name."""
    return one_line(f"{step.index + 1}. {step.label}, {step_state_words(step.state)}, {step.text}")


def figures(run: RunRow, now: int) -> str:
    """The figures under a run's name, in mono."""
    parts = [plural("%n step(s)", run.steps), f"{number(run.tokens)} tok"]
    if run.cost_micros:
        parts.append(f"{run.cost_micros / 1_000_000:.4f}")
    if run.started_at:
        parts.append(duration((run.finished_at or now) - run.started_at))
    return " · ".join(parts)
