"""The agents: what each is for, what it may do, its versions, and a trial of its draft."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from legate_desktop.pages.agents.state import AgentsState
from legate_desktop.pages.agents.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.words import tr

if TYPE_CHECKING:
    from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    state = context.keep(AgentsState(context.bridge, wall_clock=context.now))
    state.noticed.connect(context.say)
    context.opened.connect(state.open)


def _find(context: PageContext) -> Iterable[Found]:
    for row in context.state(AgentsState).agents:
        go = Deed(tr("Open in the builder"), lambda agent_id=row.id: context.go("agents", agent_id), "bot")
        yield Found(row.id, row.name, f"{row.purpose} · {row.id}", "bot", "", (go,), is_object=True)


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.agents.page import AgentsPage

    return AgentsPage(context)


PAGE = PageSpec(
    id="agents",
    title="Agents",
    icon="bot",
    group="Build",
    key="A",
    order=1,
    build=_build,
    start=_start,
    find=_find,
    verbs=VERBS,
    permission="definitions.view",
)
