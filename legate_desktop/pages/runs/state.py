"""What the Runs page knows and can do: runs, the log of the chosen one, streamed text, cancel, stop. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.runs import requests
from legate_desktop.pages.runs.view import RunRow, StepRow
from legate_desktop.words import plural, tr

MOST_STREAMED = 20_000


class RunsState(QObject):
    """One per page. `bridge` is `live.Bridge` or anything with its `watch`, `ticks`, `send`."""

    rows_changed = Signal()
    counts_changed = Signal()
    selection_changed = Signal()
    log_changed = Signal()
    streamed = Signal(str)
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.filter_text = ""
        self.is_loading = True
        self.selected_id = ""
        self.steps: list[StepRow] = []
        self.stream_text = ""
        self._all: list[RunRow] = []
        self._shown: list[RunRow] = []
        self._log_watch: Any = None
        self._tick_watch: Any = None
        self._cancelling: set[str] = set()

    # Reading.

    @property
    def rows(self) -> list[RunRow]:
        """The runs, open ones first, then by time, filtered."""
        return self._shown

    @property
    def selected(self) -> RunRow | None:
        """The chosen run."""
        return next((run for run in self._all if run.id == self.selected_id), None)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._all)

    @property
    def running_count(self) -> int:
        """How many run now."""
        return sum(run.state == "running" for run in self._all)

    @property
    def open_count(self) -> int:
        """How many are not over."""
        return sum(run.is_open for run in self._all)

    def why_not_cancel(self) -> str:
        """Why the chosen run cannot be cancelled; nothing if it can."""
        run = self.selected
        if run is None:
            return tr("Choose a run")
        if run.id in self._cancelling:
            return tr("It is being cancelled")
        return "" if run.is_open else tr("It is over already")

    def why_not_stop_all(self) -> str:
        """Why there is nothing to stop; nothing if there is."""
        return "" if self.open_count else tr("No run is open")

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._bridge.watch(requests.runs_query(), self._take_runs, self._failed)
        if self.selected_id:
            self._open_log()

    def set_filter(self, text: str) -> None:
        """Show only rows in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def select(self, run_id: str) -> None:
        """Choose a run; its log is read and followed."""
        if run_id == self.selected_id:
            return
        self.selected_id = run_id
        self.steps, self.stream_text = [], ""
        self.selection_changed.emit()
        self.log_changed.emit()
        self._open_log()

    def move(self, by: int) -> None:
        """The next run, or the one before."""
        if self._shown:
            at = next((at for at, run in enumerate(self._shown) if run.id == self.selected_id), -1)
            self.select(self._shown[max(0, min(len(self._shown) - 1, at + by))].id)

    def cancel(self) -> None:
        """End the chosen run; what is in doubt stays in doubt."""
        run = self.selected
        if run is None or self.why_not_cancel():
            return
        self._cancelling.add(run.id)
        self.rows_changed.emit()
        self._bridge.send(
            requests.cancel(run.id),
            lambda _result: self.noticed.emit(Notice(tr("Cancelled: {run}").format(run=run.name))),
            lambda message, _is_away: self._not_cancelled(run.id, message),
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

    def _open_log(self) -> None:
        for watch in (self._log_watch, self._tick_watch):
            if watch is not None:
                watch.close()
        self._log_watch = self._tick_watch = None
        run_id = self.selected_id
        if not run_id:
            return
        self._log_watch = self._bridge.watch(
            requests.log_query(run_id), lambda rows: self._take_steps(run_id, rows), self._failed
        )
        self._tick_watch = self._bridge.ticks(run_id, lambda ticks: self._take_ticks(run_id, ticks))

    def _take_runs(self, rows: Mapping[str, Any]) -> None:
        runs = [requests.run(row) for row in rows.values()]
        self._all = sorted(runs, key=lambda run: (not run.is_open, -run.created_at, run.id))
        self._cancelling &= {run.id for run in self._all if run.is_open}
        self.is_loading = False
        self.counts_changed.emit()
        self._rebuild()

    def _rebuild(self) -> None:
        words = self.filter_text.casefold().split()
        self._shown = [run for run in self._all if all(word in run.haystack for word in words)]
        self.rows_changed.emit()
        if not self.selected_id and self._shown:
            self.select(self._shown[0].id)

    def _take_steps(self, run_id: str, rows: Mapping[str, Any]) -> None:
        if run_id != self.selected_id:
            return
        steps = sorted((requests.step(row) for row in rows.values()), key=lambda step: (step.index, step.id))
        if len(steps) != len(self.steps) or [step.state for step in steps] != [step.state for step in self.steps]:
            # What was streamed has become a step.
            self.stream_text = ""
            self.streamed.emit("")
        self.steps = steps
        self.log_changed.emit()

    def _take_ticks(self, run_id: str, ticks: list[Any]) -> None:
        if run_id == self.selected_id:
            came = "".join(requests.tick_text(tick) for tick in ticks)
            self.stream_text = (self.stream_text + came)[-MOST_STREAMED:]
            self.streamed.emit(self.stream_text)

    def _not_cancelled(self, run_id: str, message: str) -> None:
        self._cancelling.discard(run_id)
        self.rows_changed.emit()
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.is_loading = False
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()
