"""The window as a screen reader hears it: the tree on the real accessibility bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.desktop.real_desktop import PATIENCE_SECONDS, RealDesktop, wait_until

ACCESSIBLE = "org.a11y.atspi.Accessible"
PROPERTIES = "org.freedesktop.DBus.Properties"
ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
CHECKED, FOCUSABLE, FOCUSED, SHOWING = 4, 11, 12, 25
"""Numbers of states, from the AT-SPI specification."""

Reference = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """One object as it is read out."""

    role: str
    name: str
    states: int
    depth: int

    def has(self, state: int) -> bool:
        return bool(self.states >> state & 1)

    @property
    def can_be_used_now(self) -> bool:
        return self.has(FOCUSABLE) and self.has(SHOWING)


class Reader:
    """A screen reader, as far as asking goes. Made before the window starts, which then finds somebody listening."""

    def __init__(self, desk: RealDesktop) -> None:
        from jeepney.io.blocking import open_dbus_connection

        bus, path = "org.a11y.Bus", "/org/a11y/bus"
        (address,) = desk.call(bus, path, bus, "GetAddress")
        desk.call(bus, path, PROPERTIES, "Set", "ssv", ("org.a11y.Status", "IsEnabled", ("b", True)))
        desk.environment["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
        self._connection = open_dbus_connection(address)

    def application(self) -> Reference:
        """The window's process, once it has said that it is there."""
        return wait_until(lambda: self._children(ROOT), "the window is on the accessibility bus")[0]

    def tree(self) -> list[Heard]:
        """Everything that is shown in the window, in reading order."""
        return list(self._walk(self.application(), 0))

    def close(self) -> None:
        self._connection.close()

    def _walk(self, at: Reference, depth: int) -> Iterator[Heard]:
        try:
            role = self._call(at, ACCESSIBLE, "GetRoleName")[0]
            low, high = self._call(at, ACCESSIBLE, "GetState")[0]
            name = self._call(at, PROPERTIES, "Get", "ss", (ACCESSIBLE, "Name"))[0][1]
            heard = Heard(role, name, low | high << 32, depth)
            # What lies in something hidden, as in a page that is not open, is hidden too. The application itself is
            # neither shown nor hidden.
            children = self._children(at) if heard.has(SHOWING) or depth == 0 else []
        except RuntimeError:
            # It went away while the tree was read.
            return
        yield heard
        for child in children:
            yield from self._walk(child, depth + 1)

    def _children(self, at: Reference) -> list[Reference]:
        return [(str(service), str(path)) for service, path in self._call(at, ACCESSIBLE, "GetChildren")[0]]

    def _call(
        self, at: Reference, interface: str, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        from jeepney import DBusAddress, MessageType, new_method_call

        message = new_method_call(DBusAddress(at[1], at[0], interface), method, signature or None, body)
        answer = self._connection.send_and_get_reply(message, timeout=PATIENCE_SECONDS)
        if answer.header.message_type is MessageType.error:
            raise RuntimeError(str(answer.body))
        return answer.body
