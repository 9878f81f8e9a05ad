"""What waits, what runs, what failed and what it cost, in one view."""

from __future__ import annotations

from legate_desktop.pages.deck.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.deck.page import DeckPage
    from legate_desktop.pages.deck.state import DeckState

    if not context.has(DeckState):
        context.keep(DeckState(context))
    return DeckPage(context)


PAGE = PageSpec(
    id="deck",
    title="Deck",
    icon="layout-dashboard",
    group="Overview",
    key="D",
    order=1,
    build=_build,
    verbs=VERBS,
    permission="workspace.view",
)
