"""Legate beside its window, put together: tray, notifications, links, files, going on in the background, one window."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QThreadPool, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget

from legate_desktop import log_file as log_files
from legate_desktop.notice import Notice
from legate_desktop.outside import links, requests
from legate_desktop.outside.channels import Channels, TrayChannel
from legate_desktop.outside.choices import Choices, default_file
from legate_desktop.outside.commands import start_command
from legate_desktop.outside.opener import LinkOpener
from legate_desktop.outside.pausing import Pausing
from legate_desktop.outside.scheme import register_scheme
from legate_desktop.outside.speaker import Speaker
from legate_desktop.outside.state import OutsideState
from legate_desktop.shell.background import Background
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.dropping import Dropping
from legate_desktop.tray.menu import TrayVerbs
from legate_desktop.tray.tray import Tray
from legate_desktop.words import tr

log = logging.getLogger(__name__)


class Presence(QObject):
    """One per process. `show_window` shows the window for the first time or again; `restarting` ends in a new start.

    Nothing here is needed by the window: without a tray, a bus or notifications it is a window and no more.
    """

    restarting = Signal()

    def __init__(
        self,
        window: QMainWindow,
        context: PageContext,
        *,
        may_stay: bool,
        show_window: Callable[[], None],
        choices: Choices | None = None,
        log_file: Path | None = None,
        current_page: Callable[[], Any] = lambda: None,
        open_palette: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(window)
        self.window, self.context = window, context
        self._may_stay = may_stay
        self._show_window, self._open_palette = show_window, open_palette
        self.log_file = log_file
        self.wants_restart = False
        # Practice leaves nothing behind, not even a choice.
        self.choices = context.keep(choices or Choices(default_file() if may_stay else None))
        self.state = context.keep(OutsideState(context.bridge, clock=context.now))
        self.pausing = context.state(Pausing)
        self.links = LinkOpener(context.bridge, context.go, self._say)
        self.background = Background(
            window,
            self.choices,
            may_stay=may_stay,
            has_tray=lambda: self.tray.is_there,
            open_runs=lambda: self.state.open_count,
        )
        self.tray = Tray(self.state, self.pausing, self._verbs())
        tray_channel = TrayChannel(self.tray.message)
        self.tray.message_clicked.connect(tray_channel.on_clicked)
        self.speaker = context.keep(
            Speaker(
                self.state,
                context.bridge,
                Channels(tray_channel),
                self.choices,
                is_in_front=self._is_in_front,
                clock=context.now,
                has_log=log_file is not None,
            )
        )
        self.dropping = Dropping(window, current_page, self.open_link)
        self._bind()

    def begin(self) -> None:
        """The window has painted, or stays away: show the tray, and say who opens links."""
        self.tray.begin()
        if self._may_stay:
            # Practice leaves nothing behind on the desktop. The desktop's tools take their time, so not in this thread.
            QThreadPool.globalInstance().start(register_scheme)

    def bring(self, link: str = "", token: str = "") -> None:
        """Bring the window to the front; with a link, open what it names. Decides nothing."""
        if token:
            # Wayland lets a window come to the front only with what the launcher gave to whoever asks.
            os.environ["XDG_ACTIVATION_TOKEN"] = token
        if not self.window.isVisible():
            self._show_window()
        if self.window.isMinimized():
            self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.raise_()
        self.window.activateWindow()
        if link:
            self.open_link(link)

    def open_link(self, link: str) -> None:
        """Open what a link names, now or when the engine is there."""
        self.context.when_open(lambda: self.links.open(link))

    def restart(self) -> None:
        """End, and start anew with the same options."""
        self.wants_restart = True
        self.restarting.emit()
        self.background.end()

    def show_log(self) -> None:
        """Open the log; where nothing here reads it, the window says where it is."""
        if self.log_file is not None and not log_files.show(self.log_file):
            self.bring()
            self._say(tr("The log is in {path}").format(path=self.log_file))

    def end(self, status: int) -> int:
        """The process ends, or becomes a new start of itself where one was asked for."""
        if self.wants_restart:
            command = start_command(*sys.argv[1:])
            os.execv(command[0], command)
        return status

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.window and event.type() == QEvent.Type.WindowActivate:
            self.speaker.seen()
        # How macOS hands over a link.
        if isinstance(event, QFileOpenEvent) and links.is_link(event.url().toString()):
            self.bring(event.url().toString())
            return True
        return super().eventFilter(watched, event)

    def _bind(self) -> None:
        context, speaker, tray = self.context, self.speaker, self.tray
        context.when_open(self.state.open)
        context.went.connect(self.state.engine_went)
        context.came.connect(self.state.engine_came)
        context.prefs.changed.connect(lambda name: tray.say_anew() if name == "language" else None)
        tray.clicked.connect(self.bring)
        speaker.open_window.connect(self.bring)
        speaker.open_inbox.connect(lambda: self._go("approvals"))
        speaker.open_question.connect(lambda key: self._go("approvals", key))
        speaker.open_run.connect(lambda key: self._go("runs", key))
        speaker.open_audit.connect(lambda: self._go("audit"))
        speaker.open_log.connect(self.show_log)
        speaker.restart.connect(self.restart)
        self.background.stayed.connect(speaker.say_background)
        self.background.ending.connect(speaker.withdraw_all)
        self.background.ending.connect(tray.end)
        self.window.installEventFilter(self)
        app = QApplication.instance()
        if app is not None and sys.platform == "darwin":
            # Only there, for it sees every event of the whole process.
            app.installEventFilter(self)

    def _verbs(self) -> TrayVerbs:
        send, failed = self.context.bridge.send, self._failed
        return TrayVerbs(
            open_window=self.bring,
            open_inbox=lambda: self._go("approvals"),
            open_question=lambda key: self._go("approvals", key),
            open_run=lambda key: self._go("runs", key),
            stop_run=lambda key: send(requests.cancel(key), lambda _answer: None, failed),
            run=self._ask_what_to_run,
            pause=self.pausing.pause,
            resume=self.pausing.resume,
            # The page's own lock: it knows whether a passphrase could open it again, and says what it did.
            lock_vault=self.context.lock_wanted.emit,
            quit=self.background.ask_to_end,
        )

    def _go(self, page_id: str, object_id: str = "") -> None:
        self.bring()
        self.context.go(page_id, object_id)

    def _ask_what_to_run(self) -> None:
        self.bring()
        self._open_palette()

    def _is_in_front(self) -> bool:
        """Whether the person looks at the window, or at a dialog over it."""
        active: QWidget | None = QApplication.activeWindow()
        while isinstance(active, QDialog) and (below := active.parentWidget()) is not None:
            active = below.window()
        return active is self.window and self.window.isVisible() and not self.window.isMinimized()

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self.context.say(Notice(text, is_error=is_error))

    def _failed(self, message: str, _is_away: bool) -> None:
        self._say(message, is_error=True)
