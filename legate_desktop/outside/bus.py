"""The session bus of the desktop, without blocking: calls are answered and signals heard in Qt's event loop.

jeepney speaks the protocol, because the types that QtDBus can send from Python lack the unsigned numbers that
notifications are made of. Opening connects once and waits for the bus to answer, which is a matter of milliseconds; from
then on the socket is read when Qt says that something came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

log = logging.getLogger(__name__)

READ_BYTES = 65_536
Answered = Callable[[tuple[Any, ...]], None]
Failed = Callable[[str], None]
Heard = Callable[[tuple[Any, ...]], None]


class NoBus(Exception):
    """There is no session bus, or it went away."""


class SessionBus(QObject):
    """One connection. Raises `NoBus` where there is none; `lost` says that it ended."""

    lost = Signal()

    def __init__(self) -> None:
        super().__init__()
        try:
            from jeepney.io.blocking import open_dbus_connection
            from jeepney.low_level import Parser
        except ImportError as error:
            raise NoBus("the package jeepney is not installed") from error
        try:
            self._connection: Any = open_dbus_connection("SESSION")
        except (OSError, KeyError, ValueError, ConnectionError) as error:
            raise NoBus(str(error)) from error
        self._parser = Parser()
        self._waiting: dict[int, tuple[Answered, Failed]] = {}
        self._heard: list[tuple[str, str, Heard]] = []
        self._connection.sock.setblocking(False)
        self._notifier = QSocketNotifier(self._connection.sock.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)

    def call(
        self,
        service: str,
        path: str,
        interface: str,
        method: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        then: Answered = lambda _body: None,
        failed: Failed = lambda _message: None,
    ) -> None:
        """Call a method; `then` or `failed` comes later, from the event loop."""
        from jeepney import DBusAddress, new_method_call

        address = DBusAddress(path, bus_name=service, interface=interface)
        message = new_method_call(address, method, signature or None, body)
        serial = next(self._connection.outgoing_serial)
        self._waiting[serial] = (then, failed)
        try:
            self._send(message.serialise(serial))
        except OSError as error:
            self._waiting.pop(serial, None)
            self._lose(error)
            failed(str(error))

    def hear(self, service: str, path: str, interface: str, signal: str, heard: Heard) -> None:
        """Call `heard` for a signal of a service; the bus itself sees to it that nobody else can send it."""
        rule = f"type='signal',sender='{service}',path='{path}',interface='{interface}',member='{signal}'"
        self._heard.append((interface, signal, heard))
        bus = "org.freedesktop.DBus"
        self.call(
            bus, "/org/freedesktop/DBus", bus, "AddMatch", "s", (rule,),
            failed=lambda message: log.warning("%s cannot be heard: %s", signal, message),
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the connection."""
        self._notifier.setEnabled(False)
        self._connection.sock.close()

    def _send(self, data: bytes) -> None:
        # Messages are small and the bus reads at once, so waiting here is a matter of microseconds.
        sock = self._connection.sock
        sock.settimeout(1.0)
        try:
            sock.sendall(data)
        finally:
            sock.setblocking(False)

    def _on_readable(self) -> None:
        try:
            data = self._connection.sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            return
        if not data:
            self._lose(ConnectionError("the bus closed the connection"))
            return
        self._parser.add_data(data)
        while (message := self._parser.get_next_message()) is not None:
            self._take(message)

    def _take(self, message: Any) -> None:
        from jeepney import HeaderFields, MessageType

        fields, kind = message.header.fields, message.header.message_type
        if kind is MessageType.signal:
            name = (fields.get(HeaderFields.interface), fields.get(HeaderFields.member))
            for interface, signal, heard in self._heard:
                if (interface, signal) == name:
                    heard(message.body)
            return
        waiting = self._waiting.pop(fields.get(HeaderFields.reply_serial, 0), None)
        if waiting is None:
            return
        if kind is MessageType.error:
            waiting[1](str(message.body[0]) if message.body else str(fields.get(HeaderFields.error_name, "")))
        else:
            waiting[0](message.body)

    def _lose(self, error: Exception) -> None:
        if self._notifier.isEnabled():
            log.info("the session bus is gone: %s", error)
            self._notifier.setEnabled(False)
            waiting, self._waiting = self._waiting, {}
            for _, failed in waiting.values():
                failed(str(error))
            self.lost.emit()
