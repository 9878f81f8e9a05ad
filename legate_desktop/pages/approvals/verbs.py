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


def _adopt(page: Any) -> str:
    return page.state.why_not_adopt()


def _undo(page: Any) -> str:
    return "" if page.state.undoable_id else tr("There is nothing to undo")


def _many(page: Any) -> str:
    return page.state.many.why_not()


def _later(page: Any) -> str:
    return page.state.why_not_later()


def _delegate(page: Any) -> str:
    return page.state.why_not_delegate()


def _waiting_row(page: Any) -> str:
    row = page.state.selected_row
    return "" if row is not None and row.state == "waiting" else tr("Choose a question that waits")


def _like(page: Any) -> str:
    row = page.state.selected_row
    has_like = page.state.selected_group is not None or (row is not None and page.state.is_folded(row.like))
    return "" if has_like else tr("Nothing like it waits")


# A and R answer what is shown: one question, or several together. The keys of what cannot be done now sleep.
VERBS: tuple[Verb, ...] = (
    Verb("approve", "Approve once", "A", "check", "primary", lambda p: p.approve_once(), _answerable),
    Verb("reject", "Reject…", "R", "x", "secondary", lambda p: p.ask_reject(), _answerable),
    Verb("edit", "Edit then approve", "E", "pencil", "quiet", lambda p: p.ask_edit(), _answerable),
    Verb("scopes", "Approve…", "Shift+A", "list-checks", "quiet", lambda p: p.ask_scopes(), _scopes),
    Verb(
        "stop", "Reject and stop", "Shift+R", "octagon-x", "quiet", lambda p: p.ask_reject(and_stop=True), _answerable
    ),
    Verb(
        "delegate",
        "Ask a colleague…",
        "T",
        "user-plus",
        "quiet",
        lambda p: p.ask_colleague(),
        _delegate,
        (),
        "approvals.delegate",
    ),
    Verb("later", "Later…", "S", "clock", "quiet", lambda p: p.ask_later(), _later, (), "approvals.snooze"),
    Verb("approve_many", "Approve all of them", "A", "check-check", "primary", lambda p: p.approve_many(), _many),
    Verb("reject_many", "Reject all of them…", "R", "x", "secondary", lambda p: p.ask_reject_many(), _many),
    Verb("mark", "Mark", "X", "square", "quiet", lambda p: p.state.mark(), _waiting_row),
    Verb("extend", "Mark and go down", "Shift+J", "", "quiet", lambda p: p.state.extend(1), _waiting_row),
    Verb("extend_up", "Mark and go up", "Shift+K", "", "quiet", lambda p: p.state.extend(-1), _waiting_row),
    Verb("unfold", "Unfold like questions", "L", "layers", "quiet", lambda p: p.state.fold(is_unfolded=True), _like),
    Verb("fold", "Fold like questions", "H", "layers", "quiet", lambda p: p.state.fold(is_unfolded=False), _like),
    Verb("happened", "It happened", "1", "check", "secondary", lambda p: p.settle("happened"), _in_doubt),
    Verb("do_it", "It did not: do it", "2", "send-horizontal", "secondary", lambda p: p.settle("do_it"), _in_doubt),
    Verb("give_up", "Give up", "3", "x", "quiet", lambda p: p.settle("give_up"), _in_doubt),
    Verb("open_run", "Open run", "O", "activity", "quiet", lambda p: p.show_run(), _has_card),
    Verb(
        "adopt_rule",
        "Put it in force",
        "Ctrl+Enter",
        "check",
        "primary",
        lambda p: p.state.adopt_rule(),
        _adopt,
        ("Ctrl+Return",),
        "policy.tighten",
    ),
    Verb(
        "delete_rule",
        "Delete rule",
        "Del",
        "x",
        "danger",
        lambda p: p.delete_chosen_rule(),
        _rule,
        (),
        "policy.tighten",
    ),
    # Z and Ctrl+Z are the window's, so that an answer can be taken back from any page.
    Verb("undo", "Take the answer back", "", "undo-2", "quiet", lambda p: p.state.undo(), _undo),
    *MOVES,
    PRACTICE,
)
