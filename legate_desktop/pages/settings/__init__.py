"""How a person wants the window, and what Legate does outside it; each change acts at once and can be taken back."""

from __future__ import annotations

from legate_desktop.pages.settings.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.settings.page import SettingsPage
    from legate_desktop.pages.settings.state import SettingsState

    if not context.has(SettingsState):
        context.keep(SettingsState(context))
    return SettingsPage(context)


PAGE = PageSpec(
    id="settings",
    title="Settings",
    icon="settings",
    group="Govern",
    key="",
    order=4,
    build=_build,
    verbs=VERBS,
)
