"""The tray's menu: what waits, what runs, and what can be done without the window. Nothing in it decides a question."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from legate_desktop.outside.pausing import PERMISSION, Pausing
from legate_desktop.outside.state import OutsideState
from legate_desktop.outside.view import Question, RunState
from legate_desktop.theme.tokens import EFFECT_PILLS
from legate_desktop.verbs import rights
from legate_desktop.words import one_line, plural, tr

MOST_LISTED = 12
LONGEST_NAME = 48


class TrayMenu(QMenu):
    """Brought up to date before it is opened, and when what it lists changes: some trays ask for it ahead of time."""

    def __init__(self, state: OutsideState, pausing: Pausing, does: TrayVerbs) -> None:
        super().__init__()
        self._state, self._pausing, self._does = state, pausing, does
        self.waiting = self.addMenu("")
        self.running = self.addMenu("")
        self.addSeparator()
        self.run = self._add("", does.run)
        self.pause = self._add("", self._pause_or_resume)
        self.lock = self._add("", does.lock_vault)
        self.addSeparator()
        self.open_legate = self._add("", does.open_window)
        self.quit = self._add("", does.quit)
        state.changed.connect(self.settle)
        pausing.changed.connect(self.settle)
        rights.changed.connect(self.settle)
        self.settle()

    def settle(self) -> None:
        """Show what is so now, in the language of this moment."""
        waiting, running, away = self._state.due, self._state.running, bool(self._state.away)
        self.waiting.setTitle(plural("%n waiting for you", len(waiting)))
        self.running.setTitle(plural("%n running", len(running)))
        self.run.setText(tr("Run…"))
        self.lock.setText(tr("Lock vault"))
        self.open_legate.setText(tr("Open Legate"))
        self.quit.setText(tr("Quit"))
        self._list_waiting(waiting)
        self._list_running(running)
        # An empty submenu would open to nothing.
        self.waiting.setEnabled(bool(waiting))
        self.running.setEnabled(bool(running))
        for action in (self.run, self.lock):
            action.setEnabled(not away)
        self.pause.setText(tr("Resume all runs") if self._pausing.now.is_paused else tr("Pause all runs"))
        self.pause.setEnabled(not away and not rights.why_not(PERMISSION))

    def _pause_or_resume(self) -> None:
        if self._pausing.now.is_paused:
            self._does.resume()
        else:
            self._does.pause()

    def _list_waiting(self, waiting: list[Question]) -> None:
        self.waiting.clear()
        for question in waiting[:MOST_LISTED]:
            pill = EFFECT_PILLS.get(question.effect)
            word = tr("IN DOUBT") if question.is_in_doubt else pill.word if pill else question.effect.upper()
            name = _escaped(f"{question.agent} · {question.tool} · {word}")
            self._add(name, lambda key=question.id: self._does.open_question(key), self.waiting)
        if len(waiting) > MOST_LISTED:
            self.waiting.addSeparator()
            more = plural("%n more…", len(waiting) - MOST_LISTED)
            self._add(more, self._does.open_inbox, self.waiting)

    def _list_running(self, running: list[RunState]) -> None:
        self.running.clear()
        for run in running[:MOST_LISTED]:
            one = self.running.addMenu(_escaped(run.name))
            self._add(tr("Open"), lambda key=run.id: self._does.open_run(key), one)
            self._add(tr("Stop"), lambda key=run.id: self._does.stop_run(key), one)

    def _add(self, text: str, call: Callable[[], object], menu: QMenu | None = None) -> QAction:
        action = (menu or self).addAction(text)
        action.triggered.connect(lambda _checked=False: call())
        return action


class TrayVerbs:
    """What the menu's entries do; the process fills it in."""

    def __init__(
        self,
        *,
        open_window: Callable[[], object],
        open_inbox: Callable[[], object],
        open_question: Callable[[str], object],
        open_run: Callable[[str], object],
        stop_run: Callable[[str], object],
        run: Callable[[], object],
        pause: Callable[[], object],
        resume: Callable[[], object],
        lock_vault: Callable[[], object],
        quit: Callable[[], object],
    ) -> None:
        self.open_window = open_window
        self.open_inbox = open_inbox
        self.open_question = open_question
        self.open_run = open_run
        self.stop_run = stop_run
        self.run = run
        self.pause = pause
        self.resume = resume
        self.lock_vault = lock_vault
        self.quit = quit


def _escaped(text: str) -> str:
    """A name in a menu, where `&` would underline what follows; the names of agents and tools come from others."""
    line = one_line(text)
    return (line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…").replace("&", "&&")
