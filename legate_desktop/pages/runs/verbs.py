"""What a person can do on the Runs page, and with one run wherever it is shown."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import PRACTICE, Verb, always
from legate_desktop.words import tr


def _run_open(owner: Any) -> str:
    return owner.state.why_not_cancel(owner.viewer.state.run_id)


def _any_run_open(page: Any) -> str:
    return page.state.why_not_stop_all()


def _has_run(owner: Any) -> str:
    return "" if owner.viewer.state.run_id else tr("Choose a run")


def _retry(owner: Any) -> str:
    return owner.viewer.state.why_not_retry()


def _fork(owner: Any) -> str:
    return owner.viewer.state.why_not_go_on()


def _share(owner: Any) -> str:
    return owner.viewer.state.why_not_share()


def _is_wide(page: Any) -> str:
    return "" if page.is_wide else tr("The list is there")


OF_ONE_RUN: tuple[Verb, ...] = (
    Verb("cancel", "Cancel run", "C", "x", "secondary", lambda o: o.viewer.cancel(), _run_open),
    Verb("retry", "Retry from here", "R", "rotate-ccw", "quiet", lambda o: o.viewer.state.retry(), _retry),
    Verb("fork", "Fork from here…", "B", "git-branch", "quiet", lambda o: o.viewer.ask_fork(), _fork),
    Verb("share", "Share as file…", "S", "share-2", "quiet", lambda o: o.viewer.ask_share(), _share),
    Verb("follow", "Follow", "F", "", "quiet", lambda o: o.viewer.toggle_follow(), always),
    Verb("fold", "Fold the calls of a step", "H", "chevron-right", "quiet", lambda o: o.viewer.state.fold(), _has_run),
    Verb("unfold", "Unfold them", "L", "chevron-down", "quiet", lambda o: o.viewer.state.unfold(), _has_run),
    Verb("output", "Output of the step", "1", "", "quiet", lambda o: o.viewer.pane.turn_to("output"), _has_run),
    Verb("arguments", "Its arguments", "2", "", "quiet", lambda o: o.viewer.pane.turn_to("arguments"), _has_run),
    Verb("context", "What the model saw", "3", "", "quiet", lambda o: o.viewer.pane.turn_to("context"), _has_run),
    Verb("raw", "What is stored", "4", "", "quiet", lambda o: o.viewer.pane.turn_to("raw"), _has_run),
    Verb("copy_id", "Copy the run's id", "Y", "copy", "quiet", lambda o: o.viewer.copy_id(), _has_run),
    Verb("copy_link", "Copy a link to the run", "Shift+Y", "link", "quiet", lambda o: o.viewer.copy_link(), _has_run),
)

VERBS: tuple[Verb, ...] = (
    *OF_ONE_RUN,
    Verb("stop_all", "Stop everything", "Ctrl+Shift+X", "octagon-x", "danger", lambda p: p.stop_all(), _any_run_open),
    Verb("widen", "Give the log the whole page", "", "activity", "quiet", lambda p: p.widen(), _has_run),
    Verb("back_to_list", "Back to the list", "Esc", "arrow-left", "quiet", lambda p: p.narrow(), _is_wide),
    Verb("tear_off", "Open in a window of its own", "W", "external-link", "quiet", lambda p: p.tear_off(), _has_run),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.move_by(1), always),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.move_by(-1), always),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), always),
    Verb("unfilter", "Show every run", "", "list-filter", "quiet", lambda p: p.state.show_everything(), always),
    PRACTICE,
)

TORN: tuple[Verb, ...] = (
    *OF_ONE_RUN,
    Verb("next", "Next step", "J", "", "quiet", lambda o: o.viewer.state.move(1), always),
    Verb("previous", "Previous step", "K", "", "quiet", lambda o: o.viewer.state.move(-1), always),
)
