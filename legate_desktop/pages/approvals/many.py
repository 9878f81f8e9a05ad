"""Several questions at once: like ones, or those that were marked. Each is read whole and answered by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.pages.approvals import requests
from legate_desktop.pages.approvals.view import ApprovalRow, Card
from legate_desktop.words import plural, tr

MOST_AT_ONCE = 50


class Many(QObject):
    """The questions shown together. Together they can be answered only when every card was read and none is grave."""

    changed = Signal()

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self.rows: tuple[ApprovalRow, ...] = ()
        self.cards: dict[str, Card] = {}
        self.errors: dict[str, str] = {}

    @property
    def is_shown(self) -> bool:
        """Whether there is more than one to answer."""
        return len(self.rows) > 1

    def show(self, rows: Sequence[ApprovalRow]) -> None:
        """Show these; cards that were read already, and are still asked for, are kept."""
        wanted = tuple(rows[:MOST_AT_ONCE])
        if wanted == self.rows:
            return
        self.rows = wanted
        ids = {row.id for row in wanted}
        self.cards = {row_id: card for row_id, card in self.cards.items() if row_id in ids}
        self.errors = {row_id: error for row_id, error in self.errors.items() if row_id in ids}
        for row in wanted if self.is_shown else ():
            if row.id not in self.cards:
                self._read(row)
        self.changed.emit()

    def forget(self, row_id: str) -> None:
        """Read this card again before it is answered."""
        self.cards.pop(row_id, None)

    def why_not(self) -> str:
        """Why they cannot be answered together; nothing if they can."""
        if not self.is_shown:
            return tr("Choose a row of like questions, or mark some with X")
        if any(row.is_grave for row in self.rows):
            return tr("MONEY, DESTROYS and GRANTS are decided one by one")
        if any(row.is_in_doubt for row in self.rows):
            return tr("What is in doubt is settled one by one")
        if self.errors:
            return next(iter(self.errors.values()))
        missing = len(self.rows) - len(self.cards)
        if missing:
            return plural("Reading %n card(s)…", missing)
        refusal = next((card.refusal for card in self.cards.values() if card.refusal), "")
        if refusal:
            return refusal
        needs_proof = any(card.needs_proof for card in self.cards.values())
        return tr("One of them asks for your passphrase: decide it by itself") if needs_proof else ""

    def answerable(self) -> list[Card]:
        """The cards in the order of the rows."""
        return [self.cards[row.id] for row in self.rows]

    def is_still(self, cards: Sequence[Card]) -> bool:
        """Whether exactly these are shown, as they were."""
        shown = [(row.id, self.cards[row.id].digest) for row in self.rows if row.id in self.cards]
        return len(shown) == len(self.rows) and shown == [(card.id, card.digest) for card in cards]

    def _read(self, row: ApprovalRow) -> None:
        self._bridge.ask(
            requests.card_query(row),
            lambda answer: self._take(row.id, requests.card(answer)),
            lambda message, _is_away: self._failed(row.id, message),
        )

    def _take(self, row_id: str, card: Card) -> None:
        if any(row.id == row_id for row in self.rows):
            self.cards[row_id] = card
            self.changed.emit()

    def _failed(self, row_id: str, message: str) -> None:
        if any(row.id == row_id for row in self.rows):
            self.errors[row_id] = message
            self.changed.emit()


class Answers:
    """Counts the answers to several commands; with the last of them says which can be taken back."""

    def __init__(self, count: int, then: Callable[[list[str]], None]) -> None:
        self._left = count
        self._then = then
        self._held: list[str] = []

    def came(self, held_id: str) -> None:
        """One was answered; the id where it is held and can be taken back."""
        self._left -= 1
        self._held += [held_id] if held_id else []
        if self._left == 0:
            self._then(self._held)
