"""Short facts in two columns, names at the left, aligned: reach, undo, expiry, cost; uses and end of a rule."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QGridLayout

from legate_desktop.theme.look import font
from legate_desktop.widgets.labels import Label, OutsideText


def facts_grid(facts: Sequence[tuple[str, str]]) -> tuple[QGridLayout, dict[str, OutsideText]]:
    """Names as wide as the widest; values whole, in mono, selectable, and by name for those that change with time."""
    values: dict[str, OutsideText] = {}
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    width = max(QFontMetricsF(font("body")).horizontalAdvance(name) for name, _ in facts)
    for at, (name, value) in enumerate(facts):
        label = Label(name, "body", tone="quiet")
        label.setMinimumWidth(round(width) + 1)
        grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
        values[name] = OutsideText(value, "mono", name=name)
        grid.addWidget(values[name], at, 1)
    return grid, values
