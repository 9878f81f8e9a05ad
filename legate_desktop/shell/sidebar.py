"""The sidebar: mark, workspace, the pages that exist, look, engine state; icons only under 1,100 px."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from legate_desktop.shell.registry import PageSpec
from legate_desktop.shell.workspaces import TEAM, Workspace
from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.verbs import Verbs, tip_of
from legate_desktop.widgets.icon_button import IconButton
from legate_desktop.widgets.labels import Caption, Label
from legate_desktop.words import counted, tr

PLACE_PX, LEAST_PLACE_PX = 31, 26
"""A page's height, and what it gives way to in a low window before the pages scroll."""


class PlaceButton(QAbstractButton):
    """One page: icon, name, count."""

    def __init__(self, page: PageSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = page
        self.count = 0
        self.is_narrow = False
        self.setText(tr(page.title))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """How many, beside the name."""
        self.count = count
        name = self.text()
        self.setAccessibleName(f"{name}, {count}" if count else name)
        self.setToolTip(f"{self.accessibleName()}   G {self.page.key}" if self.page.key else self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40, look.px(PLACE_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, look.px(LEAST_PLACE_PX))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        is_here = self.isChecked()
        painter.setPen(QPen(colour("amber_text"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
        ground = "amber_wash" if is_here else "raised" if self.underMouse() else ""
        painter.setBrush(colour(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 6, 6)
        side = look.px(tokens.ICON_PX)
        left = (self.width() - side) / 2 if self.is_narrow else 10
        ink = "amber_text" if is_here else "text3"
        at = QPointF(left, (self.height() - side) / 2)
        painter.drawPixmap(at, pixmap(self.page.icon, ink, side, self.devicePixelRatioF()))
        if self.is_narrow:
            self._paint_dot(painter)
            return
        painter.setFont(font("name" if is_here else "body"))
        painter.setPen(colour("text" if is_here else "text2"))
        painter.drawText(box.adjusted(left + side + 11, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.count:
            painter.setFont(font("mono"))
            painter.setPen(colour("amber_text" if self.page.is_turn else "text3"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box.adjusted(0, 0, -8, 0), flags, counted(self.count))

    def _paint_dot(self, painter: QPainter) -> None:
        if self.count and self.page.is_turn:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("amber"))
            painter.drawEllipse(QPointF(self.width() - 10, 9), 3.5, 3.5)


class Mark(QWidget):
    """The mark: a pennant. Amber because this is where you are: in Legate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(look.px(18), look.px(18))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("amber_text"))
        side = self.width()
        top, low = side * 0.08, side * 0.94
        painter.drawPolygon(QPolygonF([QPointF(side / 2, top), QPointF(side, low), QPointF(0, low)]))


class EngineState(QWidget):
    """Foot of the sidebar: a dot and words in mono."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink, self._words, self.is_narrow = "text3", "", False
        self.setMinimumHeight(look.px(24))

    def say(self, words: str, ink: str) -> None:
        """What the engine does now."""
        self._words, self._ink = words, ink
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._ink))
        left = self.width() / 2 if self.is_narrow else 11
        painter.drawEllipse(QPointF(left, self.height() / 2), 3.5, 3.5)
        if not self.is_narrow:
            painter.setFont(font("mono"))
            painter.setPen(colour("text2"))
            room = self.width() - 26
            words = QFontMetrics(font("mono")).elidedText(self._words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(26, 0, room, self.height()), Qt.AlignmentFlag.AlignVCenter, words)


class WorkspaceBox(QAbstractButton):
    """Which workspace this is; pressed, it lists the others. `chosen` carries the id of one."""

    chosen = Signal(str)

    def __init__(self, workspaces: Sequence[Workspace], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_narrow = False
        self._workspaces = workspaces
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        name = workspaces[0].name
        self.setText(name)
        self.setAccessibleName(f"{tr('Workspace')}: {name}")
        self.setToolTip(name)
        self.clicked.connect(self._open)

    def sizeHint(self) -> QSize:
        return QSize(40, look.px(38))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("amber_text" if self.hasFocus() else "line2" if self.underMouse() else "line"), 1))
        painter.setBrush(colour("panel"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        side = look.px(tokens.ICON_PX)
        left = (self.width() - side) / 2 if self.is_narrow else 11
        top = (self.height() - side) / 2
        ratio = self.devicePixelRatioF()
        painter.drawPixmap(QPointF(left, top), pixmap("hard-drive", "amber_text", side, ratio))
        if not self.is_narrow:
            painter.drawPixmap(QPointF(self.width() - side - 8, top), pixmap("chevron-down", "text3", side, ratio))
            painter.setFont(font("name"))
            painter.setPen(colour("text"))
            room = int(self.width() - left - 2 * side - 30)
            name = QFontMetrics(font("name")).elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
            painter.drawText(box.adjusted(left + side + 11, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)

    def _open(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for workspace in self._workspaces:
            action = menu.addAction(workspace.name)
            action.setCheckable(True)
            action.setChecked(workspace is self._workspaces[0])
            action.triggered.connect(lambda _checked=False, found=workspace: self.chosen.emit(found.id))
        menu.addSeparator()
        menu.addAction(tr("Connect to a team server…")).triggered.connect(lambda: self.chosen.emit(TEAM))
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))


class FindButton(QAbstractButton):
    """Looks like a field, opens the palette: where people look for what they cannot find."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_narrow = False
        self._key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setText(tr("Find…"))
        self.setAccessibleName(action.text())
        self.setToolTip(tip_of(action))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action.trigger)

    def sizeHint(self) -> QSize:
        return QSize(40, look.px(30))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(colour("amber_text" if self.hasFocus() else "line2" if self.underMouse() else "line"), 1))
        painter.setBrush(colour("well"))
        painter.drawRoundedRect(box, tokens.RADIUS_FIELD_PX, tokens.RADIUS_FIELD_PX)
        side = look.px(tokens.ICON_PX)
        left = (self.width() - side) / 2 if self.is_narrow else 9
        at = QPointF(left, (self.height() - side) / 2)
        painter.drawPixmap(at, pixmap("search", "text3", side, self.devicePixelRatioF()))
        if not self.is_narrow:
            painter.setPen(colour("text3"))
            painter.setFont(font("small"))
            painter.drawText(box.adjusted(left + side + 8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
            painter.setFont(font("mono"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box.adjusted(0, 0, -9, 0), flags, self._key)


class LookButton(IconButton):
    """Dark or light, in one press."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sun", "", parent=parent)
        look.changed.connect(self._name)
        self._name()

    def _name(self) -> None:
        self.set_icon("sun" if look.theme.is_dark else "moon")
        self.set_name(tr("Use the light look") if look.theme.is_dark else tr("Use the dark look"))


class Sidebar(QWidget):
    """`chosen` carries the id of a page. `verbs` are the window's: back, forward and the palette stand here."""

    chosen = Signal(str)

    def __init__(
        self, pages: Sequence[PageSpec], workspaces: Sequence[Workspace], verbs: Verbs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pages = pages
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.is_narrow = False
        self.mark = Mark()
        self.name = Label("Legate", "mark")
        self.workspace = WorkspaceBox(workspaces)
        self.finder = FindButton(verbs["palette"])
        self.back, self.forward = IconButton("arrow-left", ""), IconButton("arrow-right", "")
        self.back.follow(verbs["back"])
        self.forward.follow(verbs["forward"])
        self.engine = EngineState()
        self.look_button = LookButton()
        self.places: dict[str, PlaceButton] = {}
        self._captions: list[Caption] = []
        self._build()
        self.set_narrow(False)

    def choose(self, page_id: str) -> None:
        """Mark this page as the one shown."""
        self.places[page_id].setChecked(True)
        self._area.ensureWidgetVisible(self.places[page_id])

    def set_count(self, page_id: str, count: int) -> None:
        """The count beside a page."""
        self.places[page_id].set_count(count)

    def set_narrow(self, is_narrow: bool) -> None:
        """Icons only, or all."""
        self.is_narrow = is_narrow
        self.setFixedWidth(look.px(tokens.SIDEBAR_ICONS_PX) if is_narrow else look.px(tokens.SIDEBAR_PX))
        for widget in (self.name, *self._captions):
            widget.setVisible(not is_narrow)
        for widget in (*self.places.values(), self.engine, self.workspace, self.finder):
            widget.is_narrow = is_narrow
            widget.update()
        side = 8 if is_narrow else 12
        self._column.setContentsMargins(side, 16, side, 12)
        self._head.setContentsMargins(0 if is_narrow else 12, 0, 0, 0)
        down, across = QHBoxLayout.Direction.TopToBottom, QHBoxLayout.Direction.LeftToRight
        self._head.setDirection(down if is_narrow else across)
        middle = Qt.AlignmentFlag.AlignHCenter if is_narrow else Qt.AlignmentFlag(0)
        for widget in (self.mark, self.look_button):
            self._head.setAlignment(widget, middle)
        # A bar beside icons would be wider than what it tells; the wheel and the keys scroll all the same.
        off, as_needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self._area.setVerticalScrollBarPolicy(off if is_narrow else as_needed)
        # Narrow, the keys and the mouse's side buttons still go back and forward.
        for widget in (self.back, self.forward):
            widget.setVisible(not is_narrow)

    def _build(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setSpacing(3)
        self._head = QHBoxLayout()
        self._head.setSpacing(10)
        self._head.addWidget(self.mark)
        self._head.addWidget(self.name)
        self._head.addStretch(1)
        self._head.addWidget(self.look_button)
        self._column.addLayout(self._head)
        self._column.addSpacing(8)
        self._column.addWidget(self.workspace)
        ways = QHBoxLayout()
        ways.setContentsMargins(0, 3, 0, 0)
        ways.setSpacing(4)
        for widget in (self.back, self.forward):
            ways.addWidget(widget)
        ways.addWidget(self.finder, 1)
        self._column.addLayout(ways)
        self._column.addWidget(self._build_places(), 1)
        self._column.addWidget(self.engine)

    def _build_places(self) -> QScrollArea:
        """The groups and their pages; they scroll where the window is too low for all of them."""
        places = QWidget()
        places.setObjectName("sidebarPlaces")
        column = QVBoxLayout(places)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        group, buttons = "", QButtonGroup(self)
        for page in self._pages:
            if page.group != group:
                group = page.group
                caption = Caption(tr(group))
                caption.setContentsMargins(14, 8, 0, 2)
                self._captions.append(caption)
                column.addWidget(caption)
            button = PlaceButton(page)
            button.clicked.connect(lambda _checked=False, page=page: self.chosen.emit(page.id))
            buttons.addButton(button)
            self.places[page.id] = button
            column.addWidget(button)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(places)
        self._area = area
        return area
