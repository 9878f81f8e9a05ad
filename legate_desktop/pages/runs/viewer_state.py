"""What the viewer of one run knows and can do: its log as lines, the chosen step whole, what streams, going on from a step.

No widget. One per viewer: the page has one, and so has every run in a window of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice
from legate_desktop.pages.runs import requests
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.timeline import Line, Timeline, timeline
from legate_desktop.pages.runs.view import Aside, Masked, RunRow, StepDetail, StepRow
from legate_desktop.words import tr

MOST_STREAMED = 20_000


class ViewerState(QObject):
    """`runs` knows the run's row; `bridge` is `live.Bridge` or anything with its `watch`, `ticks`, `ask`, `send`."""

    run_changed = Signal()
    log_changed = Signal()
    step_changed = Signal()
    detail_changed = Signal()
    streamed = Signal(str)
    noticed = Signal(object)
    proof_wanted = Signal(object)
    masked = Signal(object)
    begun = Signal(str)

    def __init__(self, bridge: Any, runs: RunsState) -> None:
        super().__init__()
        self._bridge = bridge
        self._runs = runs
        self.now = runs.now
        self.run_id = ""
        self.run: RunRow | None = None
        self.task = ""
        self.result = ""
        self.problem = ""
        self.steps: list[StepRow] = []
        self.timeline = Timeline()
        self.folded: set[str] = set()
        self.step_id = ""
        self.detail: StepDetail | None = None
        self.stream_text = ""
        self.aside: Aside | None = None
        self.is_following = True
        self._known: dict[str, tuple[Any, StepRow]] = {}
        self._is_busy = False
        self._watches: list[Any] = []
        runs.rows_changed.connect(self._on_rows)

    # Reading.

    @property
    def lines(self) -> tuple[Line, ...]:
        """The log as it is shown."""
        return self.timeline.lines

    @property
    def step(self) -> StepRow | None:
        """The chosen step."""
        return next((step for step in self.steps if step.id == self.step_id), None)

    def why_not_go_on(self) -> str:
        """Why nothing can begin from the chosen step; nothing if it can."""
        if self.step is None:
            return tr("Choose a step")
        return tr("It is on its way") if self._is_busy else ""

    def why_not_retry(self) -> str:
        """Why the step cannot be done anew; nothing if it can."""
        reason = self.why_not_go_on()
        if reason or self.run is None or not self.run.is_open:
            return reason
        return tr("It is not over yet: cancel it first, or fork it")

    def why_not_share(self) -> str:
        """Why the run cannot be made into a file; nothing if it can."""
        return tr("Choose a run") if self.run is None else ""

    # Moving.

    def show(self, run_id: str) -> None:
        """Look at a run; its log is read and followed. Nothing shows nothing."""
        if run_id == self.run_id:
            return
        self._forget()
        self.run_id = run_id
        self.run = self._runs.find(run_id)
        self.run_changed.emit()
        self._rebuild()
        self.streamed.emit("")
        self.step_changed.emit()
        self.detail_changed.emit()
        if run_id:
            self._ask_run()
            self._watches = [
                self._bridge.watch(
                    requests.log_query(run_id), lambda rows: self._take_steps(run_id, rows), self._log_failed
                ),
                self._bridge.ticks(run_id, lambda ticks: self._take_ticks(run_id, ticks)),
            ]

    def close(self) -> None:
        """Look at nothing any more."""
        self._forget()
        self.run_id = ""

    def select(self, step_id: str) -> None:
        """Choose a step; it is read whole."""
        if step_id == self.step_id:
            return
        self.step_id = step_id
        self.detail = None
        self.step_changed.emit()
        self.detail_changed.emit()
        self._ask_step()

    def move(self, by: int) -> None:
        """The next step that is shown, or the one before. Whoever moves follows no longer, until the end is reached."""
        shown = [line.step.id for line in self.lines if line.step is not None]
        if shown:
            at = shown.index(self.step_id) if self.step_id in shown else (-1 if by > 0 else len(shown))
            there = max(0, min(len(shown) - 1, at + by))
            self.is_following = there == len(shown) - 1
            self.select(shown[there])

    def fold(self) -> None:
        """Hide the calls of the chosen reply; of a call, those beside it as well."""
        line = self._line_of(self.step_id)
        parent = self._parent_of(self.step_id) if line is None or not line.children else self.step_id
        if parent:
            self.folded.add(parent)
            self._rebuild()
            self.select(parent)

    def unfold(self) -> None:
        """Show the calls of the chosen reply again."""
        if self.step_id in self.folded:
            self.folded.discard(self.step_id)
            self._rebuild()

    def toggle(self, step_id: str) -> None:
        """Fold or unfold a reply's calls."""
        self.folded ^= {step_id}
        self._rebuild()

    def set_following(self, *, is_following: bool) -> None:
        """Keep the newest step in view, or stay where the person is."""
        if is_following != self.is_following:
            self.is_following = is_following
            self.log_changed.emit()

    def tick(self) -> None:
        """Time passed: what is open grew."""
        if self.run is not None and self.run.is_open:
            self._rebuild()

    # Going on, and sharing.

    def retry(self) -> None:
        """Do the chosen step and what follows it anew, as a new run."""
        step = self.step
        if step is not None and not self.why_not_retry():
            self._begin(
                requests.retry(self.run_id, step.index), tr("Trying again from step {n}").format(n=step.index + 1)
            )

    def fork(self, step_index: int, say: str, *, is_published: bool) -> None:
        """Begin another run with the steps before this one."""
        command = requests.fork(self.run_id, step_index, say, is_published=is_published)
        self._begin(command, tr("Forked at step {n}").format(n=step_index + 1))

    def share(self, masks: tuple[str, ...]) -> None:
        """Ask for the run as a file; `masked` comes with it, or `proof_wanted` with what to do once it was proved."""
        command = requests.export(self.run_id, masks)

        def failed(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self.proof_wanted.emit(lambda: self.share(masks))
            else:
                self._failed(message)

        self._bridge.send(command, lambda answer: self.masked.emit(requests.masked(answer)), failed)

    def prove(self, passphrase: str, then: Callable[[], None]) -> None:
        """Say who is asking, then do what wanted to know."""
        self._bridge.send(
            requests.prove(passphrase), lambda _result: then(), lambda message, _is_away: self._failed(message)
        )

    def saved(self, file: Masked, path: str) -> None:
        """The file was written."""
        self.noticed.emit(Notice(tr("Saved as {path}").format(path=path)))

    # What comes back.

    def _forget(self) -> None:
        for watch in self._watches:
            watch.close()
        self._watches = []
        self.run, self.task, self.result, self.problem = None, "", "", ""
        self.steps, self.folded, self._known = [], set(), {}
        self.step_id, self.detail, self.stream_text, self.aside = "", None, "", None
        self.is_following, self._is_busy = True, False

    def _on_rows(self) -> None:
        row = self._runs.find(self.run_id)
        if row is not None and row != self.run:
            was, self.run = self.run, row
            self.run_changed.emit()
            if was is not None and was.is_open and not row.is_open:
                self._ask_run()
                self._rebuild()

    def _ask_run(self) -> None:
        run_id = self.run_id

        def take(answer: Any) -> None:
            if run_id == self.run_id:
                self.run, self.task, self.result = requests.run(answer.row), answer.task, answer.result
                self.problem = ""
                self.run_changed.emit()
                self._rebuild()

        self._bridge.ask(requests.run_query(run_id), take, lambda message, _is_away: self._run_failed(run_id, message))

    def _run_failed(self, run_id: str, message: str) -> None:
        if run_id == self.run_id:
            self.problem = message
            self.run_changed.emit()

    def _take_steps(self, run_id: str, rows: Mapping[str, Any]) -> None:
        if run_id != self.run_id:
            return
        # A long log comes whole with every event; only what changed is made anew.
        known = {
            row_id: held
            if (held := self._known.get(row_id)) is not None and held[0] is row
            else (row, requests.step(row))
            for row_id, row in rows.items()
        }
        steps = sorted((step for _row, step in known.values()), key=lambda step: (step.index, step.id))
        was = self.step
        if len(steps) != len(self.steps) or [step.state for step in steps] != [step.state for step in self.steps]:
            # What was streamed has become a step.
            self._stream("", is_loaded=True)
        self._known, self.steps = known, steps
        if self.is_following and steps:
            self.step_id = steps[-1].id
        self._rebuild()
        if self.step != was:
            self.step_changed.emit()
            self._ask_step()

    def _take_ticks(self, run_id: str, ticks: list[Any]) -> None:
        if run_id == self.run_id:
            asides = [aside for tick in ticks if (aside := requests.tick_aside(tick)) is not None]
            self.aside = asides[-1] if asides else self.aside
            came = "".join(requests.tick_text(tick) for tick in ticks)
            self._stream((self.stream_text + came)[-MOST_STREAMED:], is_loaded=bool(came))

    def _stream(self, text: str, *, is_loaded: bool) -> None:
        """This is what is being written now; whoever writes, or wrote, is loaded."""
        if is_loaded and self.aside is not None and self.aside.is_loading:
            self.aside = None
        self.stream_text = text
        self.streamed.emit(text)

    def _ask_step(self) -> None:
        step = self.step
        if step is None:
            return

        def take(answer: Any) -> None:
            # A slow answer must not put an old step under the cursor.
            if step.id == self.step_id:
                self.detail = requests.step_detail(answer)
                self.detail_changed.emit()

        self._bridge.ask(
            requests.step_query(self.run_id, step.index), take, lambda message, _is_away: self._failed(message)
        )

    def _rebuild(self) -> None:
        run = self.run
        known = {line.id: line for line in self.timeline.lines}
        self.timeline = timeline(
            self.steps,
            self.folded,
            self.now(),
            is_open=run is not None and run.is_open,
            is_running=run is not None and run.state == "running",
            known=known,
        )
        self.log_changed.emit()

    def _line_of(self, step_id: str) -> Line | None:
        return next((line for line in self.lines if line.id == step_id), None)

    def _parent_of(self, step_id: str) -> str:
        parent = ""
        for step in self.steps:
            if step.id == step_id:
                return parent if step.kind == "tool" else ""
            if step.kind != "tool":
                parent = step.id if step.kind == "model" else ""
        return ""

    def _begin(self, command: Any, said: str) -> None:
        self._is_busy = True
        self.step_changed.emit()

        def then(run_id: str) -> None:
            self._is_busy = False
            self.noticed.emit(Notice(said))
            self.begun.emit(run_id)
            self.step_changed.emit()

        def failed(message: str, _is_away: bool) -> None:
            self._is_busy = False
            self._failed(message)
            self.step_changed.emit()

        self._bridge.send(command, then, failed)

    def _log_failed(self, message: str) -> None:
        if not self.problem:
            self.problem = message
            self.run_changed.emit()

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
