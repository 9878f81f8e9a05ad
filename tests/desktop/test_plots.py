"""Plots and their tables say the same, and nothing depends on seeing them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop.theme.look import look
from legate_desktop.widgets.plot import FigureTable, PlotArea, PlotCard, PlotData, Series

DATA = PlotData(
    ("1 Nov", "2 Nov", "3 Nov"),
    (Series("Asked", (2.0, 0.0, 5.0)), Series("Told", (1.0, 4.0, 0.0))),
    ("Sunday, 1 November", "Monday, 2 November", "Tuesday, 3 November"),
)


def test_a_plot_says_in_a_sentence_what_it_shows() -> None:
    assert DATA.sentence() == "Asked: most on Tuesday, 3 November, 5; Told: most on Monday, 2 November, 4"
    assert PlotData((), ()).sentence() == "Nothing yet"
    assert PlotData(("a",), (Series("x", (0.0,)),)).is_empty


def test_the_table_holds_every_figure_and_is_copied_whole(app: QApplication, qtbot: QtBot) -> None:
    card = PlotCard("Questions per day")
    qtbot.addWidget(card)
    card.show_data(DATA)
    card.turn.fired.emit()
    assert card.stack.currentWidget() is card.table
    qtbot.keyClick(card.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().splitlines() == [
        "\tAsked\tTold",
        "Sunday, 1 November\t2\t1",
        "Monday, 2 November\t0\t4",
        "Tuesday, 3 November\t5\t0",
    ]
    card.turn.fired.emit()
    assert card.stack.currentWidget() is card.area
    assert card.area.accessibleName().startswith("Questions per day: Asked: most on")


@pytest.mark.parametrize("is_line", [False, True])
def test_the_tallest_figure_is_drawn_tallest(app: QApplication, qtbot: QtBot, is_line: bool) -> None:
    area = PlotArea()
    qtbot.addWidget(area)
    area.show_data(PlotData(("a", "b"), (Series("x", (1.0, 4.0)),), is_line=is_line))
    area.resize(200, 160)
    image = area.grab().toImage()
    ink = QColor(look.theme.blue)

    def height(column: range) -> int:
        rows = [y for y in range(image.height()) for x in column if image.pixelColor(x, y) == ink]
        return max(rows) - min(rows) if rows else 0

    if is_line:
        tops = [
            min(y for y in range(image.height()) for x in column if image.pixelColor(x, y) == ink)
            for column in (range(46, 55), range(146, 155))
        ]
        assert tops[1] < tops[0]
    else:
        assert height(range(30, 70)) * 3 < height(range(130, 170))
    assert area.tip(1) == "b\nx: 4"


def test_a_plot_of_nothing_paints_without_a_fault(app: QApplication, qtbot: QtBot) -> None:
    for data in (PlotData((), ()), PlotData(("a",), (Series("x", (0.0,)),)), PlotData(("a",), ())):
        area = PlotArea()
        qtbot.addWidget(area)
        area.show_data(data)
        area.resize(100, 100)
        assert not area.grab().isNull()
        table = FigureTable("t")
        qtbot.addWidget(table)
        table.show_data(data)
        assert table.as_text().count("\n") == len(data.categories)
