"""What the list of runs knows and can do: open runs live, ended ones by the page, filters, cancel, stop. No widget.

Three parts stand one below the other: runs that are open, runs that ended while the list was open, and the history as it
was when the list was opened, of which only what is looked at is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice, wall_ms
from legate_desktop.paged import PagedModel
from legate_desktop.pages.runs import requests
from legate_desktop.pages.runs.filters import Filters, since_of
from legate_desktop.pages.runs.view import RunRow, run_sentence
from legate_desktop.words import plural, tr

TYPED_FOR_MS = 200
"""The history is asked for a text when nothing was typed for so long."""


class RunsState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`."""

    rows_changed = Signal()
    counts_changed = Signal()
    selection_changed = Signal()
    filters_changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.filters = Filters()
        self.selected_id = ""
        self.agents: list[tuple[str, str]] = []
        self.total = 0
        self.head: LiveModel[RunRow] = LiveModel(lambda run: run_sentence(run, self.now()))
        self.history: PagedModel[RunRow] = PagedModel(
            (tr("Run"),), lambda run, _column: run_sentence(run, self.now()), lambda run: run_sentence(run, self.now())
        )
        self.history.wanted.connect(self._ask_page)
        self._open: dict[str, RunRow] = {}
        self._ended: dict[str, RunRow] = {}
        self._cancelling: set[str] = set()
        self._has_open = self._has_history = False
        self._ever = 0
        self._as_of = 0
        self._cursors: list[str] = []
        self._asked = 0
        self._typed = QTimer(self, interval=TYPED_FOR_MS, singleShot=True)
        self._typed.timeout.connect(self._reload)

    # Reading.

    @property
    def is_loading(self) -> bool:
        """Whether nothing can be said yet."""
        return not (self._has_open and self._has_history)

    @property
    def rows(self) -> list[RunRow]:
        """The rows that are held, in the order of the list."""
        return [*self.head.rows, *(row for _position, row in sorted(self.history.loaded()))]

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self.head.rows) + self.history.count

    @property
    def selected(self) -> RunRow | None:
        """The chosen run, if it is held."""
        return self.find(self.selected_id)

    @property
    def count(self) -> int:
        """How many runs there ever were."""
        return self._ever + len(self._open) + len(self._ended)

    @property
    def running_count(self) -> int:
        """How many run now."""
        return sum(run.state == "running" for run in self._open.values())

    @property
    def open_count(self) -> int:
        """How many are not over."""
        return len(self._open)

    @property
    def open_runs(self) -> list[RunRow]:
        """The runs that are not over, the newest first, whatever is filtered."""
        return sorted(self._open.values(), key=lambda run: (-run.created_at, run.id))

    def find(self, run_id: str) -> RunRow | None:
        """A run that is held, by its id."""
        known = self._open.get(run_id) or self._ended.get(run_id)
        if known is not None or not run_id:
            return known
        return next((row for _position, row in self.history.loaded() if row.id == run_id), None)

    def position_of(self, run_id: str) -> int:
        """Where a run stands in the list, or -1."""
        at = self.head.position_of(run_id)
        if at >= 0:
            return at
        found = (position for position, row in self.history.loaded() if row.id == run_id)
        return next((len(self.head.rows) + position for position in found), -1)

    def at(self, position: int) -> RunRow | None:
        """The run at a place of the list, if it is held."""
        head = len(self.head.rows)
        return self.head.at(position) if position < head else self.history.at(position - head)

    def why_not_cancel(self, run_id: str) -> str:
        """Why a run cannot be cancelled; nothing if it can."""
        if not run_id:
            return tr("Choose a run")
        if run_id in self._cancelling:
            return tr("It is being cancelled")
        return "" if run_id in self._open else tr("It is over already")

    def why_not_stop_all(self) -> str:
        """Why there is nothing to stop; nothing if there is."""
        return "" if self._open else tr("No run is open")

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._bridge.watch(requests.open_runs_query(), self._take_open, self._never_opened)
        self._bridge.watch(requests.agents_query(), self._take_agents, self._failed)

    def set_filter(self, text: str) -> None:
        """Show only runs in which every word of this stands."""
        if text != self.filters.text:
            self._filter(replace(self.filters, text=text), at_once=False)

    def set_state(self, state: str) -> None:
        """Show only runs in such a state."""
        self._filter(replace(self.filters, state=state))

    def set_agent(self, agent_id: str) -> None:
        """Show only runs of one agent; empty for all."""
        self._filter(replace(self.filters, agent_id=agent_id))

    def set_time(self, time: str) -> None:
        """Show only runs begun within this time."""
        self._filter(replace(self.filters, time=time, since=since_of(time, self.now())))

    def show_everything(self) -> None:
        """Filter nothing."""
        self._filter(Filters())

    def select(self, run_id: str) -> None:
        """Choose a run."""
        if run_id != self.selected_id:
            self.selected_id = run_id
            self.selection_changed.emit()

    def move(self, by: int) -> None:
        """The next run, or the one before."""
        if self.row_count:
            at = self.position_of(self.selected_id)
            there = self.at(max(0, min(self.row_count - 1, at + by)))
            if there is not None:
                self.select(there.id)

    def cancel(self, run_id: str) -> None:
        """End a run; what is in doubt stays in doubt."""
        run = self.find(run_id)
        if run is None or self.why_not_cancel(run_id):
            return
        self._cancelling.add(run_id)
        self.rows_changed.emit()
        self._bridge.send(
            requests.cancel(run_id),
            lambda _result: self.noticed.emit(Notice(tr("Cancelled: {run}").format(run=run.name))),
            lambda message, _is_away: self._not_cancelled(run_id, message),
        )

    def stop_all(self) -> None:
        """End every open run."""
        count = self.open_count
        if not count:
            return
        self._bridge.send(
            requests.stop_everything(),
            lambda _result: self.noticed.emit(Notice(plural("Stopped %n run(s).", count))),
            lambda message, _is_away: self._failed(message),
        )

    # What comes back.

    def _take_open(self, rows: Mapping[str, Any]) -> None:
        was, self._open = self._open, {row_id: requests.run(row) for row_id, row in rows.items()}
        self._cancelling &= self._open.keys()
        for run_id in was.keys() - self._open.keys():
            # Shown as it was until the core says how it ended, so that it does not blink.
            self._ended[run_id] = was[run_id]
            self._ask_ended(run_id)
        if not self._has_open:
            self._has_open = True
            self._reload()
        self._rebuild()
        self._count()

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        self.agents = sorted(((row.id, row.name) for row in rows.values()), key=lambda pair: pair[1].casefold())
        self.filters_changed.emit()

    def _ask_ended(self, run_id: str) -> None:
        def take(answer: Any) -> None:
            row = requests.run(answer.row)
            if run_id in self._ended:
                if self._is_in_history(row):
                    del self._ended[run_id]
                else:
                    self._ended[run_id] = row
                self._rebuild()

        self._bridge.ask(requests.run_query(run_id), take, lambda message, _is_away: self._failed(message))

    def _is_in_history(self, run: RunRow) -> bool:
        """Whether the history as it was read holds a run. One that ended in the very millisecond may or may not be there."""
        if not run.finished_at or not self._as_of or run.finished_at > self._as_of:
            return False
        return run.finished_at < self._as_of or any(row.id == run.id for _position, row in self.history.loaded())

    def _filter(self, filters: Filters, *, at_once: bool = True) -> None:
        if filters == self.filters:
            return
        self.filters = filters
        self.filters_changed.emit()
        self._rebuild()
        if at_once:
            self._reload()
        else:
            self._typed.start()

    def _reload(self) -> None:
        """Ask for the history anew; what ended meanwhile is in it then."""
        self._typed.stop()
        self._asked += 1
        self._cursors, self._as_of = [""], 0
        if not self._has_open:
            return
        if self.filters.wants_history:
            self.history.set_found()
        else:
            self._has_history = True
            self.history.set_whole(0)
            self.rows_changed.emit()

    def _ask_page(self, block: int) -> None:
        if block >= len(self._cursors):
            self.history.forget(block)
            return
        asked = self._asked
        query = requests.history_query(self.filters, before=self._cursors[block], as_of=self._as_of)

        def failed(message: str, _is_away: bool) -> None:
            if asked == self._asked:
                self.history.forget(block)
                self._has_history = True
                self._failed(message)

        self._bridge.ask(query, lambda page: self._take_page(asked, block, page), failed)

    def _take_page(self, asked: int, block: int, page: Any) -> None:
        if asked != self._asked:
            return
        self._has_history = True
        if block == 0:
            self._as_of, self.total = page.as_of, page.total
            if not self.filters.is_anything:
                self._ever = page.total
        if page.before and block + 1 == len(self._cursors):
            self._cursors.append(page.before)
        self.history.put(block, [requests.run(row) for row in page.rows], has_more=bool(page.before))
        for run in [run for run in self._ended.values() if self._is_in_history(run)]:
            del self._ended[run.id]
        self._rebuild()
        self._count()

    def _rebuild(self) -> None:
        held = {**self._ended, **self._open}
        rows = [run for run in held.values() if self.filters.admits(run)]
        self.head.set_rows(sorted(rows, key=lambda run: (run.id not in self._open, -run.created_at, run.id)))
        self.rows_changed.emit()
        if not self.selected_id and not self.is_loading and (first := self.at(0)) is not None:
            self.select(first.id)

    def _count(self) -> None:
        if not self.is_loading:
            self.counts_changed.emit()

    def _not_cancelled(self, run_id: str, message: str) -> None:
        self._cancelling.discard(run_id)
        self.rows_changed.emit()
        self._failed(message)

    def _never_opened(self, message: str) -> None:
        self._has_open = self._has_history = True
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()
