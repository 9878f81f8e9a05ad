"""Everything that ever happened: listed a million entries deep, searched, verified, exported with its proof."""

from __future__ import annotations

from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.audit.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    state = context.keep(AuditState(context.bridge, clock=context.clock, wall_clock=context.now))
    state.noticed.connect(context.say)
    state.asked_to_verify.connect(lambda: context.prefs.wish("has_verified", True))


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.audit.page import AuditPage

    return AuditPage(context)


PAGE = PageSpec(
    id="audit",
    title="Audit",
    icon="scroll-text",
    group="Govern",
    key="U",
    order=1,
    build=_build,
    start=_start,
    verbs=VERBS,
    permission="audit.view",
)
