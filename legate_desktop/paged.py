"""Long histories for Qt's tables: a million rows of which only the blocks around the eye are held.

`PagedModel` knows how many rows there are and keeps a few blocks of them; who shows it is asked for the rest by `wanted`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from legate_desktop.models import ROW_ROLE

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex

BLOCK = 100
MOST_BLOCKS = 40


class PagedModel(QAbstractTableModel, Generic[T]):
    """Rows, the newest first, in one of two ways.

    *Whole*: how many there are is known (`set_whole`), any of them can be looked at, and new ones come on top (`grow`).
    *Found*: what a search has found so far (`set_found`); more is fetched from the end as the view gets there.

    `wanted` asks for a block by its number. Of a whole, block n has the rows with the places n·100 … n·100+99 counted from
    the oldest, so that a block stays the same when new rows come; of a search it is the n-th page. `put` answers.
    """

    wanted = Signal(int)

    def __init__(self, columns: Sequence[str], cell: Callable[[T, int], str], sentence: Callable[[T], str]) -> None:
        super().__init__()
        self._columns = list(columns)
        self._cell = cell
        self._sentence = sentence
        self._count = 0
        self._is_whole = True
        self._has_more = False
        self._blocks: OrderedDict[int, list[T]] = OrderedDict()
        self._asked: set[int] = set()

    # What is held.

    @property
    def count(self) -> int:
        """How many rows are shown."""
        return self._count

    @property
    def is_whole(self) -> bool:
        """Whether all of them can be looked at, rather than what a search has found so far."""
        return self._is_whole

    @property
    def held(self) -> int:
        """How many rows are in memory."""
        return sum(len(block) for block in self._blocks.values())

    def at(self, position: int) -> T | None:
        """The row there if it is held; otherwise it is asked for, once."""
        if not 0 <= position < self._count:
            return None
        block, offset = self._place(position)
        rows = self._blocks.get(block)
        if rows is None:
            self._ask(block)
            return None
        self._blocks.move_to_end(block)
        return rows[offset] if offset < len(rows) else None

    def loaded(self) -> list[tuple[int, T]]:
        """The rows that are held, with their positions."""
        return [
            (position, row)
            for block, rows in self._blocks.items()
            for offset, row in enumerate(rows)
            if 0 <= (position := self._position(block, offset)) < self._count
        ]

    # What changes it.

    def set_whole(self, count: int) -> None:
        """Show this many rows, none of them held yet."""
        self._reset(count, is_whole=True, has_more=False)

    def set_found(self) -> None:
        """Show what a search finds, beginning with its first page."""
        self._reset(0, is_whole=False, has_more=True)
        self.fetchMore(QModelIndex())

    def put(self, block: int, rows: Sequence[T], *, has_more: bool = False) -> None:
        """The rows of a block: oldest first of a whole, newest first of a search."""
        if self._is_whole:
            self._hold(block, list(rows))
            self._changed(block, len(rows))
            return
        end = block * BLOCK + len(rows)
        if end >= self._count:
            # Before anybody is told of the rows, who may ask at once whether there are more.
            self._has_more = has_more
        if end > self._count:
            self.beginInsertRows(QModelIndex(), self._count, end - 1)
            self._count = end
            self._hold(block, list(rows))
            self.endInsertRows()
        else:
            self._hold(block, list(rows))
            self._changed(block, len(rows))

    def grow(self, rows: Sequence[T]) -> None:
        """New rows of a whole, oldest first; they come on top."""
        if not rows or not self._is_whole:
            return
        self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
        for place, row in enumerate(rows, start=self._count):
            block, offset = divmod(place, BLOCK)
            held = self._blocks.get(block)
            if held is None and offset == 0:
                held = self._blocks[block] = []
            # A block that is not held as far as here is asked for when it is looked at.
            if held is not None and len(held) == offset:
                held.append(row)
        self._count += len(rows)
        self._drop()
        self.endInsertRows()

    def forget(self, block: int) -> None:
        """What was asked for will not come; it is asked for again when it is looked at."""
        self._asked.discard(block)

    def refresh(self) -> None:
        """Ask the view to paint again what depends on words or names that changed."""
        if self._count:
            last = self.index(self._count - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DisplayRole])

    def rename(self, columns: Sequence[str]) -> None:
        """Other names for the columns, as in another language."""
        self._columns = list(columns)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    # Qt's side.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        is_name = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self._columns[section] if is_name and 0 <= section < len(self._columns) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _ROLES:
            return None
        row = self.at(index.row())
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._sentence(row) if index.column() == 0 else self._cell(row, index.column())
        return self._cell(row, index.column())

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_whole and self._has_more

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask(self._count // BLOCK)

    # Blocks.

    def _place(self, position: int) -> tuple[int, int]:
        return divmod(self._count - 1 - position if self._is_whole else position, BLOCK)

    def _position(self, block: int, offset: int) -> int:
        place = block * BLOCK + offset
        return self._count - 1 - place if self._is_whole else place

    def _ask(self, block: int) -> None:
        if block not in self._asked:
            self._asked.add(block)
            self.wanted.emit(block)

    def _hold(self, block: int, rows: list[T]) -> None:
        self._asked.discard(block)
        self._blocks[block] = rows
        self._blocks.move_to_end(block)
        self._drop()

    def _drop(self) -> None:
        while len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)

    def _changed(self, block: int, size: int) -> None:
        ends = sorted((self._position(block, 0), self._position(block, max(0, size - 1))))
        first, last = max(0, ends[0]), min(self._count - 1, ends[1])
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    def _reset(self, count: int, *, is_whole: bool, has_more: bool) -> None:
        self.beginResetModel()
        self._count, self._is_whole, self._has_more = count, is_whole, has_more
        self._blocks.clear()
        self._asked.clear()
        self.endResetModel()


_ROLES = frozenset({ROW_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole})
