"""What tray and notifications know: what waits, what runs, what ended, whether the engine is there. Imports no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.notice import wall_ms
from legate_desktop.outside import requests
from legate_desktop.outside.view import Question, RunState
from legate_desktop.words import DAY


class OutsideState(QObject):
    """One per process. `bridge` is `live.Bridge` or anything with its `watch`.

    `asked` carries the questions that are new, `settled` the ids of those that wait no more, `ended` a run that came to
    its end while this watched. The questions that waited already come as one `asked`.
    """

    changed = Signal()
    asked = Signal(list)
    settled = Signal(list)
    ended = Signal(object)

    def __init__(self, bridge: Any, *, clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self._clock = clock
        self._questions: dict[str, dict[str, Question]] = {"asked": {}, "doubt": {}}
        self._runs: dict[str, RunState] | None = None
        self._is_open = False
        self._me = ""
        self._wakes = QTimer(self, singleShot=True)
        self._wakes.timeout.connect(self._on_due)
        self.away = ""
        """Why the engine is away; nothing while it is there."""

    @property
    def waiting(self) -> list[Question]:
        """What waits, the oldest first."""
        found = [question for source in self._questions.values() for question in source.values()]
        return sorted(found, key=lambda question: (question.asked_at, question.id))

    @property
    def due(self) -> list[Question]:
        """What waits for this person now: not what is for later, nor what a colleague was asked."""
        now, mine = self._clock(), ("", self._me)
        return [each for each in self.waiting if each.snoozed_until <= now and each.assigned_to in mine]

    @property
    def running(self) -> list[RunState]:
        """What moves now, the newest first."""
        moving = [run for run in (self._runs or {}).values() if run.is_moving]
        return sorted(moving, key=lambda run: (-run.started_at, run.id))

    @property
    def open_count(self) -> int:
        """How many runs have not ended."""
        return sum(run.is_open for run in (self._runs or {}).values())

    def question(self, question_id: str) -> Question | None:
        """One of those that wait."""
        return next((question for question in self.waiting if question.id == question_id), None)

    def open(self) -> None:
        """The core is there: follow what waits and what runs, once."""
        if self._is_open:
            return
        self._is_open = True
        failed = self._failed
        self._bridge.watch(requests.questions(), lambda rows: self._take("asked", rows), failed)
        self._bridge.watch(requests.doubts(), lambda rows: self._take("doubt", rows), failed)
        self._bridge.watch(requests.runs(self._clock()), self._take_runs, failed)
        self._bridge.ask(requests.me(), self._take_me, lambda _message, _is_away: None)

    def engine_went(self, words: str) -> None:
        """The engine is away."""
        self.away = words
        self.changed.emit()

    def engine_came(self) -> None:
        """It is back."""
        self.away = ""
        self.changed.emit()

    def _failed(self, _message: str) -> None:
        # Whoever may not see the inbox has nothing to be told about it; the pages say why.
        self.changed.emit()

    def _take(self, source: str, rows: Mapping[str, Any]) -> None:
        before = self._questions[source]
        now = {key: requests.question(row, is_in_doubt=source == "doubt") for key, row in rows.items()}
        self._questions[source] = now
        gone = [key for key in before if key not in now]
        new = [question for key, question in now.items() if key not in before]
        if gone:
            self.settled.emit(gone)
        if new:
            self.asked.emit(sorted(new, key=lambda question: (question.asked_at, question.id)))
        self._on_due()

    def _on_due(self) -> None:
        """Tell what waits now, and again when the next that was put off does: no clock runs meanwhile."""
        left = [each.snoozed_until - self._clock() for each in self.waiting if each.snoozed_until > self._clock()]
        if left:
            # A timer of Qt counts to 24 days; a day is enough to look again.
            self._wakes.start(min(DAY, min(left) + 1))
        else:
            self._wakes.stop()
        self.changed.emit()

    def _take_me(self, me: Any) -> None:
        self._me = me.person_id
        self.changed.emit()

    def _take_runs(self, rows: Mapping[str, Any]) -> None:
        before, self._runs = self._runs, {key: requests.run(row) for key, row in rows.items()}
        if before is not None:
            for key, run in self._runs.items():
                was = before.get(key)
                if not run.is_open and (was is None or was.is_open):
                    self.ended.emit(run)
        self.changed.emit()
