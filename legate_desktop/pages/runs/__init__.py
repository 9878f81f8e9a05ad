"""The runs, and a plain live log of the one chosen."""

from __future__ import annotations

from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    state = context.keep(RunsState(context.bridge, wall_clock=context.now))
    state.noticed.connect(context.say)
    state.counts_changed.connect(lambda: context.count("runs", state.running_count))
    context.opened.connect(state.open)


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.runs.page import RunsPage

    return RunsPage(context)


PAGE = PageSpec(
    id="runs",
    title="Runs",
    icon="activity",
    group="Operate",
    key="R",
    order=1,
    build=_build,
    start=_start,
    verbs=VERBS,
    permission="runs.view",
)
