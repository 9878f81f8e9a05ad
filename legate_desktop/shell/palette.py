"""The palette: everything that can be found or done, by typing. It lies over the window and never leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowDelegate, RowList, line, right_text
from legate_desktop.models import ROW_ROLE, LiveModel
from legate_desktop.shell.finding import Deed, Finder, Found
from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.widgets.labels import Label
from legate_desktop.words import one_line, tr

WIDTH_PX, ROW_PX, MOST_ROWS, TOP_PX = 640, 40, 9, 72


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the palette: a result, or one deed of the result that Tab was pressed on."""

    id: str
    title: str
    detail: str
    icon: str
    key: str
    why_not: str = ""


def line_sentence(row: Line) -> str:
    """A row's accessible name."""
    return one_line(", ".join(part for part in (row.title, row.why_not or row.detail, row.key) if part))


class LineDelegate(RowDelegate):
    """Icon, name, where it is, and its key at the right."""

    row_px = ROW_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Line):
            return
        ink = "text3" if row.why_not else "text"
        side = look.px(tokens.ICON_PX)
        if row.icon:
            at = QPointF(box.left(), box.top() + (box.height() - side) / 2)
            painter.drawPixmap(at, pixmap(row.icon, "text3", side, ratio))
        room = QRectF(box.left() + side + 12, box.top(), box.width() - side - 12, box.height())
        taken = right_text(painter, room, row.key, "text3") + 16 if row.key else 0.0
        width = room.width() - taken
        used = line(painter, room.topLeft(), width, room.height(), one_line(row.title), font("body"), ink)
        detail = row.why_not or row.detail
        if detail and width - used > look.px(60):
            at = room.topLeft() + QPointF(used + 12, 0)
            line(painter, at, width - used - 12, room.height(), one_line(detail), font("small"), "text3")


