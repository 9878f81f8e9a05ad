"""The one window: sidebar, banner, pages, toasts; goes from page to page and keeps each page as it was left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.notice import Notice
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.registry import PageSpec
from legate_desktop.shell.sidebar import Sidebar
from legate_desktop.theme import tokens
from legate_desktop.theme.look import font, look
from legate_desktop.theme.style import palette, style_sheet
from legate_desktop.widgets.notices import Banner
from legate_desktop.widgets.page_title import Page
from legate_desktop.widgets.toast import Toast, Toasts
from legate_desktop.words import tr


class Window(QMainWindow):
    """`painted` comes once, after the first paint: what may wait is started from it. Pages are built when visited."""

    painted = Signal()
    closing = Signal()
    turned = Signal(str)

    def __init__(self, context: PageContext, specs: Sequence[PageSpec], workspace: str, *, first: str) -> None:
        super().__init__()
        self._is_painted = False
        self._undo_toast: Toast | None = None
        self.context = context
        self.specs = {spec.id: spec for spec in specs}
        self._pages: dict[str, Page] = {}
        self.page_id = ""
        self.setWindowTitle("Legate")
        self.setMinimumSize(*tokens.WINDOW_MIN)
        for spec in specs:
            spec.start(context)
        self._build(specs, workspace)
        self._bind()
        self._keys()
        self.say_engine(tr("Engine starts…"), "text3")
        self.go(first)

    def page(self, page_id: str) -> Page:
        """A page, built now if nobody came here yet."""
        if page_id not in self._pages:
            page = self.specs[page_id].build(self.context)
            self._pages[page_id] = page
            self.pages.addWidget(page)
        return self._pages[page_id]

    def go(self, page_id: str, object_id: str = "") -> None:
        """Show a page, and on it an object."""
        page = self.page(page_id)
        self.page_id = page_id
        self.pages.setCurrentWidget(page)
        self.sidebar.choose(page_id)
        self.toasts.set_foot(page.foot())
        if object_id:
            page.show_place(object_id)
        page.take_focus()
        self.turned.emit(page_id)

    def say(self, notice: Notice) -> None:
        """Show a notice as a toast."""
        toast = self.toasts.add(
            notice.text,
            action_text=tr("Undo") if notice.undo is not None else "",
            action_key="Z" if notice.undo is not None else "",
            run=notice.undo,
            is_error=notice.is_error,
            lasts_ms=notice.lasts_ms,
        )
        if notice.undo is not None:
            self._undo_toast = toast

    def say_engine(self, words: str, ink: str) -> None:
        """The foot of the sidebar."""
        self.sidebar.engine.say(words, ink)

    def announce(self, text: str) -> None:
        """Say it to who cannot see the window, in its turn and without moving the focus."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    # Building.

    def _build(self, specs: Sequence[PageSpec], workspace: str) -> None:
        self.sidebar = Sidebar(specs, workspace)
        self.banner = Banner()
        self.pages = QStackedWidget()
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.banner)
        right.addWidget(self.pages, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        self.setCentralWidget(body)
        self.toasts = Toasts(body)

    def _bind(self) -> None:
        context = self.context
        context.said.connect(self.say)
        context.undo_withdrawn.connect(self._on_undo_withdrawn)
        context.wanted.connect(self.go)
        context.counted.connect(self.sidebar.set_count)
        context.announced.connect(lambda text: self.announce(text))
        context.went.connect(self._on_went)
        context.came.connect(lambda: self.banner.say(""))
        self.toasts.said.connect(lambda text: self.announce(text))
        self.sidebar.chosen.connect(self.go)
        look.changed.connect(self._dress)

    def _on_went(self, words: str) -> None:
        self.say_engine(tr("Engine away"), "red")
        self.banner.say(words)

    def _on_undo_withdrawn(self) -> None:
        """What cannot be undone any more offers it no longer, and only the last answer can be."""
        if self._undo_toast is not None and self._undo_toast in self.toasts.toasts():
            self._undo_toast.close_now()
        self._undo_toast = None

    def _keys(self) -> None:
        for at, spec in enumerate(self.specs.values(), start=1):
            keys = [f"Ctrl+{at}"] if at <= 9 else []  # there are nine of these keys
            keys += [f"G, {spec.key}"] if spec.key else []
            for key in keys:
                QShortcut(QKeySequence(key), self, lambda page_id=spec.id: self.go(page_id))
        QShortcut(QKeySequence("Ctrl+Q"), self, self.close)

    # Qt's side.

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < tokens.SIDEBAR_COLLAPSES_UNDER_PX
        if is_narrow != self.sidebar.is_narrow:
            self.sidebar.set_narrow(is_narrow)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _dress(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            dress(app)
        self.sidebar.set_narrow(self.sidebar.is_narrow)


def dress(app: QApplication) -> None:
    """Give the application the palette and the style sheet of the look in force."""
    app.setFont(font("body"))
    app.setPalette(palette(look.theme))
    app.setStyleSheet(style_sheet(look.theme))
