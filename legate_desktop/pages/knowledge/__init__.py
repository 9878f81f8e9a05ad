"""Knowledge: what agents may look things up in, how it is read, and what they would find."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from legate_desktop.pages.knowledge.asking import AskState
from legate_desktop.pages.knowledge.opened import OpenedState
from legate_desktop.pages.knowledge.state import KnowledgeState
from legate_desktop.pages.knowledge.verbs import VERBS
from legate_desktop.pages.knowledge.view import base_words
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.words import tr

if TYPE_CHECKING:
    from legate_desktop.widgets.page_title import Page


def _start(context: PageContext) -> None:
    # A core elsewhere has no data folder here, and is sent the bytes of files instead of their paths.
    state = context.keep(KnowledgeState(context.bridge, wall_clock=context.now, is_far=lambda: context.home is None))
    context.keep(AskState(context.bridge))
    context.keep(OpenedState(context.bridge))
    state.noticed.connect(context.say)
    context.opened.connect(state.open)
    app = QCoreApplication.instance()
    if app is not None:
        app.aboutToQuit.connect(state.finish)


def _find(context: PageContext) -> Iterable[Found]:
    for base in context.state(KnowledgeState).bases:
        go = Deed(tr("Open the knowledge base"), lambda base_id=base.id: context.go("knowledge", base_id), "book-open")
        yield Found(base.id, base.name, f"{base_words(base)} · {base.id}", "book-open", "", (go,), is_object=True)


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.knowledge.page import KnowledgePage

    return KnowledgePage(context)


PAGE = PageSpec(
    id="knowledge",
    title="Knowledge",
    icon="book-open",
    group="Build",
    key="K",
    order=3,
    build=_build,
    start=_start,
    find=_find,
    verbs=VERBS,
    permission="kb.search",
)