class Palette(QWidget):
    """Fills `over` without hiding it; a click beside the box, Esc, or whatever takes the focus away closes it."""

    closed = Signal()
    spoke = Signal(str)

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._finder = Finder([])
        self._shown: list[Found] = []
        self._chosen: Found | None = None
        self._text = ""
        self._left_focus: QWidget | None = None
        self._build()
        over.installEventFilter(self)
        self.hide()

    def open_on(self, everything: Iterable[Found], text: str = "") -> None:
        """Show it with the cursor in its field."""
        self._left_focus = QApplication.focusWidget()
        self._finder, self._chosen = Finder(everything), None
        self._write(text)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        # What was given is gone on with, not overwritten by the first letter.
        self.field.deselect()
        self._speak()

    def close_now(self, *, gives_focus_back: bool = True) -> None:
        """Take it away; the focus goes back to where it was, unless what was done put it elsewhere."""
        if self.isHidden():
            return
        self.hide()
        if gives_focus_back and self._left_focus is not None and self._left_focus.isVisible():
            self._left_focus.setFocus(Qt.FocusReason.PopupFocusReason)
        self._left_focus = None
        self.closed.emit()

    @property
    def rows(self) -> list[Line]:
        """What is listed now."""
        return list(self.model.rows)

    # Building.

    def _build(self) -> None:
        self.box = QFrame(self)
        self.box.setObjectName("palette")
        self.field = QLineEdit()
        self.field.setObjectName("paletteField")
        self.field.setFont(font("body"))
        self.field.setAccessibleName(tr("Find or do anything"))
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.of = Label("", "caption")
        self.of.setContentsMargins(20, 4, 20, 4)
        self.model: LiveModel[Line] = LiveModel(line_sentence)
        self.list = RowList(LineDelegate(), tr("Results"))
        self.list.setModel(self.model)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda _index: self._do())
        self.list.selectionModel().currentRowChanged.connect(lambda _now, _before: self._speak())
        self.hint = Label("", "small", tone="quiet")
        self.hint.setContentsMargins(20, 6, 20, 8)
        column = QVBoxLayout(self.box)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for widget in (self.field, self.of, self.list, self.hint):
            column.addWidget(widget)
        look.changed.connect(self._dress)

    def _dress(self) -> None:
        self.field.setFont(font("body"))

    def _fit(self) -> None:
        self.setGeometry(self._over.rect())
        width = min(WIDTH_PX, self.width() - 48)
        room = self.height() - TOP_PX - 24 - look.px(96)
        rows = max(1, min(MOST_ROWS, len(self.model.rows), room // max(1, look.row_px(ROW_PX))))
        self.list.setFixedHeight(rows * look.row_px(ROW_PX) + 2 if self.model.rows else 0)
        self.box.setFixedWidth(width)
        self.box.adjustSize()
        self.box.move((self.width() - width) // 2, min(TOP_PX, self.height() // 8))

    # What happens.

    def _find(self, _text: str = "") -> None:
        text = self.field.text()
        if self._chosen is not None:
            rows = self._deed_rows(self._chosen, text)
        else:
            self._shown = self._finder.find(text)
            rows = [_result_row(found) for found in self._shown]
        self.model.set_rows(rows)
        self._say_where()
        self._fit()
        self._choose(0)

    def _deed_rows(self, found: Found, text: str) -> list[Line]:
        word = text.casefold().strip()
        deeds = [(at, deed) for at, deed in enumerate(found.deeds) if word in deed.name.casefold()]
        return [Line(str(at), deed.name, "", deed.icon, deed.key, deed.why_not) for at, deed in deeds]

    def _say_where(self) -> None:
        chosen = self._chosen
        self.of.setVisible(chosen is not None)
        self.of.setText(one_line(chosen.title) if chosen is not None else "")
        hint = tr("Enter does it · Tab shows what else can be done · Esc closes")
        if chosen is not None:
            hint = tr("Enter does it · Esc goes back")
        self.hint.setText(hint if self.model.rows else tr("Nothing has all of these words."))

    def _choose(self, at: int) -> None:
        count = len(self.model.rows)
        if count:
            self.list.selectRow(at % count)
            self.list.scrollTo(self.model.index(at % count, 0))

    def _speak(self) -> None:
        row = self.model.at(self.list.currentIndex().row())
        if row is not None and self.isVisible():
            self.spoke.emit(line_sentence(row))

    def _current(self) -> tuple[Found, Deed] | None:
        row = self.model.at(self.list.currentIndex().row())
        if row is None:
            return None
        if self._chosen is not None:
            return self._chosen, self._chosen.deeds[int(row.id)]
        found = next(found for found in self._shown if found.id == row.id)
        return (found, found.deeds[0]) if found.deeds else None

    def _do(self) -> None:
        current = self._current()
        if current is None:
            return
        _found, deed = current
        if deed.why_not:
            self.hint.setText(deed.why_not)
            return
        self.close_now()
        deed.run()

    def _into(self) -> None:
        current = self._current()
        if self._chosen is None and current is not None:
            self._chosen, self._text = current[0], self.field.text()
            self._write("")

    def _out(self) -> None:
        if self._chosen is None:
            self.close_now()
        else:
            self._chosen = None
            self._write(self._text)

    def _write(self, text: str) -> None:
        """Put a text into the field and find it, once, whether it was there already or not."""
        blocked = self.field.blockSignals(True)
        self.field.setText(text)
        self.field.blockSignals(blocked)
        self._find()

    # Qt's side.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            act = self._on_key(event)
            if act is not None:
                act()
                return True
        return False

    def _on_key(self, event: QKeyEvent) -> Callable[[], None] | None:
        at = self.list.currentIndex().row()
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Backspace and not self.field.text() and self._chosen is not None:
            return self._out
        acts: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Down: lambda: self._choose(at + 1),
            Qt.Key.Key_Up: lambda: self._choose(at - 1),
            Qt.Key.Key_Return: self._do,
            Qt.Key.Key_Enter: self._do,
            Qt.Key.Key_Tab: self._into,
            Qt.Key.Key_Backtab: self._out,
            Qt.Key.Key_Escape: self._out,
        }
        return acts.get(key)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.box.geometry().contains(event.position().toPoint()):
            self.close_now()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A hairline shadow under the box; the window behind it stays as it is."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.box.geometry())
        for grow in range(1, 7):
            shade = colour("well")
            painter.setPen(QPen(shade, 1))
            painter.setOpacity(0.22 - grow * 0.03)
            painter.drawRoundedRect(box.adjusted(-grow, -grow + 2, grow, grow + 2), 12 + grow, 12 + grow)


def _result_row(found: Found) -> Line:
    why_not = found.deeds[0].why_not if found.deeds else ""
    return Line(found.id, found.title, found.detail, found.icon, found.key, why_not)
