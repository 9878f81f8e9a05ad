"""Starts the desktop: paints the window, then opens the core in its own thread.

python -m legate_desktop.app [--practice] [--home PATH] [--server URL]
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from legate_desktop.live import Bridge
from legate_desktop.opening import opener
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.practice import Practice
from legate_desktop.shell.window import Window, dress
from legate_desktop.theme import tokens
from legate_desktop.theme.look import CHOICES, look
from legate_desktop.theme.resources import load_fonts
from legate_desktop.words import tr

log = logging.getLogger(__name__)


def arguments() -> argparse.ArgumentParser:
    """The options of `legate desktop`."""
    parser = argparse.ArgumentParser(prog="legate desktop", description="Legate in a window.")
    parser.add_argument("--practice", action="store_true", help="open the practice workspace: no key, no network")
    parser.add_argument("--home", type=Path, help="the data folder (default: the one in the settings)")
    parser.add_argument("--server", default="", help="the address of a core that runs elsewhere")
    parser.add_argument("--look", choices=CHOICES, default="system", help="dark, light, or as the system says")
    return parser


class Desktop:
    """The window, its states and the bridge, tied together."""

    def __init__(self, app: QApplication, options: argparse.Namespace) -> None:
        self.app = app
        self.bridge = Bridge(opener(practice=options.practice, home=options.home, server=options.server))
        self.approvals = ApprovalsState(self.bridge)
        self.runs = RunsState(self.bridge)
        self.practice = Practice(self.bridge)
        self._is_first_list = True
        name = tr("Practice workspace") if options.practice else options.server or tr("Personal workspace")
        self.window = Window(self.approvals, self.runs, self.practice, name)
        self.bridge.ready.connect(self._on_ready)
        self.bridge.away.connect(self._on_away)
        self.bridge.back.connect(self._on_back)
        self.runs.counts_changed.connect(self._on_runs)
        # A turn of the event loop after the paint, so that the frame is on the screen before the import begins.
        self.window.painted.connect(lambda: QTimer.singleShot(0, self.bridge.start))

    def show(self) -> None:
        """Show the window at its size, or as large as the screen where that, with a frame around it, is smaller."""
        room = self.app.primaryScreen().availableSize()
        width, height = tokens.WINDOW
        self.window.resize(min(width, room.width()), min(height, room.height()))
        if room.width() > width and room.height() > height + tokens.FRAME_ROOM_PX:
            self.window.show()
        else:
            self.window.showMaximized()

    def _on_ready(self) -> None:
        if self.bridge.practice is not None:
            self.practice.offer(*self.bridge.practice)
        self.approvals.open()
        self.runs.open()
        self.window.say_engine(tr("Local engine"), "green")

    def _on_runs(self) -> None:
        self.practice.runs_are(self.runs.open_count, self.runs.count, is_first=self._is_first_list)
        self._is_first_list = False

    def _on_away(self, words: str) -> None:
        self.window.say_engine(tr("Engine away"), "red")
        self.window.runs.banner.say(words)
        self.approvals.engine_went(words)

    def _on_back(self) -> None:
        self.window.say_engine(tr("Local engine"), "green")
        self.window.runs.banner.say("")
        self.approvals.engine_came()


def main(argv: list[str] | None = None) -> int:
    """Run the desktop until its window is closed."""
    options = arguments().parse_args(argv)
    logging.basicConfig(level=os.environ.get("LEGATE_LOG", "WARNING"), format="%(asctime)s %(name)s: %(message)s")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Legate")
    app.setStyle("Fusion")
    for missing in load_fonts():
        log.warning("the face %s could not be loaded; a system face stands in", missing)
    look.follow_system()
    look.choose(options.look)
    dress(app)
    desktop = Desktop(app, options)
    close_on_signal(desktop.window.close)
    desktop.show()
    status = app.exec()
    if not desktop.bridge.stop():
        log.warning("the engine did not stop in time; what it was doing is recovered at the next start")
        return 1
    return status


def close_on_signal(close: object) -> None:
    """Ctrl+C and SIGTERM close the window. Python's handlers only run in Python code, so a socket wakes Qt."""
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read, QApplication.instance())

    def on_signal() -> None:
        reader.recv(64)
        close()  # type: ignore[operator]  # a bound method

    notifier.activated.connect(on_signal)
    notifier.writer = writer  # type: ignore[attr-defined]  # both ends live as long as the notifier


if __name__ == "__main__":
    raise SystemExit(main())
