"""What waits for a person's answer, what was answered, and the rules made from answers."""

from __future__ import annotations

from collections.abc import Iterable

from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.approvals.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page
from legate_desktop.words import plural, tr


def _start(context: PageContext) -> None:
    state = context.keep(ApprovalsState(context.bridge, clock=context.clock, wall_clock=context.now))
    waited = 0

    def on_counts() -> None:
        nonlocal waited
        if state.waiting_count > waited:
            context.announce(plural("Waiting for you: %n approval(s)", state.waiting_count))
        waited = state.waiting_count
        context.count("approvals", waited)

    state.noticed.connect(context.say)
    state.undo_changed.connect(context.withdraw_undo)
    state.counts_changed.connect(on_counts)
    context.opened.connect(state.open)
    context.went.connect(state.engine_went)
    context.came.connect(state.engine_came)


def _find(context: PageContext) -> Iterable[Found]:
    for row in context.state(ApprovalsState).waiting:
        go = Deed(tr("Open the card"), lambda row_id=row.id: context.go("approvals", row_id), "shield-check")
        run = Deed(tr("Open its run"), lambda run_id=row.run_id: context.go("runs", run_id), "activity")
        yield Found(row.id, f"{row.tool}: {row.title}", f"{row.agent} · {row.id}", "shield-check", "", (go, run))


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.approvals.page import ApprovalsPage

    return ApprovalsPage(context)


PAGE = PageSpec(
    id="approvals",
    title="Approvals",
    icon="shield-check",
    group="Operate",
    key="P",
    order=2,
    build=_build,
    start=_start,
    find=_find,
    verbs=VERBS,
    permission="approvals.view",
    is_turn=True,
)
