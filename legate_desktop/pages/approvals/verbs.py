"""What a person can do on the Approvals page."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import MOVES, PRACTICE, Verb
from legate_desktop.words import tr


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


VERBS: tuple[Verb, ...] = (
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
    # Z and Ctrl+Z are the window's, so that an answer can be taken back from any page.
    Verb("undo", "Take the answer back", "", "undo-2", "quiet", lambda p: p.state.undo(), _undo),
    *MOVES,
    PRACTICE,
)
