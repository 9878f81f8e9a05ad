"""What the try-it chat knows and can do: say something to the draft, follow the run that answers, go on from it. No widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice
from legate_desktop.pages.agents import requests
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.view import state_words
from legate_desktop.pages.runs.viewer_state import ViewerState
from legate_desktop.words import tr


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person said, and what came of it. `words` are its state while there is no answer."""

    run_id: str
    said: str
    answer: str = ""
    state: str = "ready"
    words: str = ""
    approval_id: str = ""


class TryState(QObject):
    """One per builder. Each thing said is a run of the draft; the next goes on where the one before ended."""

    turns_changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any, runs: RunsState) -> None:
        super().__init__()
        self._bridge = bridge
        self.viewer = ViewerState(bridge, runs)
        self.agent_id = ""
        self.turns: list[Turn] = []
        self.is_sending = False
        self.viewer.run_changed.connect(self._on_run)
        self.viewer.log_changed.connect(self._on_run)
        self.viewer.noticed.connect(self.noticed)

    # Reading.

    @property
    def is_at_work(self) -> bool:
        """Whether the last thing said is not answered yet."""
        return bool(self.turns) and self.turns[-1].state in ("ready", "running", "waiting", "in_doubt")

    def why_not_say(self) -> str:
        """Why nothing can be said now; nothing if it can."""
        if not self.agent_id:
            return tr("Open an agent")
        if self.is_sending:
            return tr("It is on its way")
        return tr("The draft is at work: wait for its answer, or cancel it") if self.is_at_work else ""

    def why_not_cancel(self) -> str:
        """Why there is nothing to cancel; nothing if there is."""
        return "" if self.is_at_work else tr("The draft is not at work")

    # Doing.

    def show(self, agent_id: str) -> None:
        """Begin anew with an agent; the runs of the last conversation stay in the list of runs."""
        self.agent_id = agent_id
        self.start_over()

    def start_over(self) -> None:
        """Forget the conversation here; nothing that was done is undone."""
        self.turns, self.is_sending = [], False
        self.viewer.show("")
        self.turns_changed.emit()

    def say(self, text: str) -> None:
        """Say something to the draft as the core has it."""
        if self.why_not_say() or not text.strip():
            return
        agent_id = self.agent_id
        self.is_sending = True
        self.turns_changed.emit()

        def then(run_id: str) -> None:
            if agent_id != self.agent_id:
                return
            self.is_sending = False
            self.turns.append(Turn(run_id, text.strip(), words=tr("Queued")))
            self.viewer.show(run_id)
            self.turns_changed.emit()

        def failed(message: str, _is_away: bool) -> None:
            self.is_sending = False
            self.noticed.emit(Notice(message, is_error=True))
            self.turns_changed.emit()

        after = self.turns[-1].run_id if self.turns else ""
        self._bridge.send(requests.try_draft(agent_id, text.strip(), after), then, failed)

    def cancel(self) -> None:
        """End the run that is at work."""
        if self.is_at_work:
            self._bridge.send(
                requests.cancel(self.turns[-1].run_id),
                lambda _result: None,
                lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
            )

    # What comes back.

    def _on_run(self) -> None:
        run = self.viewer.run
        if run is None or not self.turns or run.id != self.turns[-1].run_id:
            return
        waiting = next((step for step in reversed(self.viewer.steps) if step.is_waiting), None)
        turn = replace(
            self.turns[-1],
            state=run.state,
            answer=self.viewer.result,
            words=state_words(run, self.viewer.now()),
            approval_id=waiting.approval_id if waiting is not None else "",
        )
        if turn != self.turns[-1]:
            self.turns[-1] = turn
            self.turns_changed.emit()
