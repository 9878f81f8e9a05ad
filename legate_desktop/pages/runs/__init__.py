"""The runs: those that are open, the history of all others, and one in full with its mission log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.words import moment, tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    state = context.keep(RunsState(context.bridge, wall_clock=context.now))
    state.noticed.connect(context.say)
    state.counts_changed.connect(lambda: context.count("runs", state.running_count))
    context.opened.connect(state.open)


def _find(context: PageContext) -> Iterable[Found]:
    state = context.state(RunsState)
    for run in state.rows:
        deeds = (
            Deed(tr("Open the run"), lambda run_id=run.id: context.go("runs", run_id), "activity"),
            Deed(tr("In a window of its own"), lambda run_id=run.id: context.tear_off("runs", run_id), "external-link"),
            Deed(
                tr("Cancel it"),
                lambda run_id=run.id: state.cancel(run_id),
                "x",
                why_not=state.why_not_cancel(run.id),
            ),
        )
        detail = f"{run.state} · {moment(run.created_at, state.now())} · {run.id}"
        yield Found(run.id, run.name, detail, "activity", "", deeds, is_object=True)


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.runs.page import RunsPage

    return RunsPage(context)


def _torn(context: PageContext, run_id: str) -> QWidget:
    from legate_desktop.pages.runs.torn import TornRun

    return TornRun(context, run_id)


PAGE = PageSpec(
    id="runs",
    title="Runs",
    icon="activity",
    group="Operate",
    key="R",
    order=1,
    build=_build,
    start=_start,
    find=_find,
    torn=_torn,
    verbs=VERBS,
    permission="runs.view",
)
