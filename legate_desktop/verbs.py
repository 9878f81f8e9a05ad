"""Every verb of the window, declared once: its name, key, icon, when it may be used, and what it does.

Buttons, keys and menus are made from these; none of them knows a key or a condition of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from legate_desktop.words import tr


@dataclass(frozen=True, slots=True)
class Verb:
    """`why_not` gives the reason it may not be used now, or nothing; `run` gets the page."""

    id: str
    name: str
    key: str
    icon: str
    kind: str
    run: Callable[[Any], None]
    why_not: Callable[[Any], str]
    other_keys: tuple[str, ...] = ()


def _nothing(_page: Any) -> str:
    return ""


def _answerable(page: Any) -> str:
    return page.state.why_not()


def _in_doubt(page: Any) -> str:
    return page.state.why_not(for_doubt=True)


def _scopes(page: Any) -> str:
    reason = page.state.why_not()
    if reason:
        return reason
    return "" if page.state.card.scopes else tr("This can only be approved once")


def _has_card(page: Any) -> str:
    return "" if page.state.card is not None else tr("Choose something that waits")


def _rule(page: Any) -> str:
    return page.state.why_not_delete()


def _undo(page: Any) -> str:
    return "" if page.state.undoable_id else tr("There is nothing to undo")


def _run_open(page: Any) -> str:
    return page.state.why_not_cancel()


def _any_run_open(page: Any) -> str:
    return page.state.why_not_stop_all()


def _practice(page: Any) -> str:
    return page.practice.why_not()


PRACTICE = Verb(
    "practice", "Let the practice deputy work", "N", "bot", "primary", lambda p: p.practice.begin(), _practice
)

APPROVALS: tuple[Verb, ...] = (
    Verb("approve", "Approve once", "A", "check", "primary", lambda p: p.approve_once(), _answerable),
    Verb("reject", "Reject…", "R", "x", "secondary", lambda p: p.ask_reject(), _answerable),
    Verb("edit", "Edit then approve", "E", "pencil", "quiet", lambda p: p.ask_edit(), _answerable),
    Verb("scopes", "Approve…", "Shift+A", "list-checks", "quiet", lambda p: p.ask_scopes(), _scopes),
    Verb(
        "stop", "Reject and stop", "Shift+R", "octagon-x", "quiet", lambda p: p.ask_reject(and_stop=True), _answerable
    ),
    Verb("happened", "It happened", "1", "check", "secondary", lambda p: p.settle("happened"), _in_doubt),
    Verb("do_it", "It did not: do it", "2", "send-horizontal", "secondary", lambda p: p.settle("do_it"), _in_doubt),
    Verb("give_up", "Give up", "3", "x", "quiet", lambda p: p.settle("give_up"), _in_doubt),
    Verb("open_run", "Open run", "O", "activity", "quiet", lambda p: p.show_run(), _has_card),
    Verb("delete_rule", "Delete rule", "Del", "x", "danger", lambda p: p.delete_chosen_rule(), _rule),
    Verb("undo", "Undo", "Z", "undo-2", "quiet", lambda p: p.state.undo(), _undo, ("Ctrl+Z",)),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.state.move(1), _nothing),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.state.move(-1), _nothing),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), _nothing),
    PRACTICE,
)

RUNS: tuple[Verb, ...] = (
    Verb("cancel", "Cancel run", "C", "x", "secondary", lambda p: p.cancel(), _run_open),
    Verb("stop_all", "Stop everything", "Ctrl+Shift+X", "octagon-x", "danger", lambda p: p.stop_all(), _any_run_open),
    Verb("follow", "Follow", "F", "", "quiet", lambda p: p.toggle_follow(), _nothing),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.state.move(1), _nothing),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.state.move(-1), _nothing),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), _nothing),
    PRACTICE,
)


class Verbs(QObject):
    """The actions of one page, made from its verbs; `settle` brings their state up to date."""

    def __init__(self, page: QWidget, verbs: Iterable[Verb]) -> None:
        super().__init__(page)
        self._page = page
        self._verbs = {verb.id: verb for verb in verbs}
        self.actions: dict[str, QAction] = {}
        for verb in self._verbs.values():
            action = QAction(tr(verb.name), page)
            action.setShortcuts([QKeySequence(key) for key in (verb.key, *verb.other_keys)])
            # A hidden page's keys sleep, so two pages may use the same letter; a text field keeps its letters.
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setAutoRepeat(verb.id in ("next", "previous"))
            action.triggered.connect(lambda _checked=False, verb=verb: self._run(verb))
            page.addAction(action)
            self.actions[verb.id] = action

    def __getitem__(self, verb_id: str) -> QAction:
        return self.actions[verb_id]

    def verb(self, verb_id: str) -> Verb:
        """The declaration."""
        return self._verbs[verb_id]

    def settle(self) -> None:
        """Ask every verb whether it may be used now; the reason becomes its tip."""
        for verb_id, verb in self._verbs.items():
            reason = verb.why_not(self._page)
            action = self.actions[verb_id]
            action.setEnabled(not reason)
            action.setToolTip(reason or tr(verb.name))

    def _run(self, verb: Verb) -> None:
        if not verb.why_not(self._page):
            verb.run(self._page)
