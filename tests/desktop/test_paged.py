"""A million rows are shown by a few thousand held ones, under Qt's own model tester."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from legate_desktop.models import ROW_ROLE
from legate_desktop.paged import BLOCK, MOST_BLOCKS, PagedModel

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
MOST_TESTED = 400


@dataclass(frozen=True)
class Row:
    place: int


class Store:
    """Answers what the model wants when told to, as the core answers in a later turn of the event loop."""

    def __init__(self, model: PagedModel[Row], total: int) -> None:
        self.model, self.total = model, total
        self.wanted: list[int] = []
        self._waiting: list[int] = []
        model.wanted.connect(self._want)

    def settle(self) -> None:
        """Answer everything that is wanted, and whatever is wanted because of that."""
        while self._waiting:
            self.answer(self._waiting.pop(0))

    def answer(self, block: int) -> None:
        if self.model.is_whole:
            last = min(self.total, (block + 1) * BLOCK)
            self.model.put(block, [Row(place) for place in range(block * BLOCK, last)])
        else:
            newest = self.total - 1 - block * BLOCK
            rows = [Row(place) for place in range(newest, max(-1, newest - BLOCK), -1)]
            self.model.put(block, rows, has_more=newest - BLOCK >= 0)

    def forget(self) -> None:
        """Nothing was wanted yet: the tester looks at some rows by itself."""
        for block in self._waiting:
            self.model.forget(block)
        self.wanted.clear()
        self._waiting.clear()

    def _want(self, block: int) -> None:
        self.wanted.append(block)
        self._waiting.append(block)

    def look_at(self, position: int) -> Row | None:
        """The row there, once it has come."""
        self.model.at(position)
        self.settle()
        return self.model.at(position)


def make(total: int) -> tuple[PagedModel[Row], Store]:
    model: PagedModel[Row] = PagedModel(
        ["Place", "Twice"], lambda row, column: str(row.place * (column + 1)), lambda row: f"row {row.place}"
    )
    if total <= MOST_TESTED:
        # It looks at every row, again and again.
        model.tester = QAbstractItemModelTester(model, FATAL)  # type: ignore[attr-defined]  # it lives with its model
    return model, Store(model, total)


def test_any_row_of_a_million_is_reached_and_few_are_held() -> None:
    model, store = make(1_000_000)
    model.set_whole(1_000_000)
    order = random.Random(4)
    for position in [0, 999_999, *(order.randrange(1_000_000) for _ in range(400))]:
        assert store.look_at(position) == Row(999_999 - position)
    assert model.rowCount() == 1_000_000
    assert model.held <= MOST_BLOCKS * BLOCK


def test_a_block_is_asked_for_once_until_it_comes() -> None:
    model, store = make(400)
    model.set_whole(400)
    store.forget()
    for position in (150, 151, 152, 150):
        assert model.at(position) is None
    store.settle()
    assert model.at(150) == Row(249)
    assert store.wanted.count(2) == 1


def test_what_will_not_come_is_asked_for_again() -> None:
    model, store = make(400)
    model.set_whole(400)
    store.forget()
    model.at(0)
    model.forget(3)
    model.at(0)
    assert store.wanted.count(3) == 2


@pytest.mark.parametrize("start", [0, 1, 99, 100, 101, 250])
def test_new_rows_come_on_top_and_the_others_stay(start: int) -> None:
    model, store = make(start)
    model.set_whole(start)
    held = store.look_at(start - 1)
    for step in (1, 3, 120):
        fresh = [Row(place) for place in range(store.total, store.total + step)]
        store.total += step
        model.grow(fresh)
        assert model.rowCount() == store.total
        for position in (0, store.total // 2, store.total - 1):
            assert store.look_at(position) == Row(store.total - 1 - position)
    assert held is None or store.look_at(store.total - 1) == held


def fetch_all(model: PagedModel[Row], store: Store) -> None:
    store.settle()
    while model.canFetchMore(QModelIndex()):
        model.fetchMore(QModelIndex())
        store.settle()


def test_a_search_is_fetched_from_its_end_until_there_is_no_more() -> None:
    model, store = make(253)
    model.set_found()
    fetch_all(model, store)
    assert model.rowCount() == 253
    assert [model.at(position) for position in (0, 100, 252)] == [Row(252), Row(152), Row(0)]
    assert store.wanted == [0, 1, 2]


@pytest.mark.parametrize("total", [0, 1, 99, 100, 200])
def test_a_search_ends_where_its_last_page_does(total: int) -> None:
    model, store = make(total)
    model.set_found()
    fetch_all(model, store)
    assert (model.rowCount(), model.canFetchMore(QModelIndex())) == (total, False)
    assert len(store.wanted) == max(1, total // BLOCK)


def test_pages_of_a_search_that_were_let_go_are_fetched_again() -> None:
    total = (MOST_BLOCKS + 5) * BLOCK
    model, store = make(total)
    model.set_found()
    fetch_all(model, store)
    store.wanted.clear()
    assert store.look_at(0) == Row(total - 1)
    assert store.wanted == [0]
    assert model.rowCount() == total


def test_cells_names_and_sentences() -> None:
    model, store = make(10)
    model.set_whole(10)
    store.look_at(0)
    assert model.index(0, 1).data() == "18"
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "row 9"
    assert model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "18"
    assert model.index(0, 0).data(ROW_ROLE) == Row(9)
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Twice"
    model.rename(["Platz", "Doppelt"])
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Platz"
    assert [position for position, _ in sorted(model.loaded())] == list(range(10))
