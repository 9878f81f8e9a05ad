"""The limits on money: how they stand, setting and removing them, and saying in time that one is nearly used. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.models import requests
from legate_desktop.pages.models.view import LimitRow, NewLimit, limit_scope, limit_title, percent
from legate_desktop.words import plural, tr


class LimitsState(QObject):
    """One per window, open from the start: what it says must not wait for a visit."""

    rows_changed = Signal()
    selection_changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.is_loading = True
        self.problem = ""
        self.selected_id = ""
        self.rows: list[LimitRow] = []
        self.agents: dict[str, str] = {}
        self._given: Mapping[str, Any] = {}
        self._watches_agents = False

    # Reading.

    @property
    def selected(self) -> LimitRow | None:
        """The chosen limit."""
        return self.find(self.selected_id)

    def find(self, limit_id: str) -> LimitRow | None:
        """A limit by its id."""
        return next((row for row in self.rows if row.id == limit_id), None)

    def why_not_use(self) -> str:
        """Why nothing can be done with a limit; nothing if it can."""
        return "" if self.selected is not None else tr("Choose a limit")

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._bridge.watch(requests.budgets_query(), self._take, self._never_opened)

    def watch_agents(self) -> None:
        """Know the agents by name: for the page, when it is looked at."""
        if not self._watches_agents:
            self._watches_agents = True
            self._bridge.watch(requests.agents_query(), self._take_agents, self._failed)

    def select(self, limit_id: str) -> None:
        """Choose a limit."""
        if limit_id != self.selected_id:
            self.selected_id = limit_id
            self.selection_changed.emit()

    def move(self, by: int) -> None:
        """The next limit, or the one before."""
        if self.rows:
            at = next((at for at, row in enumerate(self.rows) if row.id == self.selected_id), -1)
            self.select(self.rows[max(0, min(len(self.rows) - 1, at + by))].id)

    def set(self, limit: NewLimit) -> None:
        """Set a limit, or another amount for one of its kind; that can be undone."""
        before = next((row for row in self.rows if _kind(row) == _kind(limit)), None)

        def then(limit_id: str) -> None:
            def undo() -> None:
                back = requests.remove_limit(limit_id) if before is None else requests.set_limit(_as_new(before))
                self._bridge.send(back, lambda _result: None, self._failed_to_ask)

            self.selected_id = limit_id
            self.noticed.emit(Notice(tr("The limit holds from now on."), undo=undo))
            self.rows_changed.emit()

        self._bridge.send(requests.set_limit(limit), then, self._failed_to_ask)

    def remove(self) -> None:
        """Take the chosen limit away; that can be undone."""
        row = self.selected
        if row is None:
            return
        back = requests.set_limit(_as_new(row))

        def then(_result: Any) -> None:
            undo: Callable[[], None] = lambda: self._bridge.send(  # noqa: E731
                back, lambda _result: None, self._failed_to_ask
            )
            self.noticed.emit(Notice(tr("The limit is gone: {limit}").format(limit=limit_title(row)), undo=undo))

        self._bridge.send(requests.remove_limit(row.id), then, self._failed_to_ask)

    # What comes back.

    def _take(self, rows: Mapping[str, Any]) -> None:
        before, was_loading = {row.id: row for row in self.rows}, self.is_loading
        self._given, self.is_loading, self.problem = rows, False, ""
        self._rebuild()
        if not was_loading:
            for row in self.rows:
                self._tell(before.get(row.id), row)

    def _tell(self, before: LimitRow | None, row: LimitRow) -> None:
        """Say once that a limit is nearly used, and that somebody waits because of one."""
        if before is None:
            return
        name = f"{limit_title(row)} · {limit_scope(row)}"
        if row.is_nearly_used and not before.is_nearly_used:
            text = tr("{percent} % of a limit on money are used: {limit}")
            self.noticed.emit(Notice(text.format(percent=percent(row), limit=name)))
        if row.waiting and not before.waiting:
            waits = plural("%n run(s) waiting for money", row.waiting)
            self.noticed.emit(
                Notice(tr("{waits}: {limit}. Raise it under Models, Limits.").format(waits=waits, limit=name))
            )

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        named = sorted(rows.values(), key=lambda agent: agent.name.casefold())
        self.agents = {agent.id: agent.name for agent in named}
        self._rebuild()

    def _rebuild(self) -> None:
        self.rows = requests.limits(self._given, self.agents)
        ids = [row.id for row in self.rows]
        if self.selected_id not in ids:
            self.selected_id = ids[0] if ids else ""
        self.rows_changed.emit()
        self.selection_changed.emit()

    def _never_opened(self, message: str) -> None:
        # Not every role may see what is spent; the tab says so where somebody looks.
        self.is_loading, self.problem = False, message
        self.rows_changed.emit()

    def _failed_to_ask(self, message: str, _is_away: bool) -> None:
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()


def _kind(limit: LimitRow | NewLimit) -> tuple[str, str, str]:
    return limit.scope, limit.subject_id, limit.period


def _as_new(row: LimitRow) -> NewLimit:
    return NewLimit(row.scope, row.subject_id, row.period, row.limit_micros)
