"""A row is chosen by the page itself, which then is not told of its own choice as if a person had made it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QItemSelectionModel, QModelIndex
from PySide6.QtWidgets import QAbstractItemView

_WHOLE_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


@contextmanager
def unheard(view: QAbstractItemView) -> Iterator[None]:
    """What becomes of the selection in here is told to nobody."""
    selection = view.selectionModel()
    blocked = selection.blockSignals(True)
    try:
        yield
    finally:
        selection.blockSignals(blocked)


def choose_row(view: QAbstractItemView, row: int, *, scrolls: bool = True) -> None:
    """Select exactly this row and bring it into sight, unless it is the chosen one already; below 0 select none.

    A view that `scrolls` not stays where the person has scrolled it to.
    """
    selection = view.selectionModel()
    with unheard(view):
        if row < 0:
            # The current row goes too: a click on it must count as a choice again.
            selection.clear()
        elif row != view.currentIndex().row() or not selection.isRowSelected(row, QModelIndex()):
            index = view.model().index(row, 0)
            selection.setCurrentIndex(index, _WHOLE_ROW)
            if scrolls:
                view.scrollTo(index)
    # The view did not hear of it either.
    view.viewport().update()
