"""The icon in the tray, for as long as there is a tray. A click opens the window, and nothing here decides."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from legate_desktop.outside.pausing import Pausing
from legate_desktop.outside.state import OutsideState
from legate_desktop.tray.icon import tooltip, tray_icon
from legate_desktop.tray.menu import TrayMenu, TrayVerbs
from legate_desktop.words import plural, tr

log = logging.getLogger(__name__)

LOOK_AGAIN_MS = (1_000, 3_000, 8_000, 20_000)
"""At the start of a session the tray may come after us; after the last look there is none."""

MESSAGE_MS = 10_000
CLICKS = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)


class Tray(QObject):
    """One per process. `clicked` is a click on the icon, `message_clicked` one on a message it showed."""

    clicked = Signal()
    message_clicked = Signal()
    came = Signal()

    def __init__(self, state: OutsideState, pausing: Pausing, verbs: TrayVerbs) -> None:
        super().__init__()
        self._state, self._pausing = state, pausing
        self._looks = iter(LOOK_AGAIN_MS)
        self._shown: tuple[int, bool, bool] | None = None
        self.menu = TrayMenu(state, pausing, verbs)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(self.message_clicked)
        state.changed.connect(self.settle)
        pausing.changed.connect(self.settle)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(lambda _scheme: self.settle())
        self.settle()

    @property
    def is_there(self) -> bool:
        """Whether the person sees the icon."""
        return self.icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable()

    def begin(self) -> None:
        """Show the icon, now or when the tray comes."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon.show()
            self.came.emit()
            return
        pause = next(self._looks, None)
        if pause is not None:
            QTimer.singleShot(pause, self, self.begin)

    def end(self) -> None:
        """Take the icon away."""
        self.icon.hide()

    def message(self, title: str, text: str) -> None:
        """Show a message, where nothing better shows notifications."""
        if self.is_there:
            self.icon.showMessage(title, text, self.icon.icon(), MESSAGE_MS)
        else:
            log.info("no tray and no notifications: %s", title)

    def say_anew(self) -> None:
        """Say everything in the language of this moment, which is another one now."""
        self.menu.settle()
        self.settle()

    def settle(self) -> None:
        """Show what is so now; a picture that would be the same is not made again."""
        waiting = len(self._state.due)
        is_dark = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
        now = (waiting, bool(self._state.away), is_dark)
        if now != self._shown:
            self._shown = now
            self.icon.setIcon(tray_icon(waiting, is_away=now[1], is_panel_dark=is_dark))
        is_paused = self._pausing.now.is_paused
        running = tr("all runs are paused") if is_paused else plural("%n running", len(self._state.running))
        away = tr("the engine is away") if self._state.away else ""
        self.icon.setToolTip(tooltip(plural("%n waiting for you", waiting), running, away))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in CLICKS:
            self.clicked.emit()
