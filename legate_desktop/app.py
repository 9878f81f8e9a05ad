"""Starts the desktop: paints the window, then opens the core in its own thread.

python -m legate_desktop.app [--practice] [--home PATH] [--server URL] [--background] [legate://...]
"""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from PySide6.QtCore import QSocketNotifier, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from legate_desktop import log_file, pages
from legate_desktop.first_run.guide import Guide
from legate_desktop.live import Bridge
from legate_desktop.opening import data_folder, opener, who_am_i
from legate_desktop.outside.display import require_display
from legate_desktop.outside.startup import Doorbell, handed_over, link_in
from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.practice import Practice
from legate_desktop.prefs import Prefs, default_file
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.keys_dialog import KeyAsker
from legate_desktop.shell.places import with_places
from legate_desktop.shell.presence import Presence
from legate_desktop.shell.registry import find_pages
from legate_desktop.shell.window import Window, dress
from legate_desktop.shell.workspaces import Workspace, workspaces
from legate_desktop.theme import tokens
from legate_desktop.theme.look import CHOICES, look
from legate_desktop.theme.resources import load_fonts
from legate_desktop.verbs import rights
from legate_desktop.words import plural, tr

log = logging.getLogger(__name__)

GRACE_MS = 10_000
"""How long the end waits for what is still being put away."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `Invalid` instead of leaving, so that the command words it like every problem."""

    def error(self, message: str) -> NoReturn:
        # Only here: the window paints before the core is loaded.
        from legate_core import Invalid

        sentence = message[:1].upper() + message[1:].rstrip(".")
        raise Invalid(f"{sentence}. '{self.prog} --help' shows how it is written.")


def arguments() -> argparse.ArgumentParser:
    """The options of `legate desktop`."""
    parser = Parser(prog="legate desktop", description="Legate in a window.", allow_abbrev=False)
    parser.add_argument("--practice", action="store_true", help="open the practice workspace: no key, no network")
    parser.add_argument("--home", type=Path, help="the data folder (default: the one in the settings)")
    parser.add_argument("--server", default="", help="the address of a core that runs elsewhere")
    parser.add_argument("--look", choices=CHOICES, default="", help="dark, light, or as the system says; not kept")
    parser.add_argument("--background", action="store_true", help="start without showing the window")
    parser.add_argument("links", nargs="*", metavar="LINK", help="a legate:// link to open")
    return parser


