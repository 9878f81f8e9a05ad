"""A window on the fake core, with seeded data and clocks that stand still until a test moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from legate_desktop import pages
from legate_desktop.pages.approvals.page import ApprovalsPage
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.runs.page import RunsPage
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.practice import Practice
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.places import with_places
from legate_desktop.shell.registry import find_pages
from legate_desktop.shell.window import Window
from legate_desktop.shell.workspaces import workspaces
from legate_desktop.theme.tokens import INERT_MS
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.page_title import Page
from tests.desktop.fake_core import NOW, FakeBridge, practice_bridge

D = TypeVar("D", bound=Dialog)
P = TypeVar("P", bound=Page)
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Clock:
    """Milliseconds that pass only when told to."""

    at: int = 1_000_000

    def __call__(self) -> int:
        return self.at

    def pass_by(self, milliseconds: int) -> None:
        """Let time pass."""
        self.at += milliseconds

    def let_keys_wake(self) -> None:
        """Pass the time in which keys do nothing on a new card."""
        self.pass_by(INERT_MS)


def make_states(bridge: FakeBridge, clock: Clock | None = None) -> tuple[ApprovalsState, RunsState, Practice]:
    """The states of the pages on a fake bridge, by themselves."""
    approvals = ApprovalsState(bridge, clock=clock or Clock(), wall_clock=lambda: NOW)
    return approvals, RunsState(bridge, wall_clock=lambda: NOW), Practice(bridge)


def make_context(bridge: FakeBridge, clock: Clock | None = None) -> PageContext:
    """What pages share, on a fake bridge and clocks that stand still."""
    return PageContext(bridge, Practice(bridge), clock=clock or Clock(), wall_clock=lambda: NOW)


def make_window(
    bridge: FakeBridge | None = None, clock: Clock | None = None, *, is_open: bool = True
) -> tuple[Window, FakeBridge]:
    """A window that is open on its core, or still waits for it."""
    bridge = bridge or practice_bridge()
    context = make_context(bridge, clock)
    window = Window(
        context, with_places(find_pages(pages)), lambda: workspaces(practice=True, server=""), first="approvals"
    )
    if is_open:
        context.engine_opened()
    return window, bridge


def page_of(window: Window, page_id: str, kind: type[P]) -> P:
    """A page by its id, as the class it is."""
    page = window.page(page_id)
    assert isinstance(page, kind)
    return page


class Stage:
    """What a person does at the window: keys, clicks, and what is sent because of them."""

    def __init__(self, qtbot: QtBot, bridge: FakeBridge | None = None, *, is_open: bool = True) -> None:
        self.bot = qtbot
        self.clock = Clock()
        self.window, self.bridge = make_window(bridge, self.clock, is_open=is_open)
        self.context = self.window.context
        self.approvals = page_of(self.window, "approvals", ApprovalsPage)
        self.runs = page_of(self.window, "runs", RunsPage)
        self.state = self.approvals.state

    def show(self, width: int = 1280, height: int = 860) -> None:
        """Show the window and make it the active one, as shortcuts want it."""
        self.window.resize(width, height)
        self.window.show()
        self.come_back()

    def come_back(self) -> None:
        """Give the window the focus, as a window manager does when a dialog has closed."""
        self.window.activateWindow()
        self.bot.waitUntil(lambda: QApplication.activeWindow() is self.window)
        self.approvals.take_focus()

    def choose(self, row_id: str) -> None:
        """Put the cursor on a row and wait until its keys are awake."""
        self.state.select(row_id)
        self.clock.let_keys_wake()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.bot.keyClicks(QApplication.focusWidget(), text)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget."""
        if at is None:
            self.bot.mouseClick(widget, Qt.MouseButton.LeftButton)
        else:
            self.bot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)

    def button(self, verb_id: str) -> Button:
        """A button under the card."""
        return self.approvals.buttons[verb_id]

    def dialog(self, kind: type[D]) -> D:
        """The dialog that is open, given the focus as a window manager would."""
        found = self.dialogs(kind)
        assert len(found) == 1, f"{len(found)} dialogs of kind {kind.__name__} are open"
        found[0].activateWindow()
        self.bot.waitUntil(lambda: QApplication.activeWindow() is found[0])
        return found[0]

    def dialogs(self, kind: type[D]) -> list[D]:
        """All open dialogs of a kind."""
        return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible()]

    def drop(self, row_id: str) -> None:
        """The event of an answer came: the row leaves."""
        self.bridge.drop(row_id)

    @property
    def sent(self) -> list[Any]:
        """The commands that were sent."""
        return self.bridge.sent

    def sent_names(self) -> list[str]:
        """Their names, in order."""
        return [type(command).__name__ for command in self.bridge.sent]

    def shown_ids(self) -> list[str]:
        """The ids of the rows in the list."""
        rows: Sequence[Any] = self.approvals.model.rows
        return [row.id for row in rows]

    def toasts(self) -> list[str]:
        """What the toasts say."""
        return [toast.text.text() for toast in self.window.toasts.toasts()]

    def card_texts(self) -> list[str]:
        """Every text on the card."""
        body = self.approvals.card.widget()
        assert body is not None, "no card is shown"
        labels = [label.text() for label in body.findChildren(QLabel)]
        return labels + [text.toPlainText() for text in body.findChildren(QPlainTextEdit)]
