"""A window on the fake core, with seeded data and clocks that stand still until a test moves them."""

from __future__ import annotations

from dataclasses import dataclass

from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.practice import Practice
from legate_desktop.shell.window import Window
from legate_desktop.theme.tokens import INERT_MS
from tests.desktop.fake_core import NOW, FakeBridge, practice_bridge


@dataclass
class Clock:
    """Milliseconds that pass only when told to."""

    at: int = 1_000_000

    def __call__(self) -> int:
        return self.at

    def pass_by(self, milliseconds: int) -> None:
        """Let time pass."""
        self.at += milliseconds

    def let_keys_wake(self) -> None:
        """Pass the time in which keys do nothing on a new card."""
        self.pass_by(INERT_MS)


def make_states(bridge: FakeBridge, clock: Clock | None = None) -> tuple[ApprovalsState, RunsState, Practice]:
    """The states of the pages on a fake bridge."""
    clock = clock or Clock()
    approvals = ApprovalsState(bridge, clock=clock, wall_clock=lambda: NOW)
    return approvals, RunsState(bridge, wall_clock=lambda: NOW), Practice(bridge)


def make_window(bridge: FakeBridge | None = None, clock: Clock | None = None) -> tuple[Window, FakeBridge]:
    """A window that is open on its core."""
    bridge = bridge or practice_bridge()
    approvals, runs, practice = make_states(bridge, clock)
    window = Window(approvals, runs, practice, "Practice workspace")
    approvals.open()
    runs.open()
    return window, bridge
