"""What a verb is: its name, key, icon, when it may be used, and what it does. Each is declared once, beside its page.

Buttons, keys, menus, the palette and the sheet of shortcuts are made from these; none of them knows a key or a condition
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from legate_desktop.words import tr


@dataclass(frozen=True, slots=True)
class Verb:
    """`why_not` gives the reason it may not be used now, or nothing; `run` gets the page.

    With a `permission` the matrix is asked first, and its reason ("Needs Operator") stands in the tip.
    """

    id: str
    name: str
    key: str
    icon: str
    kind: str
    run: Callable[[Any], None]
    why_not: Callable[[Any], str]
    other_keys: tuple[str, ...] = ()
    permission: str = ""

    def reason(self, page: Any) -> str:
        """Why it may not be used now: the role lacks it, or the page says why."""
        return rights.why_not(self.permission) or self.why_not(page)


class Rights(QObject):
    """What this person's role lacks, with the reason. One per process (`rights`); empty until the core has said."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._refusals: Mapping[str, str] = {}

    def take(self, refusals: Mapping[str, str]) -> None:
        """Know this from now on."""
        if refusals != self._refusals:
            self._refusals = dict(refusals)
            self.changed.emit()

    def why_not(self, permission: str) -> str:
        """Why the role may not; nothing if it may, or where no permission is needed."""
        return tr(self._refusals[permission]) if permission in self._refusals else ""


rights = Rights()


def always(_page: Any) -> str:
    """Nothing stands in its way."""
    return ""


def _practice(page: Any) -> str:
    return page.practice.why_not()


PRACTICE = Verb(
    "practice",
    "Let the practice deputy work",
    "N",
    "bot",
    "primary",
    lambda p: p.practice.begin(),
    _practice,
    permission="runs.start",
)

# What every page with a list can do; their pages have a state with `move`, and `focus_filter`.
MOVES: tuple[Verb, ...] = (
    Verb("next", "Next", "J", "", "quiet", lambda p: p.state.move(1), always),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.state.move(-1), always),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), always),
)


class Letters(QObject):
    """Whether keys of one letter act, for who would rather not have them. One per process (`letters`)."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_on = True

    def switch(self, *, is_on: bool) -> None:
        """On or off, everywhere at once."""
        if is_on != self.is_on:
            self.is_on = is_on
            self.changed.emit()

    def keys(self, given: Iterable[str]) -> list[QKeySequence]:
        """The keys that act now: all of them, or those that do not begin with a plain letter."""
        return [QKeySequence(key) for key in given if key and (self.is_on or not _is_letter(key))]


letters = Letters()


def _is_letter(key: str) -> bool:
    first = key.removeprefix("Shift+")
    return len(first) == 1 or first[1:2] == ","


def tip_of(action: QAction) -> str:
    """What an action's control says on hover: the reason it is off, or its name and its key."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{action.toolTip()}   {key}" if key and action.isEnabled() else action.toolTip()


class Verbs(QObject):
    """The actions of one page, made from its verbs; `settle` brings their state up to date."""

    def __init__(self, page: QWidget, verbs: Iterable[Verb]) -> None:
        super().__init__(page)
        self._page = page
        self._verbs = {verb.id: verb for verb in verbs}
        self.actions: dict[str, QAction] = {}
        for verb in self._verbs.values():
            action = QAction(tr(verb.name), page)
            # A hidden page's keys sleep, so two pages may use the same letter; a text field keeps its letters.
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setAutoRepeat(verb.id in ("next", "previous"))
            action.triggered.connect(lambda _checked=False, verb=verb: self._run(verb))
            page.addAction(action)
            self.actions[verb.id] = action
        letters.changed.connect(self._give_keys)
        rights.changed.connect(self.settle)
        self._give_keys()

    def __getitem__(self, verb_id: str) -> QAction:
        return self.actions[verb_id]

    def verb(self, verb_id: str) -> Verb:
        """The declaration."""
        return self._verbs[verb_id]

    def all(self) -> list[Verb]:
        """The declarations, in order."""
        return list(self._verbs.values())

    def why_not(self, verb_id: str) -> str:
        """Why it may not be done now; nothing if it may."""
        return self._verbs[verb_id].reason(self._page)

    def settle(self) -> None:
        """Ask every verb whether it may be used now; the reason becomes its tip."""
        for verb_id, verb in self._verbs.items():
            reason = verb.reason(self._page)
            action = self.actions[verb_id]
            action.setEnabled(not reason)
            action.setToolTip(reason or tr(verb.name))

    def do(self, verb_id: str) -> str:
        """Do it, if it may be done now; otherwise the reason why not."""
        verb = self._verbs[verb_id]
        reason = verb.reason(self._page)
        if not reason:
            verb.run(self._page)
        return reason

    def remove(self) -> None:
        """Take the actions off their widget, before others are given to it."""
        letters.changed.disconnect(self._give_keys)
        rights.changed.disconnect(self.settle)
        for action in self.actions.values():
            self._page.removeAction(action)
            action.deleteLater()
        self.setParent(None)
        self.deleteLater()

    def _give_keys(self) -> None:
        for verb_id, verb in self._verbs.items():
            self.actions[verb_id].setShortcuts(letters.keys((verb.key, *verb.other_keys)))

    def _run(self, verb: Verb) -> None:
        if not verb.reason(self._page):
            verb.run(self._page)
