"""The one window: sidebar, pages, toasts; goes from page to page by key and keeps each page as it was left."""

from __future__ import annotations

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
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from legate_desktop.notice import Notice
from legate_desktop.pages.approvals.page import ApprovalsPage
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.runs.page import RunsPage
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.practice import Practice
from legate_desktop.shell.sidebar import PLACES, Sidebar
from legate_desktop.theme import tokens
from legate_desktop.theme.look import font, look
from legate_desktop.theme.style import palette, style_sheet
from legate_desktop.widgets.toast import Toast, Toasts
from legate_desktop.words import plural, tr


class Window(QMainWindow):
    """`painted` comes once, after the first paint: what may wait is started from it."""

    painted = Signal()
    closing = Signal()

    def __init__(self, approvals: ApprovalsState, runs: RunsState, practice: Practice, workspace: str) -> None:
        super().__init__()
        self._is_painted = False
        self._undo_toast: Toast | None = None
        self.setWindowTitle("Legate")
        self.setMinimumSize(*tokens.WINDOW_MIN)
        self.sidebar = Sidebar(workspace)
        self.pages = QStackedWidget()
        self.approvals = ApprovalsPage(approvals, practice, self.say)
        self.runs = RunsPage(runs, practice, self.say)
        self._ids = {"runs": self.runs, "approvals": self.approvals}
        for place in PLACES:
            self.pages.addWidget(self._ids[place.id])
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(self.pages, 1)
        self.setCentralWidget(body)
        self.toasts = Toasts(body, self.approvals.answers)
        self.toasts.said.connect(self.announce)
        practice.noticed.connect(self.say)
        self.sidebar.chosen.connect(self.go)
        self.approvals.open_run.connect(self.open_run)
        approvals.undo_changed.connect(self._on_undo)
        approvals.counts_changed.connect(self._show_waiting)
        runs.counts_changed.connect(self._show_running)
        look.changed.connect(self._dress)
        self._keys()
        self.say_engine(tr("Engine starts…"), "text3")
        self.go("approvals")

    def go(self, page_id: str) -> None:
        """Show a page."""
        self.pages.setCurrentWidget(self._ids[page_id])
        self.sidebar.choose(page_id)
        self._ids[page_id].take_focus()

    def open_run(self, run_id: str) -> None:
        """Show a run in its log."""
        self.runs.state.select(run_id)
        self.go("runs")

    def say(self, notice: Notice) -> None:
        """Show a notice as a toast."""
        toast = self.toasts.add(
            notice.text,
            action_text=tr("Undo") if notice.may_undo else "",
            action_key="Z" if notice.may_undo else "",
            run=self.approvals.state.undo if notice.may_undo else None,
            is_error=notice.is_error,
            lasts_ms=notice.lasts_ms,
        )
        if notice.may_undo:
            self._undo_toast = toast

    def _on_undo(self) -> None:
        """What cannot be undone any more offers it no longer, and only the last answer can be."""
        if self._undo_toast is not None and self._undo_toast in self.toasts.toasts():
            self._undo_toast.close_now()
        self._undo_toast = None

    def say_engine(self, words: str, ink: str) -> None:
        """The foot of the sidebar."""
        self.sidebar.engine.say(words, ink)

    def _show_waiting(self) -> None:
        count = self.approvals.state.waiting_count
        if count > self.sidebar.places["approvals"].count:
            self.announce(plural("Waiting for you: %n approval(s)", count))
        self.sidebar.set_count("approvals", count)

    def announce(self, text: str) -> None:
        """Say it to who cannot see the window, in its turn and without moving the focus."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _show_running(self) -> None:
        running = self.runs.state.running_count
        self.sidebar.set_count("runs", running)
        self.say_engine(f"{tr('Local engine')} · {plural('%n running', running)}", "green")

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

    def _keys(self) -> None:
        for at, place in enumerate(PLACES, start=1):
            for key in (f"Ctrl+{at}", f"G, {place.key}"):
                QShortcut(QKeySequence(key), self, lambda page_id=place.id: self.go(page_id))
        QShortcut(QKeySequence("Ctrl+Q"), self, self.close)

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
