"""What a person can do on the Runs page."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import MOVES, PRACTICE, Verb, always


def _run_open(page: Any) -> str:
    return page.state.why_not_cancel()


def _any_run_open(page: Any) -> str:
    return page.state.why_not_stop_all()


VERBS: tuple[Verb, ...] = (
    Verb("cancel", "Cancel run", "C", "x", "secondary", lambda p: p.cancel(), _run_open),
    Verb("stop_all", "Stop everything", "Ctrl+Shift+X", "octagon-x", "danger", lambda p: p.stop_all(), _any_run_open),
    Verb("follow", "Follow", "F", "", "quiet", lambda p: p.toggle_follow(), always),
    *MOVES,
    PRACTICE,
)
