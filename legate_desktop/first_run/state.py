"""What the first run knows and can do. The practice workspace behind it is opened when it is first needed. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.core_words import tr_core
from legate_desktop.first_run import requests
from legate_desktop.first_run.view import ChangedByte, Found, Lesson, LogLine, lessons, meaning
from legate_desktop.notice import monotonic_ms, wall_ms
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.words import one_line, tr

MOST_LINES = 60


class FirstRunState(QObject):
    """`make_bridge` gives a bridge to a practice workspace that is thrown away; `closed` says that it may go."""

    changed = Signal()
    finished = Signal()

    def __init__(
        self,
        make_bridge: Callable[[], Any],
        *,
        clock: Callable[[], int] = monotonic_ms,
        wall_clock: Callable[[], int] = wall_ms,
    ) -> None:
        super().__init__()
        self._make_bridge = make_bridge
        self._clock, self._wall_clock = clock, wall_clock
        self._bridge: Any = None
        self.lessons: tuple[Lesson, ...] = lessons()
        self.at = 0
        self.done: set[str] = {"place"}
        self.problem = ""
        self.approvals: ApprovalsState | None = None
        self.lines: list[LogLine] = []
        self.is_working = False
        self.verdict: Found | None = None
        self.changed_byte: ChangedByte | None = None
        self.is_verifying = False
        self._decided = 0
        self._away = ""

    @property
    def lesson(self) -> Lesson:
        """The step that is shown."""
        return self.lessons[self.at]

    @property
    def is_last(self) -> bool:
        return self.at == len(self.lessons) - 1

    # Going.

    def go(self, at: int) -> None:
        """Show this step; each can be skipped, so any may follow any."""
        self.at = max(0, min(len(self.lessons) - 1, at))
        # What went wrong on the step before is nothing to be told on this one, but for an engine that is away.
        self.problem = self._away
        # Where there is only something to read; a model is not there for having been passed by.
        if self.lesson.id in ("place", "outside"):
            self.done.add(self.lesson.id)
        self.changed.emit()

    def next(self) -> None:
        """The next step, or the end."""
        if self.is_last:
            self.finish()
        else:
            self.go(self.at + 1)

    def finish(self) -> None:
        """That is all; the rest can be found in its own time."""
        self.finished.emit()

    # The practice workspace.

    def begin(self) -> None:
        """Open the practice workspace and let the deputy work."""
        if self._bridge is not None:
            return
        self.is_working = True
        self._bridge = self._make_bridge()
        self.approvals = ApprovalsState(self._bridge, clock=self._clock, wall_clock=self._wall_clock)
        self.approvals.counts_changed.connect(self._on_counts)
        self.approvals.noticed.connect(self._on_notice)
        self._bridge.ready.connect(self._on_ready)
        self._bridge.away.connect(self._on_away)
        self._bridge.start()
        self.changed.emit()

    def verify(self) -> None:
        """Walk the practice journal."""
        self._ask(requests.verify(), self._take_verdict)

    def change_byte(self) -> None:
        """Change one byte on a copy, and verify the copy."""
        self._ask(requests.changed_copy(), self._take_changed)

    def close(self) -> Any:
        """Give up the practice workspace; the bridge, which whoever made it stops."""
        bridge, self._bridge = self._bridge, None
        return bridge

    def _ask(self, query: Any, take: Callable[[Any], None]) -> None:
        if self._bridge is None:
            self.problem = tr("Let the practice deputy work first: the journal it leaves is what is verified.")
            self.changed.emit()
            return
        if self.is_verifying:
            return
        self.is_verifying, self.problem = True, ""
        self.changed.emit()
        self._bridge.ask(query, take, lambda message, _is_away: self._failed(message))

    def _on_ready(self) -> None:
        if self._bridge is None or self.approvals is None:
            return
        self.approvals.open()
        agent, task = self._bridge.practice
        self._bridge.send(requests.start(agent, task), self._began, lambda message, _is_away: self._failed(message))

    def _began(self, run_id: str) -> None:
        if self._bridge is not None:
            self._bridge.watch(requests.log(run_id), self._take_log, self._failed)

    def _take_log(self, rows: Mapping[str, Any]) -> None:
        steps = sorted(rows.values(), key=lambda step: (step.index, step.id))[-MOST_LINES:]
        self.lines = [
            LogLine(
                step.id,
                str(step.state),
                one_line(f"{step.label}: {step.detail}" if step.detail else step.label),
                meaning(str(step.kind), step.label, str(step.state), str(getattr(step, "effect", ""))),
            )
            for step in steps
        ]
        self.changed.emit()

    def _on_counts(self) -> None:
        if self.approvals is None:
            return
        waiting = self.approvals.waiting_count
        if waiting:
            self.is_working = False
            self.done.add("deputy")
        self.changed.emit()

    def answered(self, *, with_rule: bool) -> None:
        """The person answered the card that is shown."""
        self.done.add("rule" if with_rule else "card")
        self.changed.emit()

    def _on_notice(self, notice: Any) -> None:
        self.problem = notice.text if notice.is_error else ""
        self.changed.emit()

    def _take_verdict(self, report: Any) -> None:
        self.is_verifying = False
        states = [str(verdict.state) for verdict in (report.intact, report.complete, report.by_whom)]
        said = tr("{n} entries. {sentence}").format(n=report.entries, sentence=tr_core(report.intact.sentence))
        self.verdict = Found(said, "broken" not in states)
        self.changed.emit()

    def _take_changed(self, found: Any) -> None:
        self.is_verifying = False
        sentence = next((finding.sentence for finding in found.report.findings), found.report.intact.sentence)
        self.changed_byte = ChangedByte(found.seq, found.name, found.before, found.after, tr_core(sentence))
        self.done.add("verify")
        self.changed.emit()

    def _on_away(self, message: str) -> None:
        self._away = message
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.is_verifying = self.is_working = False
        self.problem = message
        self.changed.emit()
