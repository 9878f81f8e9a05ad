"""A table of short rows: a header that stays, one face per column, columns that go where there is no room, copied as TSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from legate_desktop.theme.look import colour, font, look

ROW_PX = 36
BAR_PX = 3
PAD_PX = 10


class CellDelegate(QStyledItemDelegate):
    """Paints a cell: the ground of its row, and its text in the face and ink of its column."""

    def __init__(self, faces: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._faces = faces

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        box = option.rect  # type: ignore[attr-defined]  # missing in PySide's stubs
        state = option.state  # type: ignore[attr-defined]  # as above
        painter.save()
        painter.setClipRect(box)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen:
            painter.fillRect(box, colour("amber_wash"))
            if index.column() == 0:
                painter.fillRect(box.left(), box.top(), BAR_PX, box.height(), colour("amber"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, colour("deck"))
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, colour("line"))
        text = index.data()
        room = QRectF(box).adjusted(PAD_PX, 0, -PAD_PX, 0)
        role, ink = self._faces[index.column()]
        if text is None:
            # Not here yet: the row's shape, without a shimmer.
            painter.fillRect(QRectF(room.left(), box.center().y() - 4, room.width() * 0.6, 8), colour("line"))
        else:
            face = font(role)
            painter.setFont(face)
            painter.setPen(colour("text" if is_chosen and ink == "text2" else ink))
            shown = QFontMetrics(face).elidedText(str(text), Qt.TextElideMode.ElideRight, round(room.width()))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
            painter.drawText(room, flags, shown)
        painter.restore()


class CellTable(QTableView):
    """`widths` are the columns' at 100 % text, 0 for the ones that share what is left; `leave` goes first when it is narrow."""

    def __init__(
        self,
        faces: Sequence[tuple[str, str]],
        widths: Sequence[int],
        leave: Mapping[int, int],
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._widths, self._leave = list(widths), dict(leave)
        self.is_focus_shown = False
        delegate = CellDelegate(faces)
        delegate.setParent(self)
        self.setItemDelegate(delegate)
        self.setAccessibleName(name)
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setStyleSheet(f"QHeaderView::section {{ padding-left: {PAD_PX}px; }}")
        head.setSectionsClickable(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._dress()
        look.changed.connect(self._dress)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def copy(self) -> None:
        """The chosen row as tab-separated values."""
        at = self.currentIndex()
        if at.isValid():
            cells = [str(at.siblingAtColumn(column).data() or "") for column in range(self.model().columnCount())]
            QGuiApplication.clipboard().setText("\t".join(cells))

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(look.px(ROW_PX))
        self.horizontalHeader().setFont(font("caption"))
        self.horizontalHeader().setFixedHeight(look.px(30))
        self._fit()

    def _fit(self) -> None:
        """Give each column its width, and take away the ones that leave first until the others have room."""
        model = self.model()
        if model is None or model.columnCount() != len(self._widths):
            return
        shown = [look.px(width) for width in self._widths]
        least = look.px(90)
        hidden: set[int] = set()
        leaving = sorted(self._leave, key=lambda column: self._leave[column])
        for column in leaving:
            # The last that could go stays where only the edge of a column would be cut.
            slack = least // 4 if column == leaving[-1] else 0
            needed = sum((width or least) for at, width in enumerate(shown) if at not in hidden)
            if needed <= self.viewport().width() + slack:
                break
            hidden.add(column)
        fixed = sum(width for at, width in enumerate(shown) if width and at not in hidden)
        sharing = [at for at, width in enumerate(shown) if not width and at not in hidden]
        rest = self.viewport().width() - fixed
        share = max(least, rest // max(1, len(sharing)))
        if not sharing and hidden and rest > 0:
            # None of those that share what is left is there: the last one takes it.
            shown[max(at for at in range(len(shown)) if at not in hidden)] += rest
        for at, width in enumerate(shown):
            self.setColumnHidden(at, at in hidden)
            self.setColumnWidth(at, width or share)
