"""A question to the chosen base and what was found, as an agent would see it. No widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.pages.knowledge import requests
from legate_desktop.pages.knowledge.view import Hit
from legate_desktop.words import plural, tr

MAX_QUESTION_CHARS = 4_000
MAX_ONLY_CHARS = 400


class AskState(QObject):
    """What was asked last, and the hits. An answer that a later question overtook is dropped."""

    changed = Signal()
    selection_changed = Signal()

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self._asked = 0
        self.base_id = ""
        self.question = ""
        self.only = ""
        self.is_asking = False
        self.has_answer = False
        self.problem = ""
        self.notices: tuple[str, ...] = ()
        self.hits: list[Hit] = []
        self.selected_id = ""

    @property
    def selected(self) -> Hit | None:
        """The chosen hit."""
        return next((hit for hit in self.hits if hit.id == self.selected_id), None)

    def turn_to(self, base_id: str) -> None:
        """Another base: what was asked of the one before is no answer of this one."""
        if base_id != self.base_id:
            self._asked += 1
            self.base_id, self.question, self.only = base_id, "", ""
            self.is_asking = self.has_answer = False
            self._show([], "", ())

    def why_not(self, question: str) -> str:
        """Why this cannot be asked; nothing if it can."""
        if not question.strip():
            return tr("Write what you look for.")
        return tr("Ask for one thing at a time.") if len(question) > MAX_QUESTION_CHARS else ""

    def ask(self, question: str, only: str = "") -> None:
        """Search the base for passages that answer this; with `only`, those of its documents of which these words are known."""
        problem = self.why_not(question)
        if problem:
            self._show(self.hits, problem, self.notices)
            return
        self._asked += 1
        asked = self._asked
        self.question, self.only, self.is_asking = question.strip(), only.strip(), True
        self.changed.emit()

        def then(found: Any) -> None:
            if asked == self._asked:
                self.is_asking, self.has_answer = False, True
                unread = plural("%n document(s) not read yet and not searched.", found.unread) if found.unread else ""
                self._show([requests.hit(hit) for hit in found.hits], "", tuple(filter(None, (unread, found.notice))))

        def failed(message: str, _is_away: bool) -> None:
            if asked == self._asked:
                self.is_asking = False
                self._show([], message, ())

        self._bridge.ask(requests.search_query(self.question, self.base_id, self.only), then, failed)

    def select(self, hit_id: str) -> None:
        """Choose a hit."""
        if hit_id != self.selected_id:
            self.selected_id = hit_id
            self.selection_changed.emit()

    def move(self, by: int) -> None:
        """The next hit, or the one before."""
        if self.hits:
            at = next((at for at, hit in enumerate(self.hits) if hit.id == self.selected_id), -1)
            self.select(self.hits[max(0, min(len(self.hits) - 1, at + by))].id)

    def _show(self, hits: list[Hit], problem: str, notices: tuple[str, ...]) -> None:
        self.hits, self.problem, self.notices = hits, problem, notices
        self.selected_id = hits[0].id if hits else ""
        self.changed.emit()
        self.selection_changed.emit()
