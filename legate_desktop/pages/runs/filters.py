"""Which runs are listed: by state, agent, time and words; the same for those held here and those asked for."""

from __future__ import annotations

from dataclasses import dataclass

from legate_desktop.pages.runs.view import OPEN_STATES, RunRow
from legate_desktop.words import DAY, tr

STATES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("all", "Any state", ()),
    ("open", "Not over", tuple(sorted(OPEN_STATES))),
    ("running", "Running", ("running", "ready")),
    ("waiting", "Waiting", ("waiting", "in_doubt")),
    ("succeeded", "Done", ("succeeded",)),
    ("failed", "Failed", ("failed", "ended_early")),
    ("cancelled", "Cancelled", ("cancelled",)),
)
"""A choice, its words, and the states of the core that it means; none means all."""

TIMES: tuple[tuple[str, str, int], ...] = (
    ("ever", "Any time", 0),
    ("day", "Last 24 hours", DAY),
    ("week", "Last 7 days", 7 * DAY),
    ("month", "Last 30 days", 30 * DAY),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen. `since` is the moment that the chosen time begins, 0 for any."""

    state: str = "all"
    agent_id: str = ""
    time: str = "ever"
    since: int = 0
    text: str = ""

    @property
    def states(self) -> tuple[str, ...]:
        """The states that are wanted; empty for all."""
        return next(states for name, _words, states in STATES if name == self.state)

    @property
    def ended_states(self) -> tuple[str, ...]:
        """Those of them in which a run has ended; where none is wanted, the history need not be asked."""
        return tuple(state for state in self.states if state not in OPEN_STATES)

    @property
    def wants_history(self) -> bool:
        """Whether runs that have ended can be among them at all."""
        return not self.states or bool(self.ended_states)

    @property
    def is_anything(self) -> bool:
        """Whether anything is filtered."""
        return bool(self.states or self.agent_id or self.since or self.text.strip())

    def admits(self, run: RunRow) -> bool:
        """Whether a run that is held here is wanted."""
        return (
            (not self.states or run.state in self.states)
            and (not self.agent_id or run.agent_id == self.agent_id)
            and run.created_at >= self.since
            and all(word in run.haystack for word in self.text.casefold().split())
        )


def since_of(time: str, now: int) -> int:
    """When a choice of time begins."""
    length = next(length for name, _words, length in TIMES if name == time)
    return now - length if length else 0


def state_choices() -> list[tuple[str, str]]:
    """The states to choose from, in words."""
    return [(name, tr(words)) for name, words, _states in STATES]


def time_choices() -> list[tuple[str, str]]:
    """The times to choose from, in words."""
    return [(name, tr(words)) for name, words, _length in TIMES]
