"""The practice deputy: starts the practice workspace's run, by itself the first time and on request afterwards."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

import legate_core as core
from legate_desktop.notice import Notice
from legate_desktop.words import tr


class Practice(QObject):
    """Knows whether there is a practice deputy, and whether it is at work. `bridge` needs `ask` and `send`."""

    changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self._agent = ""
        self._task = ""
        self._is_starting = False
        self._open_runs = 0

    @property
    def is_here(self) -> bool:
        """Whether this workspace has a practice deputy."""
        return bool(self._agent)

    @property
    def is_working(self) -> bool:
        """Whether it was sent off, or a run is open."""
        return self._is_starting or self._open_runs > 0

    def why_not(self) -> str:
        """Why it cannot begin now; nothing if it can."""
        if not self.is_here:
            return tr("Only the practice workspace has a practice deputy")
        return tr("The practice deputy is at work") if self.is_working else ""

    def offer(self, agent: str, task: str) -> None:
        """This workspace has a deputy of that name, and a task for it."""
        self._agent, self._task = agent, task
        self.changed.emit()

    def runs_are(self, open_count: int, count: int, *, is_first: bool = False) -> None:
        """What the list of runs says; a workspace in which nothing ever ran begins by itself, at its first list."""
        self._open_runs = open_count
        self._is_starting = self._is_starting and open_count == 0
        if is_first and not count and not self.why_not():
            self.begin()
        self.changed.emit()

    def begin(self) -> None:
        """Find the deputy by its name and give it its task."""
        if self.why_not():
            return
        self._is_starting = True
        self.changed.emit()
        self._bridge.ask(core.Agents(), self._found, self._failed)

    def _found(self, agents: Any) -> None:
        agent_id = next((agent.id for agent in agents.values() if agent.name == self._agent), "")
        if agent_id:
            self._bridge.send(core.StartRun(agent_id, self._task), self._began, self._failed)
        else:
            text = tr("There is no {agent} in this workspace any more. Start with another data folder to practise.")
            self._failed(text.format(agent=self._agent), False)

    def _began(self, _run_id: str) -> None:
        # Until the list shows the run it counts as starting, or a second press would start a second one.
        self._is_starting = self._open_runs == 0
        self.noticed.emit(Notice(tr("The practice deputy is at work. It asks here before it sends anything.")))
        self.changed.emit()

    def _failed(self, message: str, _is_away: bool) -> None:
        self._is_starting = False
        self.noticed.emit(Notice(message, is_error=True))
        self.changed.emit()
