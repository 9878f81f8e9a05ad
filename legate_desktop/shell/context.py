"""What the window gives its pages: the bridge, states that live as long as the window, and ways to speak to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice, monotonic_ms, wall_ms
from legate_desktop.practice import Practice
from legate_desktop.prefs import Prefs

S = TypeVar("S")


class PageContext(QObject):
    """One per window. Pages speak through it and never know the window, so each can be built in a test by itself.

    `opened`, `went` and `came` tell about the engine; the other signals are for the window, sent by the methods.
    """

    opened = Signal()
    went = Signal(str)
    came = Signal()
    said = Signal(object)
    undo_withdrawn = Signal()
    wanted = Signal(str, str)
    counted = Signal(str, int)
    announced = Signal(str)
    keys_wanted = Signal()
    restart_wanted = Signal()
    tour_wanted = Signal()
    lock_wanted = Signal()
    torn_off = Signal(str, str)

    def __init__(
        self,
        bridge: Any,
        practice: Practice,
        *,
        prefs: Prefs | None = None,
        home: Path | None = None,
        clock: Callable[[], int] = monotonic_ms,
        wall_clock: Callable[[], int] = wall_ms,
    ) -> None:
        super().__init__()
        self.bridge = bridge
        self.practice = practice
        self.prefs = prefs or Prefs()
        self.home = home
        self.clock = clock
        self.now = wall_clock
        self.is_open = False
        self.is_away = False
        self._states: dict[type[Any], Any] = {}
        practice.noticed.connect(self.say)

    def keep(self, state: S) -> S:
        """Keep a state for as long as the window lives; whoever needs it asks by its class."""
        self._states[type(state)] = state
        return state

    def state(self, kind: type[S]) -> S:
        """The one state of a class that was kept. Pages may read each other's states; they never make them twice."""
        return self._states[kind]

    def has(self, kind: type[Any]) -> bool:
        """Whether a state of this class was kept."""
        return kind in self._states

    def when_open(self, call: Callable[[], None]) -> None:
        """Call now if the core is there, and otherwise when it is."""
        if self.is_open:
            call()
        else:
            self.opened.connect(call)

    def say(self, notice: Notice) -> None:
        """Show a notice as a toast."""
        self.said.emit(notice)

    def withdraw_undo(self) -> None:
        """What was offered to be undone cannot be undone any more."""
        self.undo_withdrawn.emit()

    def go(self, page_id: str, object_id: str = "") -> None:
        """Show a page, and on it an object."""
        self.wanted.emit(page_id, object_id)

    def tear_off(self, page_id: str, object_id: str) -> None:
        """Show an object of a page in a window of its own."""
        self.torn_off.emit(page_id, object_id)

    def count(self, page_id: str, number: int) -> None:
        """How many, beside a page's name."""
        self.counted.emit(page_id, number)

    def announce(self, text: str) -> None:
        """Say it to who cannot see the window, in its turn and without moving the focus."""
        self.announced.emit(text)

    def restart(self) -> None:
        """Ask for Legate to end and start anew."""
        self.restart_wanted.emit()

    # The window's owner says what the engine does.

    def engine_opened(self) -> None:
        """The core is there for the first time."""
        self.is_open = True
        self.opened.emit()

    def engine_went(self, words: str) -> None:
        """The engine is away, in words."""
        self.is_away = True
        self.went.emit(words)

    def engine_came(self) -> None:
        """It is back."""
        self.is_away = False
        self.came.emit()
