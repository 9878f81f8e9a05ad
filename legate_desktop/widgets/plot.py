"""Plots by our own painter, each with its table: bars that stack, and lines. The same figures, looked at or read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from legate_desktop.theme.look import colour, font, look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption
from legate_desktop.words import number, one_line, tr

# Amber is a person's turn, so no series is amber. The table and the tip say in words what the ink says.
SERIES_INKS = ("blue", "violet", "green", "red", "text3")
_PLOT_PX, _AXIS_PX, _TOP_PX, _LEGEND_PX = 132, 20, 8, 20


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures, one for each category, with how they are written."""

    name: str
    values: tuple[float, ...]
    written: Callable[[float], str] = lambda value: number(round(value))


@dataclass(frozen=True, slots=True)
class PlotData:
    """Categories along the bottom and one or more series over them; `long` are the categories as the table names them."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]
    long: tuple[str, ...] = ()
    is_line: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.series for value in series.values)

    def sentence(self) -> str:
        """What it says, for who cannot see it: each series with its sum or its last figure, and its largest."""
        parts = [self._of(series) for series in self.series if series.values]
        return "; ".join(parts) or tr("Nothing yet")

    def _of(self, series: Series) -> str:
        largest = max(range(len(series.values)), key=lambda at: series.values[at])
        names = self.long or self.categories
        text = tr("{series}: most on {category}, {value}")
        written = series.written(series.values[largest])
        return text.format(series=one_line(series.name), category=names[largest], value=written)


class PlotArea(QWidget):
    """Paints the figures; a tip says the ones under the mouse."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = PlotData((), ())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        look.changed.connect(self.updateGeometry)

    def show_data(self, data: PlotData) -> None:
        """Show these figures."""
        self.data = data
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        legend = _LEGEND_PX if len(self.data.series) > 1 else 0
        return QSize(240, look.px(_PLOT_PX + _AXIS_PX + legend))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self._room()
        painter.fillRect(QRectF(room.left(), room.bottom(), room.width(), 1), colour("line2"))
        if not self.data.categories or not self.data.series:
            return
        self._paint_scale(painter, room)
        if self.data.is_line:
            self._paint_lines(painter, room)
        else:
            self._paint_bars(painter, room)
        self._paint_categories(painter, room)
        if len(self.data.series) > 1:
            self._paint_legend(painter)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._category_at(event.pos().x())
            if at is not None:
                QToolTip.showText(event.globalPos(), self.tip(at), self)
            return True
        return super().event(event)

    def tip(self, at: int) -> str:
        """The figures of one category, in lines."""
        names = self.data.long or self.data.categories
        lines = [f"{one_line(series.name)}: {series.written(series.values[at])}" for series in self.data.series]
        return "\n".join([names[at], *lines])

    def _room(self) -> QRectF:
        legend = look.px(_LEGEND_PX) if len(self.data.series) > 1 else 0
        return QRectF(0, _TOP_PX, self.width(), self.height() - _TOP_PX - look.px(_AXIS_PX) - legend)

    def _largest(self) -> float:
        if self.data.is_line:
            return max((value for series in self.data.series for value in series.values), default=0.0) or 1.0
        sums = (sum(series.values[at] for series in self.data.series) for at in range(len(self.data.categories)))
        return max(sums, default=0.0) or 1.0

    def _category_at(self, x: float) -> int | None:
        count = len(self.data.categories)
        return min(count - 1, max(0, int(x / max(1, self.width()) * count))) if count else None

    def _paint_scale(self, painter: QPainter, room: QRectF) -> None:
        """One hairline at the largest value, with the value on it."""
        painter.setPen(QPen(colour("line"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(room.left(), room.top() + 14), QPointF(room.right(), room.top() + 14))
        painter.setPen(colour("text3"))
        painter.setFont(font("mono"))
        text = self.data.series[0].written(self._largest())
        painter.drawText(QRectF(room.left(), room.top() - 4, room.width(), 16), Qt.AlignmentFlag.AlignRight, text)

    def _paint_bars(self, painter: QPainter, room: QRectF) -> None:
        count = len(self.data.categories)
        step = room.width() / count
        width = min(48.0, max(3.0, step * 0.62))
        height = room.height() - 14
        largest = self._largest()
        painter.setPen(Qt.PenStyle.NoPen)
        for at in range(count):
            bottom = room.bottom()
            for order, series in enumerate(self.data.series):
                tall = series.values[at] / largest * height
                painter.setBrush(colour(SERIES_INKS[order % len(SERIES_INKS)]))
                box = QRectF(room.left() + step * at + (step - width) / 2, bottom - tall, width, tall)
                painter.drawRect(box)
                # A gap of a pixel parts what is stacked, for who does not see the inks.
                bottom -= tall + (1 if tall else 0)

    def _paint_lines(self, painter: QPainter, room: QRectF) -> None:
        count = len(self.data.categories)
        step = room.width() / count
        height = room.height() - 14
        largest = self._largest()
        for order, series in enumerate(self.data.series):
            ink = colour(SERIES_INKS[order % len(SERIES_INKS)])
            points = [
                QPointF(room.left() + step * (at + 0.5), room.bottom() - value / largest * height)
                for at, value in enumerate(series.values)
            ]
            style = Qt.PenStyle.SolidLine if order == 0 else Qt.PenStyle.DashLine
            painter.setPen(QPen(ink, 1.75, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(points)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            for point in points:
                painter.drawEllipse(point, 2.5, 2.5)

    def _paint_categories(self, painter: QPainter, room: QRectF) -> None:
        face = font("mono")
        painter.setFont(face)
        painter.setPen(colour("text3"))
        count = len(self.data.categories)
        step = room.width() / count
        widest = max(QFontMetricsF(face).horizontalAdvance(name) for name in self.data.categories) + 8
        every = max(1, int(widest // step) + (1 if widest % step else 0)) if widest > step else 1
        for at in range(0, count, every):
            left = room.left() + step * (at + 0.5) - widest / 2
            box = QRectF(max(0.0, min(left, self.width() - widest)), room.bottom() + 3, widest, look.px(_AXIS_PX) - 3)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self.data.categories[at])

    def _paint_legend(self, painter: QPainter) -> None:
        face = font("small")
        painter.setFont(face)
        left, top = 0.0, self.height() - look.px(_LEGEND_PX)
        for order, series in enumerate(self.data.series):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(SERIES_INKS[order % len(SERIES_INKS)]))
            painter.drawRect(QRectF(left, top + 5, 9, 9))
            painter.setPen(colour("text2"))
            width = min(180.0, QFontMetricsF(face).horizontalAdvance(one_line(series.name)) + 4)
            name = QFontMetricsF(face).elidedText(one_line(series.name), Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(left + 14, top, width, look.px(_LEGEND_PX)), Qt.AlignmentFlag.AlignVCenter, name)
            left += width + 30


class FigureTable(QTableWidget):
    """The figures as a table; Ctrl+C copies all of them as tab-separated values."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)

    def show_data(self, data: PlotData) -> None:
        """One row for each category, one column for each series."""
        names = data.long or data.categories
        self.setColumnCount(1 + len(data.series))
        self.setRowCount(len(names))
        self.setHorizontalHeaderLabels(["", *(one_line(series.name) for series in data.series)])
        for at, name in enumerate(names):
            self.setItem(at, 0, QTableWidgetItem(name))
            for column, series in enumerate(data.series, start=1):
                item = QTableWidgetItem(series.written(series.values[at]))
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(at, column, item)

    def as_text(self) -> str:
        """The whole table as tab-separated values, with its head."""
        head = [self.horizontalHeaderItem(at) for at in range(self.columnCount())]
        lines = ["\t".join(item.text() if item is not None else "" for item in head)]
        for row in range(self.rowCount()):
            items = [self.item(row, column) for column in range(self.columnCount())]
            lines.append("\t".join(item.text() if item is not None else "" for item in items))
        return "\n".join(lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.as_text())
            return
        super().keyPressEvent(event)


class PlotCard(QFrame):
    """A plot under its caption, and its table a press away."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.area = PlotArea()
        # Made when it is first wanted: a table is dear, and most people only look.
        self._table: FigureTable | None = None
        self.turn = Button(tr("As a table"), kind="quiet")
        self.turn.fired.connect(self.turn_over)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.area)
        head = QHBoxLayout()
        head.addWidget(Caption(caption), 1)
        head.addWidget(self.turn)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.stack)
        self._caption = caption

    @property
    def table(self) -> FigureTable:
        """The same figures as a table."""
        if self._table is None:
            self._table = FigureTable(self._caption)
            self._table.show_data(self.area.data)
            self.stack.addWidget(self._table)
        return self._table

    def show_data(self, data: PlotData) -> None:
        """Show these figures, in the form that is chosen."""
        self.area.show_data(data)
        if self._table is not None:
            self._table.show_data(data)
        self.area.setAccessibleName(f"{self._caption}: {data.sentence()}")
        self.setAccessibleName(self.area.accessibleName())
        self.stack.setFixedHeight(self.area.sizeHint().height())

    def turn_over(self) -> None:
        """From the plot to its table or back."""
        is_table = self.stack.currentWidget() is self.area
        self.stack.setCurrentWidget(self.table if is_table else self.area)
        self.turn.setText(tr("As a plot") if is_table else tr("As a table"))
        self.turn.setAccessibleName(f"{self._caption}: {self.turn.text()}")
        self.turn.updateGeometry()
