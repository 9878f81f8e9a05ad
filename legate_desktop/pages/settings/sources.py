"""Where settings are kept: the wishes of the window, the choices outside it, and what the core keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice
from legate_desktop.pages.settings import requests
from legate_desktop.pages.vault.view import Failed, Wanted
from legate_desktop.shell.context import PageContext
from legate_desktop.words import number, plural, tr

SWITCHES = ("ask_every_effect", "relax_content", "allow_list", "question_hours", "learn")
COPIES = ("backup", "restore")
LONG_MS = 60_000


@dataclass(frozen=True, slots=True)
class Policy:
    """The switches of the workspace as the core last said."""

    ask_every_effect: bool = True
    relax_content: bool = False
    allow_list: tuple[str, ...] = ()
    question_hours: int = 24
    learning_until: int = 0
    is_known: bool = False

    def is_learning(self, now: int) -> bool:
        """Whether the week in which answers are learnt from goes on."""
        return self.learning_until > now

    def before(self, name: str, now: int) -> Any:
        """What a switch stood at, in the words that move it back."""
        return self.is_learning(now) if name == "learn" else getattr(self, name)


class Sources(QObject):
    """`changed` carries the id of a setting whose value is another now; `proof_wanted` what waits for a proof.

    The other signals ask the page for what no setting's row can ask: a place, a passphrase.
    """

    changed = Signal(str)
    proof_wanted = Signal(object)
    backup_wanted = Signal()
    restore_wanted = Signal()
    passphrase_wanted = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self.context = context
        self.policy = Policy()
        self.entries = 0
        self.retention_days = 0
        self.is_retention_known = False
        self.has_passphrase = False
        self.opens_keys = False
        self.is_copying = False
        self._is_watching = False
        context.prefs.changed.connect(self.changed)
        context.went.connect(self._on_engine)
        context.came.connect(self._on_engine)
        context.opened.connect(self._on_engine)

    def visit(self) -> None:
        """Somebody looks: read what the core keeps."""
        if not self.context.is_open:
            return
        bridge = self.context.bridge
        bridge.ask(requests.policy_query(), self._take_policy, self._not_known)
        bridge.ask(requests.retention_query(), self._take_retention, self._not_known)
        bridge.ask(requests.vault_query(), self._take_vault, self._not_known)
        if not self._is_watching:
            self._is_watching = True
            bridge.watch(requests.end_query(), self._take_end, lambda _message: None)

    # The rules of the workspace.

    def change_policy(self, **changes: Any) -> None:
        """Ask the core to move switches; what it refuses is said, and the page shows what holds."""
        before = self.policy
        self._send(
            lambda: requests.change_policy(**changes),
            tr("Change the rules of this workspace"),
            lambda _result: self._policy_changed(before, changes),
            self._refused(*SWITCHES),
        )
        # Until the core has said so, what held before still holds.
        self._tell(*SWITCHES)

    def _policy_changed(self, before: Policy, changes: Mapping[str, Any]) -> None:
        back = {name: before.before(name, self.context.now()) for name in changes}
        self.context.say(Notice(tr("The rules of this workspace: changed"), undo=lambda: self.change_policy(**back)))
        self.visit()

    def _take_policy(self, given: Any) -> None:
        self.policy = Policy(
            ask_every_effect=given.ask_every_effect,
            relax_content=given.relax_content,
            allow_list=tuple(given.allow_list),
            question_hours=given.question_hours,
            learning_until=given.learning_until,
            is_known=True,
        )
        self._tell(*SWITCHES)

    # How long content is kept.

    def change_retention(self, days: int) -> None:
        """Keep content for so many days. Nothing is erased for some minutes, so that this can be taken back."""
        self.context.bridge.ask(
            requests.retention_query(days),
            lambda state: self._change_retention(days, state.due),
            self._cannot_count(days),
        )
        self._tell("retention")

    def _cannot_count(self, days: int) -> Callable[[str, bool], None]:
        return lambda _message, _is_away: self._change_retention(days, 0)

    def _change_retention(self, days: int, due: int) -> None:
        before = self.retention_days
        lost = plural("%n ended run(s) will lose their content", due) if days and due else ""
        self._send(
            lambda: requests.set_retention(days),
            lost or tr("Change how long content is kept"),
            lambda _result: self._retention_changed(days, before, lost),
            self._refused("retention"),
        )

    def _retention_changed(self, days: int, before: int, lost: str) -> None:
        self.retention_days = days
        kept = plural("Content is kept for %n day(s)", days) if days else tr("Content is kept for good")
        text = f"{kept}. {lost}." if lost else f"{kept}."
        self.context.say(Notice(text, undo=lambda: self._change_retention(before, 0)))
        self._tell("retention")

    def _take_retention(self, given: Any) -> None:
        self.retention_days, self.is_retention_known = given.days, True
        self._tell("retention")

    # Backups.

    def back_up(self, path: Path, passphrase: str) -> None:
        """Write everything into a file."""

        def done(made: Any) -> None:
            self._copying(is_on=False)
            text = tr("Backed up into {path}: {entries} entries and {files}.")
            files = plural("%n file(s)", made.files)
            self.context.say(Notice(text.format(path=made.path, entries=number(made.entries), files=files)))

        self._copy(lambda: requests.back_up(str(path), passphrase), tr("Back everything up"), done, is_query=False)

    def restore(self, path: Path, folder: Path, passphrase: str) -> None:
        """Put a backup into an empty folder, and say how it is opened."""

        def done(restored: Any) -> None:
            self._copying(is_on=False)
            text = tr(
                "Restored and verified: {entries} entries. “LEGATE_KEYS={keys} legate --home {folder} desktop” opens it."
            )
            said = text.format(entries=number(restored.entries), keys=restored.keys, folder=restored.folder)
            self.context.say(Notice(said, lasts_ms=LONG_MS))

        request = lambda: requests.restore(str(path), str(folder), passphrase)  # noqa: E731
        self._copy(request, tr("Restore a backup"), done, is_query=True)

    def _copy(self, request: Callable[[], Any], said: str, done: Callable[[Any], None], *, is_query: bool) -> None:
        self._copying(is_on=True)

        def failed(message: str) -> None:
            self._copying(is_on=False)
            self.context.say(Notice(message, is_error=True))

        self._send(request, said, done, failed, is_query=is_query)

    def _copying(self, *, is_on: bool) -> None:
        self.is_copying = is_on
        self._tell(*COPIES)

    # Who is there.

    def prove(self, wanted: Wanted, passphrase: str, failed: Failed) -> None:
        """Say who is asking, then do what waited for it."""
        self.context.bridge.send(
            requests.prove(passphrase), lambda _result: wanted.go_on(), lambda message, _is_away: failed(message)
        )

    def set_passphrase(self, new: str, old: str, done: Callable[[], None], failed: Failed) -> None:
        """Choose the passphrase, or change it."""

        def then(_result: Any) -> None:
            self.has_passphrase = True
            self.context.say(Notice(tr("The passphrase holds from now on.")))
            self._tell("passphrase")
            done()

        self.context.bridge.send(requests.set_passphrase(new, old), then, lambda message, _is_away: failed(message))

    def _take_vault(self, given: Any) -> None:
        self.has_passphrase, self.opens_keys = given.has_passphrase, given.needs_passphrase
        self._tell("passphrase")

    def _send(
        self,
        request: Callable[[], Any],
        said: str,
        then: Callable[[Any], None],
        failed: Failed,
        *,
        is_query: bool = False,
    ) -> None:
        """Ask the core; where it wants a proof, this goes on once it has one. Whoever gives none leaves it as it was."""

        def refused(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self._copying(is_on=False)
                self.proof_wanted.emit(Wanted(said, lambda: self._send(request, said, then, failed, is_query=is_query)))
            else:
                failed(message)

        bridge = self.context.bridge
        (bridge.ask if is_query else bridge.send)(request(), then, refused)

    def _refused(self, *settings: str) -> Failed:
        def say(message: str) -> None:
            self.context.say(Notice(message, is_error=True))
            self._tell(*settings)

        return say

    def _not_known(self, _message: str, _is_away: bool) -> None:
        """Without the core's answer its settings stay off, and say why."""
        self._tell(*SWITCHES, "retention")

    def _tell(self, *settings: str) -> None:
        for setting_id in settings:
            self.changed.emit(setting_id)

    def _take_end(self, rows: Mapping[str, Any]) -> None:
        self.entries = max((row.seq for row in rows.values()), default=0)
        self._tell("journal")

    def _on_engine(self, _words: str = "") -> None:
        self._tell("engine_state")
