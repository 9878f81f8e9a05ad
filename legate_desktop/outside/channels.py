"""What shows notifications: the desktop's own service over the session bus, or the tray where there is no such service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.outside import notes
from legate_desktop.outside.bus import NoBus, SessionBus
from legate_desktop.outside.notes import Note
from legate_desktop.words import tr

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
LOW, NORMAL, CRITICAL = 0, 1, 2
AS_THE_SERVICE_LIKES = -1


class DesktopChannel(QObject):
    """Notifications of the desktop (freedesktop.org). Raises `NoBus` where there is no session bus.

    The service may come late, be restarted, or know no buttons; where it is not there, `fallback` shows the note.
    """

    pressed = Signal(str, str)
    lost = Signal()

    def __init__(self, fallback: Callable[[Note], None] = lambda _note: None, bus: SessionBus | None = None) -> None:
        super().__init__()
        self._bus = bus or SessionBus()
        self._bus.lost.connect(self.lost)
        self._fallback = fallback
        self._ids: dict[str, int] = {}
        self._coming: dict[str, Note] = {}
        self._capabilities: frozenset[str] | None = None
        self._held: list[Note] = []
        self._bus.hear(SERVICE, PATH, SERVICE, "ActionInvoked", self._on_action)
        self._bus.hear(SERVICE, PATH, SERVICE, "NotificationClosed", self._on_closed)

    def show(self, note: Note) -> None:
        """Show it, in the place of one with the same key."""
        if self._capabilities is None:
            self._held.append(note)
            if len(self._held) == 1:
                self._ask_capabilities()
            return
        if note.key in self._coming:
            # The id of the one before is still on its way; the newest goes out when it is there.
            self._coming[note.key] = note
            return
        self._coming[note.key] = note
        self._notify(note)

    def withdraw(self, key: str) -> None:
        """Take it away, where it still stands."""
        self._held = [note for note in self._held if note.key != key]
        if key in self._coming:
            self._coming[key] = Note(key, "", "")
        found = self._ids.pop(key, None)
        if found is not None:
            self._bus.call(SERVICE, PATH, SERVICE, "CloseNotification", "u", (found,))

    def _ask_capabilities(self) -> None:
        def found(body: tuple[Any, ...]) -> None:
            self._capabilities = frozenset(str(name) for name in body[0])
            held, self._held = self._held, []
            for note in held:
                self.show(note)

        def failed(message: str) -> None:
            log.info("no notification service: %s", message)
            held, self._held = self._held, []
            for note in held:
                self._fallback(note)

        self._bus.call(SERVICE, PATH, SERVICE, "GetCapabilities", then=found, failed=failed)

    def _notify(self, note: Note) -> None:
        capabilities = self._capabilities or frozenset()
        text = notes.escaped(note.text) if "body-markup" in capabilities else note.text
        buttons: list[str] = []
        if "actions" in capabilities:
            buttons = [notes.OPEN, tr("Open")] + [
                word for button in note.buttons if button[0] != notes.OPEN for word in button
            ]
        hints = {
            "urgency": ("y", CRITICAL if note.is_urgent else NORMAL),
            "desktop-entry": ("s", "legate"),
            "category": ("s", "x-legate.question" if notes.REVIEW in dict(note.buttons) else "x-legate.news"),
        }
        body = ("Legate", self._ids.get(note.key, 0), "legate", note.title, text, buttons, hints, AS_THE_SERVICE_LIKES)

        def shown(answer: tuple[Any, ...]) -> None:
            self._ids[note.key] = int(answer[0])
            newest = self._coming.pop(note.key, note)
            if newest is note:
                return
            if newest.title:
                self.show(newest)
            else:
                self.withdraw(note.key)

        def failed(message: str) -> None:
            log.warning("the notification could not be shown: %s", message)
            self._capabilities = None
            newest = self._coming.pop(note.key, note)
            if newest.title:
                self._fallback(newest)

        self._bus.call(SERVICE, PATH, SERVICE, "Notify", "susssasa{sv}i", body, then=shown, failed=failed)

    def _on_action(self, body: tuple[Any, ...]) -> None:
        key = self._key_of(int(body[0]))
        if key:
            self.pressed.emit(key, str(body[1]))

    def _on_closed(self, body: tuple[Any, ...]) -> None:
        key = self._key_of(int(body[0]))
        if key:
            # Closed by the person, by time, or by us: none of it is an answer.
            del self._ids[key]

    def _key_of(self, number: int) -> str:
        return next((key for key, found in self._ids.items() if found == number), "")


class TrayChannel(QObject):
    """Messages of the tray, for desktops without a service: no buttons, and a click opens and never decides."""

    pressed = Signal(str, str)

    def __init__(self, message: Callable[[str, str], None]) -> None:
        super().__init__()
        self._message = message
        self._shown = ""

    def show(self, note: Note) -> None:
        """Show it; a tray shows one at a time."""
        self._shown = note.key
        self._message(note.title, note.text)

    def withdraw(self, key: str) -> None:
        """A message of the tray cannot be taken away; a click on it then opens the window only."""
        if key == self._shown:
            self._shown = ""

    def on_clicked(self) -> None:
        """The message was clicked."""
        self.pressed.emit(self._shown or "window", notes.OPEN)


class Channels(QObject):
    """The best there is: the desktop's service, with the tray behind it."""

    pressed = Signal(str, str)

    def __init__(self, tray: TrayChannel) -> None:
        super().__init__()
        self._tray = tray
        self._desktop: DesktopChannel | None = None
        try:
            self._desktop = DesktopChannel(tray.show)
            self._desktop.pressed.connect(self.pressed)
            self._desktop.lost.connect(self._on_lost)
        except NoBus as error:
            log.info("no session bus, so the tray shows notifications: %s", error)
        tray.pressed.connect(self.pressed)

    def _on_lost(self) -> None:
        self._desktop = None

    def show(self, note: Note) -> None:
        """Show it."""
        (self._desktop or self._tray).show(note)

    def withdraw(self, key: str) -> None:
        """Take it away."""
        for channel in (self._desktop, self._tray):
            if channel is not None:
                channel.withdraw(key)