class Desktop:
    """The window, what its pages share, and the bridge, tied together."""

    def __init__(
        self, app: QApplication, options: argparse.Namespace, prefs: Prefs | None = None, log_to: Path | None = None
    ) -> None:
        self.app = app
        self._options = options
        self.doorbell = Doorbell()
        self.keys = KeyAsker()
        self.bridge = Bridge(
            opener(
                practice=options.practice,
                home=options.home,
                server=options.server,
                on_show=self.doorbell.rang.emit,
                on_elsewhere=self.doorbell.elsewhere.emit,
                ask_keys=self.keys.ask,
            )
        )
        self.practice = Practice(self.bridge)
        self.context = PageContext(self.bridge, self.practice, prefs=prefs)
        self._is_first_list = True
        self._has_begun = False
        self.window = Window(self.context, with_places(find_pages(pages)), self._known, first="deck")
        self.keys.window = self.window
        self.runs = self.context.state(RunsState)
        self.bridge.ready.connect(self._on_ready)
        self.bridge.away.connect(self.context.engine_went)
        self.bridge.back.connect(self._on_back)
        self.runs.counts_changed.connect(self._on_runs)
        self.window.pausing.changed.connect(self._say_engine)
        self.presence = Presence(
            self.window,
            self.context,
            may_stay=not options.practice,
            show_window=self.show,
            current_page=lambda: self.window.page(self.window.page_id),
            open_palette=self.window.open_palette,
            log_file=log_to,
        )
        self.guide = Guide(self.window, self.context, is_at_home=lambda: self.window.page_id == "deck")
        self.context.state(AuditState).judged.connect(self.window.say_journal)
        self.context.state(AuditState).judged.connect(self.presence.speaker.say_journal)
        self.context.restart_wanted.connect(self.presence.restart)
        self.window.quitting.connect(self.presence.background.ask_to_end)
        self.doorbell.rang.connect(self.presence.bring)
        self.doorbell.elsewhere.connect(self.presence.background.end)
        # A turn of the event loop after the paint, so that the frame is on the screen before the import begins.
        self.window.painted.connect(lambda: QTimer.singleShot(0, self.begin))

    def _known(self) -> tuple[Workspace, ...]:
        return workspaces(practice=self._options.practice, server=self._options.server)

    def begin(self) -> None:
        """The first paint is over, or none is wanted: start the engine, and what stands beside the window. Once."""
        if not self._has_begun:
            self._has_begun = True
            self.presence.begin()
            self.bridge.start()

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
        # Everything imported so far stays for good: looked through again and again, it would stop the window for 80 ms
        # each time.
        gc.freeze()
        if self.bridge.practice is not None:
            self.practice.offer(*self.bridge.practice)
        if not self._options.server:
            self.context.home = data_folder(practice=self._options.practice, home=self._options.home)
        self.context.engine_opened()
        self._ask_rights()
        self._say_engine()

    def _ask_rights(self) -> None:
        self.bridge.ask(who_am_i(), self._on_rights, lambda message, _is_away: log.info("no rights known: %s", message))

    def _on_rights(self, me: Any) -> None:
        """What this person's role may not see is not listed; what it may not do is off, with the reason."""
        rights.take(me.refusals)
        self.window.let_see(frozenset(me.permissions))

    def _on_runs(self) -> None:
        self.practice.runs_are(self.runs.open_count, self.runs.count, is_first=self._is_first_list)
        if self._is_first_list and not self._options.server and not self._options.practice:
            self.guide.greet(is_new=self.runs.count == 0)
        self._is_first_list = False
        self._say_engine()

    def _on_back(self) -> None:
        self.context.engine_came()
        # A server that was away at the start has not said yet; one that came back may say otherwise now.
        self._ask_rights()
        self._say_engine()

    def _say_engine(self) -> None:
        self.window.say_engine(self._engine_words)

    def _engine_words(self) -> tuple[str, str]:
        running = self.runs.running_count
        if self.window.pausing.now.is_paused:
            return f"{tr('Local engine')} · {tr('paused')}", "text3"
        where = tr("Server") if self._options.server else tr("Local engine")
        return (f"{where} · {plural('%n running', running)}" if running else where), "green"


def main(argv: list[str] | None = None) -> int:
    """Run the desktop until its window is closed."""
    options = arguments().parse_args(argv)
    link = link_in(options.links)
    if not options.server and handed_over(options.home, link, practice=options.practice):
        return 0
    require_display()
    # The practice workspace leaves nothing behind, not even a log or a wish.
    log_to = log_file.begin(None if options.practice else log_file.default_file())
    log_file.catch_crashes(log_to)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Legate")
    app.setStyle("Fusion")
    for missing in load_fonts():
        log.warning("the face %s could not be loaded; a system face stands in", missing)
    look.follow_system()
    prefs = Prefs(None if options.practice else default_file())
    prefs.act()
    if options.look:
        look.choose(options.look)
    dress(app)
    desktop = Desktop(app, options, prefs, log_to)
    close_on_signal(desktop.presence.background.end)
    if link:
        desktop.presence.open_link(link)
    if options.background:
        QTimer.singleShot(0, desktop.begin)
    else:
        desktop.show()
    status = app.exec()
    desktop.guide.close()
    desktop.keys.give_up()
    QThreadPool.globalInstance().waitForDone(GRACE_MS)
    if not desktop.bridge.stop():
        log.warning("the engine did not stop in time; what it was doing is recovered at the next start")
        return 1
    return desktop.presence.end(status)


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
