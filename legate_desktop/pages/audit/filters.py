"""The filters by column: a field for each, and what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QDate, QDateTime, QTime, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.pages.audit.view import Filters
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.words import tr

FIELD_PX = 132


class ColumnFilters(QWidget):
    """`changed` comes whenever what they say changes; a field that says nothing sensible is marked and left out."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self)
        self.fields: dict[str, QLineEdit] = {}
        for name, hint, tip in _fields():
            field = QLineEdit()
            field.setPlaceholderText(hint)
            field.setAccessibleName(hint)
            field.setAccessibleDescription(tip)
            field.setToolTip(tip)
            field.setFixedWidth(FIELD_PX)
            field.setClearButtonEnabled(True)
            field.textChanged.connect(lambda _text: self.changed.emit())
            self.fields[name] = field
            flow.addWidget(field)

    def filters(self, text: str) -> Filters:
        """What they say, with the text that is searched everywhere."""
        digits = self._said("hash").lower()
        is_hash = re.fullmatch(r"[0-9a-f]{0,64}", digits) is not None
        self._mark("hash", is_wrong=not is_hash)
        return Filters(
            text=text.strip(),
            what=self._said("what"),
            who=self._said("who"),
            about=self._said("about"),
            hash=digits if is_hash else "",
            since=self._day("since", 0),
            until=self._day("until", 1),
        )

    def clear(self) -> None:
        """Say nothing any more."""
        for field in self.fields.values():
            field.clear()

    def _said(self, name: str) -> str:
        return self.fields[name].text().strip()

    def _day(self, name: str, more_days: int) -> int:
        text = self._said(name)
        day = QDate.fromString(text, "yyyy-MM-dd")
        self._mark(name, is_wrong=bool(text) and not day.isValid())
        return QDateTime(day.addDays(more_days), QTime(0, 0)).toMSecsSinceEpoch() if day.isValid() else 0

    def _mark(self, name: str, *, is_wrong: bool) -> None:
        field = self.fields[name]
        tips = {at: tip for at, _hint, tip in _fields()}
        field.setToolTip(tr("This is left out: {tip}").format(tip=tips[name]) if is_wrong else tips[name])
        field.setAccessibleDescription(field.toolTip())


def _fields() -> Iterable[tuple[str, str, str]]:
    return (
        ("what", tr("What"), tr("A part of the event's name, such as approval")),
        ("who", tr("Who"), tr("A part of the actor's id, such as engine")),
        ("about", tr("Object"), tr("An id that the entry names")),
        ("hash", tr("Hash"), tr("The first digits of the hash: 0-9 and a-f")),
        ("since", tr("From 2026-11-24"), tr("The first day, written as 2026-11-24")),
        ("until", tr("To 2026-11-24"), tr("The last day, written as 2026-11-24")),
    )
