"""Not answering now: being asked later, and asking a colleague. Who there is to ask is read once, when the core is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.notice import Notice
from legate_desktop.pages.approvals import requests
from legate_desktop.pages.approvals.view import ApprovalRow, Card, Colleague, Later, later_choices
from legate_desktop.words import MINUTE, SECOND, tr

log = logging.getLogger(__name__)

LONGEST_SLEEP_MS = 24 * 60 * MINUTE


class Handing(QObject):
    """`changed` says that who is asked may read differently, `due` that a question that was put off waits again."""

    changed = Signal()
    due = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any, now: Callable[[], int]) -> None:
        super().__init__()
        self._bridge = bridge
        self._now = now
        self.me_id = ""
        self.colleagues: tuple[Colleague, ...] = ()
        self._wakes = QTimer(self, singleShot=True)
        self._wakes.timeout.connect(self.due)

    def open(self) -> None:
        """The core is there: learn who asks, and who else there is."""
        self._bridge.ask(requests.me_query(), self._take_me, self._not_known)
        self._bridge.ask(requests.members_query(), self._take_members, self._not_known)

    def is_for_me(self, row: ApprovalRow) -> bool:
        """Whether a question waits for this person now."""
        return row.snoozed_until <= self._now() and row.assigned_to in ("", self.me_id)

    def name_of(self, person_id: str) -> str:
        """A person of the workspace by name; the id where nobody knows it."""
        known = (colleague.name for colleague in self.colleagues if colleague.id == person_id)
        return tr("you") if person_id and person_id == self.me_id else next(known, person_id)

    def by(self, person_id: str) -> str:
        """Who decided something, as it is said after what they decided."""
        if person_id and person_id == self.me_id:
            return tr("by you")
        return f"{tr('by')} {self.name_of(person_id)}" if person_id else ""

    def later(self, card: Card) -> list[Later]:
        """The times at which a card can be asked again."""
        now = datetime.fromtimestamp(self._now() / SECOND, tz=UTC).astimezone()
        return later_choices(now, card.row.expires_at)

    def others(self, card: Card) -> list[Colleague]:
        """Who else may decide it."""
        needed = f"approvals.decide.{'low' if card.risk in ('low', 'medium') else card.risk}"
        return [other for other in self.colleagues if other.id != self.me_id and needed in other.may_decide]

    def why_not_later(self, card: Card) -> str:
        """Why it cannot be put off; nothing if it can."""
        return "" if self.later(card) else tr("It expires too soon to wait")

    def why_not_delegate(self, card: Card) -> str:
        """Why nobody else can be asked; nothing if somebody can."""
        return "" if self.others(card) else tr("Nobody else in this workspace may decide this")

    def snooze(self, of: Card, later: Later) -> None:
        """Ask again later; what expires until then expires."""
        said = tr("You are asked again: {when}").format(when=later.words)
        self._send(requests.snooze(of.id, later.at), Notice(said, undo=lambda: self.wake(of.id)))

    def wake(self, row_id: str) -> None:
        """Ask now after all."""
        self._send(requests.snooze(row_id, 0), None)

    def delegate(self, of: Card, colleague: Colleague) -> None:
        """Ask a colleague; whoever may answer still may."""
        said = tr("Asked {name}").format(name=colleague.name)
        self._send(requests.delegate(of.id, colleague.id), Notice(said, undo=lambda: self.take_back(of.id)))

    def take_back(self, row_id: str) -> None:
        """Ask nobody in particular."""
        self._send(requests.delegate(row_id, ""), None)

    def sleep(self, rows: Iterable[ApprovalRow]) -> None:
        """Wake when the next question that was put off is due: no clock runs meanwhile."""
        times = [row.snoozed_until for row in rows if row.snoozed_until > self._now()]
        if times:
            self._wakes.start(min(LONGEST_SLEEP_MS, min(times) - self._now() + 1))
        else:
            self._wakes.stop()

    def _send(self, command: Any, notice: Notice | None) -> None:
        self._bridge.send(
            command,
            lambda _result: self.noticed.emit(notice) if notice is not None else None,
            lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
        )

    def _take_me(self, me: Any) -> None:
        self.me_id = me.person_id
        self.changed.emit()

    def _take_members(self, found: Any) -> None:
        self.colleagues = tuple(requests.colleague(member) for member in found)
        self.changed.emit()

    def _not_known(self, message: str, _is_away: bool) -> None:
        """Without knowing who there is nobody else can be asked; the button says so."""
        log.info("who belongs to the workspace is not known: %s", message)
