"""Opens the first run when it is its time, or when somebody asks for it, and cleans up after it.

What is shown is imported then: the window's first frame waits for nothing that most starts never need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from legate_desktop.shell.context import PageContext


class Guide(QObject):
    """One per window. `places` makes and takes away the practice workspace; tests bring one of their own.

    `is_at_home` says whether the person came to the window for nothing in particular.
    """

    def __init__(
        self,
        window: QWidget,
        context: PageContext,
        places: Any = None,
        *,
        is_at_home: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(window)
        self._window, self._context = window, context
        self._is_at_home = is_at_home
        self._places = places
        self._state: Any = None
        self.tour: Any = None
        context.tour_wanted.connect(self.open)

    def greet(self, *, is_new: bool) -> None:
        """Open it by itself, once, where nothing ever happened; after a start in the background, with the window."""
        if not is_new or self._context.prefs.now.first_run_done:
            return
        if self._window.isVisible():
            self.open()
        else:
            self._window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            watched.removeEventFilter(self)
            # A turn later: whoever came by a notification or a link is on their way to another page by then.
            QTimer.singleShot(0, self, self._greet_who_came)
        return super().eventFilter(watched, event)

    def _greet_who_came(self) -> None:
        if self._is_at_home():
            self.open()

    def open(self) -> None:
        """Show the first run."""
        if self.tour is not None:
            self.tour.raise_()
            return
        from legate_desktop.first_run.practice import ThrowAway
        from legate_desktop.first_run.state import FirstRunState
        from legate_desktop.first_run.tour import Tour
        from legate_desktop.outside.choices import Choices
        from legate_desktop.outside.login import start_at_login

        context = self._context
        self._places = self._places or ThrowAway()
        self._state = FirstRunState(self._places.make, clock=context.clock, wall_clock=context.now)
        self.tour = Tour(
            self._state,
            home=lambda: context.home,
            choices=context.state(Choices) if context.has(Choices) else None,
            login=start_at_login(),
            parent=self._window,
        )
        self.tour.ended.connect(self._on_ended)
        self.tour.open()

    def close(self) -> None:
        """The process ends: take the practice workspace away, if it was opened."""
        state, self._state = self._state, None
        if state is not None:
            self._places.close(state.close())

    def _on_ended(self, page_id: str) -> None:
        self.tour = None
        self.close()
        self._context.prefs.wish("first_run_done", True)
        self._context.go(page_id)
