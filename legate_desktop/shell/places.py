"""Places of pages that are not there yet: each says what will live there, so that the frame is whole from the start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout

from legate_desktop.shell.registry import PageSpec, in_order
from legate_desktop.widgets.notices import EmptyState
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.words import tr


@dataclass(frozen=True, slots=True)
class Place:
    """One place: where it stands, and the sentence on what will live there."""

    id: str
    title: str
    icon: str
    group: str
    key: str
    order: int
    sentence: str

    def spec(self) -> PageSpec:
        """The same as a page."""
        return PageSpec(
            id=self.id,
            title=self.title,
            icon=self.icon,
            group=self.group,
            key=self.key,
            order=self.order,
            build=lambda _context: QuietPage(self),
            is_place=True,
        )


PLACES = (
    Place("workflows", "Workflows", "workflow", "Build", "W", 2, "Steps that run in an order you draw live here."),
    Place("connectors", "Connectors", "plug", "Build", "C", 4, "Mail, calendars and other services are joined here."),
    Place("schedules", "Schedules", "calendar-clock", "Operate", "S", 3, "What runs by itself, and when, stands here."),
    Place("team", "Team", "users", "Govern", "T", 3, "Colleagues and their roles live here, with a team server."),
)


class QuietPage(Page):
    """A title and one sentence."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.setAccessibleName(tr(place.title))
        self.empty = EmptyState(place.icon, tr("Not here yet"), tr(place.sentence))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PageTitle(tr(place.title)))
        column.addWidget(self.empty, 1)


def with_places(found: Iterable[PageSpec]) -> tuple[PageSpec, ...]:
    """The pages that were found, and a quiet place for each that is still to come."""
    return in_order([*found, *(place.spec() for place in PLACES)])
