"""Models: where they come from, what each can do and costs, how fast it was here; and the limits on money."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from legate_desktop.pages.models.limits_state import LimitsState
from legate_desktop.pages.models.state import ModelsState
from legate_desktop.pages.models.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.words import tr

if TYPE_CHECKING:
    from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    places = context.keep(ModelsState(context.bridge, wall_clock=context.now))
    limits = context.keep(LimitsState(context.bridge, wall_clock=context.now))
    for state in (places, limits):
        state.noticed.connect(context.say)
    # Money that runs out is told also where nobody ever opened this page.
    context.opened.connect(limits.open)


def _find(context: PageContext) -> Iterable[Found]:
    for place in context.state(ModelsState).places:
        go = Deed(tr("Show"), lambda place_id=place.id: context.go("models", place_id), "cpu")
        yield Found(place.id, place.who, place.address, "cpu", "", (go,), is_object=True)


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.models.page import ModelsPage

    return ModelsPage(context)


PAGE = PageSpec(
    id="models",
    title="Models",
    icon="cpu",
    group="Build",
    key="M",
    order=5,
    build=_build,
    start=_start,
    find=_find,
    verbs=VERBS,
    permission="definitions.view",
)
