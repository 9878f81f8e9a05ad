"""From a host to a connected socket: resolve once, check every address, connect to a checked one and nothing else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from weakref import WeakKeyDictionary

from legate_core.egress.addresses import Address, Host, is_public
from legate_core.egress.limits import Limits
from legate_core.egress.target import not_public
from legate_core.errors import Forbidden, Unavailable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, as text; an `OSError` when there are none."""

Dial = Callable[[str, int], Awaitable[socket.socket]]
"""A connected, non-blocking socket to exactly this IP address; an `OSError` when nothing answers."""

_LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_MAX_ADDRESSES = 64
# Threads of their own: a look-up cannot be given up, and names that never resolve must not stop whoever reads files.
_LOOK_UPS = ThreadPoolExecutor(4, thread_name_prefix="look-up")


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, as every other program on this computer does."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, ask)
    return [str(entry[4][0]) for entry in found]


async def dial_by_system(address: str, port: int) -> socket.socket:
    """Open a TCP connection. The address is a number, so nothing is looked up here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


class Unreachable(Unavailable):
    """Nothing answers there now. It was not refused, so trying later may work."""


class Dialer:
    """Opens every connection there is, and can cut and refuse all that leave this computer (airplane mode)."""

    def __init__(self, resolve: Resolve, dial: Dial, limits: Limits) -> None:
        self._resolve = resolve
        self._dial = dial
        self._limits = limits
        self._open: WeakKeyDictionary[socket.socket, Address] = WeakKeyDictionary()
        # The switch may be turned in another thread than that of the connections.
        self._guard = threading.Lock()
        self._airplane = False

    @property
    def airplane(self) -> bool:
        return self._airplane

    @airplane.setter
    def airplane(self, is_on: bool) -> None:
        self._airplane = is_on
        if not is_on:
            return
        with self._guard:
            connections = list(self._open.items())
        for connected, address in connections:
            if not address.is_loopback:
                # A socket that is closed already has nothing left to cut.
                with suppress(OSError):
                    connected.shutdown(socket.SHUT_RDWR)

    def admit(self, host: Host) -> None:
        """`Unavailable` in airplane mode, unless the host is this computer. Asked before any name is looked up."""
        if self._airplane and not _is_this_computer(host):
            raise Unavailable(f"Airplane mode is on, so {host} was not reached. Turn it off and try again.")

    async def to_public(self, host: Host, port: int) -> socket.socket:
        """The *chosen* profile: one address that is not public, and none is tried."""
        addresses = await self._addresses(host, port)
        for address in addresses:
            if not is_public(address):
                raise not_public(host, address)
        return await self._first(host, addresses, port)

    async def to_entered(self, host: Host, port: int) -> socket.socket:
        """The *configured* profile: this computer and the own network are fine, because a person named them."""
        addresses = await self._addresses(host, port)
        for address in addresses:
            if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
                raise Forbidden(
                    f"{host} is no address of one machine. Enter 127.0.0.1 for this computer, or the machine's own."
                )
        return await self._first(host, addresses, port)

    async def _addresses(self, host: Host, port: int) -> list[Address]:
        """All addresses of a host, each once, in the resolver's order. The one and only look-up of a connection."""
        self.admit(host)
        if not isinstance(host, str):
            return [host]
        if _is_this_computer(host):
            return list(_LOOPBACK)
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise Unreachable(f"The name {host} could not be looked up in time. Try again later.") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"There is no host {host}, or no network. Check the name and the connection.") from error
        if not found or len(found) > _MAX_ADDRESSES:
            raise Unreachable(f"The name {host} has no usable address. Check the name.")
        try:
            return list(dict.fromkeys(ipaddress.ip_address(text) for text in found))
        except ValueError as error:
            raise Unreachable(f"The name {host} has no usable address. Check the name.") from error

    async def _first(self, host: Host, addresses: Sequence[Address], port: int) -> socket.socket:
        """A connection to the first address that answers, of those just checked."""
        failure: OSError | None = None
        for address in addresses[: self._limits.addresses_tried]:
            self.admit(host)
            try:
                async with asyncio.timeout(self._limits.connect_seconds):
                    connected = await self._dial(str(address), port)
            except OSError as error:
                # `TimeoutError` is one of these; the next address may still answer.
                failure = error
                continue
            with self._guard:
                self._open[connected] = address
            try:
                # The switch may have been turned while this connection was being made.
                self.admit(host)
            except Unavailable:
                connected.close()
                raise
            return connected
        reason = "in time" if isinstance(failure, TimeoutError) else f"on port {port}"
        raise Unreachable(f"{host} does not answer {reason}. Check that it runs, or try again later.") from failure


def _is_this_computer(host: Host) -> bool:
    """RFC 6761: *localhost* and what is below it never goes to a resolver."""
    if isinstance(host, str):
        return host == "localhost" or host.endswith(".localhost")
    return host.is_loopback
