"""Where settings are kept: the wishes of the window, the choices outside it, and the switches that the core keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice
from legate_desktop.pages.settings import requests
from legate_desktop.shell.context import PageContext
from legate_desktop.words import tr

SWITCHES = ("ask_every_effect", "relax_content", "allow_list")


@dataclass(frozen=True, slots=True)
class Policy:
    """The switches of the workspace as the core last said."""

    ask_every_effect: bool = True
    relax_content: bool = False
    allow_list: tuple[str, ...] = ()
    is_known: bool = False


class Sources(QObject):
    """`changed` carries the id of a setting whose value is another now."""

    changed = Signal(str)

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self.context = context
        self.policy = Policy()
        self.entries = 0
        self._is_watching = False
        context.prefs.changed.connect(self.changed)
        context.went.connect(self._on_engine)
        context.came.connect(self._on_engine)
        context.opened.connect(self._on_engine)

    def visit(self) -> None:
        """Somebody looks: read what the core keeps."""
        if not self.context.is_open:
            return
        self.context.bridge.ask(requests.policy_query(), self._take_policy, self._not_known)
        if not self._is_watching:
            self._is_watching = True
            self.context.bridge.watch(requests.end_query(), self._take_end, lambda _message: None)

    def change_policy(self, **changes: Any) -> None:
        """Ask the core to move switches; what it refuses is said, and the page shows what holds."""
        before = self.policy
        self.context.bridge.send(
            requests.change_policy(**changes),
            lambda _result: self._policy_changed(before, changes),
            self._policy_refused,
        )

    def _policy_changed(self, before: Policy, changes: Mapping[str, Any]) -> None:
        back = {name: getattr(before, name) for name in changes}
        self.context.say(Notice(tr("The rules of this workspace: changed"), undo=lambda: self.change_policy(**back)))
        self.visit()

    def _policy_refused(self, message: str, _is_away: bool) -> None:
        self.context.say(Notice(message, is_error=True))
        self._tell_policy()

    def _take_policy(self, given: Any) -> None:
        self.policy = Policy(given.ask_every_effect, given.relax_content, tuple(given.allow_list), is_known=True)
        self._tell_policy()

    def _not_known(self, _message: str, _is_away: bool) -> None:
        """Without the core's answer its settings stay off, and say why."""
        self._tell_policy()

    def _tell_policy(self) -> None:
        for setting_id in SWITCHES:
            self.changed.emit(setting_id)

    def _take_end(self, rows: Mapping[str, Any]) -> None:
        self.entries = max((row.seq for row in rows.values()), default=0)
        self.changed.emit("journal")

    def _on_engine(self, _words: str = "") -> None:
        self.changed.emit("engine_state")
