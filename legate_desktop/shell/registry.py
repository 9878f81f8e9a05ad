"""What a page is to the window: one `PageSpec` per package under `pages`, found by looking, never listed by hand.

`pages/<name>/__init__.py` exports `PAGE`. It should import nothing heavy: the page itself is imported inside its `build`,
on the first visit, so that a window with many pages starts as fast as one with few.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from legate_desktop.shell.context import PageContext
    from legate_desktop.shell.finding import Found
    from legate_desktop.verbs import Verb
    from legate_desktop.widgets.page_title import Page

GROUPS = ("Overview", "Build", "Operate", "Govern")


def _nothing(_context: PageContext) -> None:
    """A page without a state of its own before it is visited."""


def _nothing_found(_context: PageContext) -> Iterable[Found]:
    """A page without objects."""
    return ()


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page in the sidebar.

    `key` is the letter after G, `order` the place within its group. `start` is called once, before the first paint: it
    makes what must know things while the page was never visited (a count, a notice). `build` is called on the first
    visit. `find` gives the objects that the palette offers, newest first. `torn` builds the view of one object for a
    window of its own. Without `permission` in their role, people do not see the page in the list.
    """

    id: str
    title: str
    icon: str
    group: str
    key: str
    order: int
    build: Callable[[PageContext], Page]
    start: Callable[[PageContext], None] = _nothing
    find: Callable[[PageContext], Iterable[Found]] = _nothing_found
    torn: Callable[[PageContext, str], QWidget] | None = None
    verbs: tuple[Verb, ...] = ()
    permission: str = ""
    is_turn: bool = False
    is_place: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """Where it stands in the sidebar."""
        return GROUPS.index(self.group), self.order


def find_pages(package: ModuleType) -> tuple[PageSpec, ...]:
    """Every page of a package, in the order of the sidebar."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg]
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return in_order(module.PAGE for module in modules if hasattr(module, "PAGE"))


def in_order(specs: Iterable[PageSpec]) -> tuple[PageSpec, ...]:
    """As the sidebar lists them; two pages with one id, or one letter, are a mistake of ours."""
    ordered = tuple(sorted(specs, key=lambda spec: spec.rank))
    for field in ("id", "key"):
        values = [getattr(spec, field) for spec in ordered if getattr(spec, field)]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"Two pages have the {field} {', '.join(twice)}. Give one of them another.")
    return ordered
