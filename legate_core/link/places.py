"""Where the owner of a data folder listens: a Unix socket in the folder, or a named pipe whose name lies there.

The data folder is readable by its person only, the socket is too, and whoever connects looks at who listens before it
says a word. A socket that a killed process left behind answers nobody and is replaced by the next owner.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from legate_core.errors import Unavailable
from legate_core.link import peers
from legate_core.link.names import PIPE, SOCKET
from legate_core.link.peers import Peer

log = logging.getLogger(__name__)

LONGEST_SOCKET_NAME_BYTES = 100
"""Less than any system's limit (104 or 108). A longer one goes to a folder of its own, and a link points there."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Nobody(Exception):
    """No process listens for this data folder."""


class Place(Protocol):
    """Where somebody listens."""

    def close(self) -> None:
        """Take no new connection, and leave nothing behind."""
        ...


if sys.platform != "win32":

    class SocketPlace:
        """A Unix socket that only this person may open."""

        def __init__(self, home: Path) -> None:
            self._name = home / SOCKET
            self._server: asyncio.Server | None = None

        async def open(self, serve: Serve) -> None:
            listening = await asyncio.to_thread(self._bind)
            self._server = await asyncio.start_unix_server(serve, sock=listening)

        def close(self) -> None:
            if self._server is not None:
                self._server.close()
            self._remove()

        def _bind(self) -> socket.socket:
            self._remove()
            if len(os.fsencode(self._name)) <= LONGEST_SOCKET_NAME_BYTES:
                try:
                    return _listening(self._name)
                except OSError as error:
                    # Some file systems, such as shares of other machines, hold no sockets.
                    log.info("no socket can stand in %s (%s)", self._name.parent, error)
            try:
                target = Path(tempfile.mkdtemp(prefix="legate-link-")) / SOCKET
                self._name.symlink_to(target)
                return _listening(target)
            except OSError as error:
                raise Unavailable(
                    f"No socket could be opened for {self._name.parent} ({error.strerror}). "
                    "Keep the data folder on a disk of this machine."
                ) from error

        def _remove(self) -> None:
            """Take away the socket, this one's or one that a killed process left; the caller owns the data folder."""
            if self._name.is_symlink():
                shutil.rmtree(self._name.readlink().parent, ignore_errors=True)
            self._name.unlink(missing_ok=True)

    def _listening(name: Path) -> socket.socket:
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            found.bind(str(name))
            # Nobody can connect before `listen`, so there is no moment at which others could.
            name.chmod(0o600)
            found.listen(socket.SOMAXCONN)
            found.setblocking(False)
        except OSError:
            found.close()
            raise
        return found

    async def listen(home: Path, serve: Serve) -> Place:
        """Call `serve` for everybody who connects. The caller owns the data folder."""
        place = SocketPlace(home)
        await place.open(serve)
        return place

    async def connect(home: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the owner of a data folder. Raises `Nobody` where none listens."""
        try:
            connection = await asyncio.open_unix_connection(str(_found(home)))
        except OSError as error:
            raise Nobody from error
        if not peer_of(connection[1]).is_same_person:
            connection[1].close()
            raise Nobody
        return connection

    def peer_of(writer: asyncio.StreamWriter, *, is_server: bool = False) -> Peer:
        """Who is at the other end of a connection."""
        return peers.of_socket(writer.get_extra_info("socket"))

    class SocketStream:
        """The blocking form of a connection, for a process that says one thing and has no event loop."""

        def __init__(self, home: Path, timeout_seconds: float) -> None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout_seconds)
            try:
                self._socket.connect(str(_found(home)))
                if not peers.of_socket(self._socket).is_same_person:
                    raise Nobody
            except OSError as error:
                self.close()
                raise Nobody from error
            except Nobody:
                self.close()
                raise

        def write(self, data: bytes) -> None:
            self._socket.sendall(data)

        def read(self, size: int) -> bytes:
            found = b""
            while len(found) < size and (part := self._socket.recv(size - len(found))):
                found += part
            return found

        def close(self) -> None:
            self._socket.close()

    def _found(home: Path) -> Path:
        name = home / SOCKET
        try:
            return name.readlink() if name.is_symlink() else name
        except OSError as error:
            raise Nobody from error

else:

    class PipePlace:
        """A named pipe; its name is random and lies in the data folder, and who connects is looked at."""

        def __init__(self, home: Path) -> None:
            self._file = home / PIPE
            self._servers: list[Any] = []

        async def open(self, serve: Serve) -> None:
            name = rf"\\.\pipe\legate-{secrets.token_hex(16)}"
            loop: Any = asyncio.get_running_loop()

            def protocol() -> asyncio.StreamReaderProtocol:
                return asyncio.StreamReaderProtocol(asyncio.StreamReader(), serve)

            try:
                self._servers = await loop.start_serving_pipe(protocol, name)
                self._file.write_text(name, encoding="utf-8")
            except OSError as error:
                raise Unavailable(
                    f"No pipe could be opened ({error.strerror}). Close other Legates, then try again."
                ) from error

        def close(self) -> None:
            for server in self._servers:
                server.close()
            self._file.unlink(missing_ok=True)

    async def listen(home: Path, serve: Serve) -> Place:
        """Call `serve` for everybody who connects. The caller owns the data folder."""
        place = PipePlace(home)
        await place.open(serve)
        return place

    async def connect(home: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the owner of a data folder. Raises `Nobody` where none listens."""
        loop: Any = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.create_pipe_connection(lambda: protocol, _named(home))
        except OSError as error:
            raise Nobody from error
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        if not peer_of(writer).is_same_person:
            writer.close()
            raise Nobody
        return reader, writer

    def peer_of(writer: asyncio.StreamWriter, *, is_server: bool = False) -> Peer:
        """Who is at the other end of a connection."""
        return peers.of_pipe(writer.get_extra_info("pipe").handle, is_server=is_server)

    class SocketStream:
        """The blocking form of a connection, for a process that says one thing and has no event loop."""

        def __init__(self, home: Path, timeout_seconds: float) -> None:
            try:
                self._file = open(_named(home), "r+b", buffering=0)  # noqa: SIM115 closed by `close`
            except OSError as error:
                raise Nobody from error

        def write(self, data: bytes) -> None:
            self._file.write(data)

        def read(self, size: int) -> bytes:
            found = b""
            while len(found) < size and (part := self._file.read(size - len(found))):
                found += part
            return found

        def close(self) -> None:
            self._file.close()

    def _named(home: Path) -> str:
        try:
            return (home / PIPE).read_text(encoding="utf-8")
        except OSError as error:
            raise Nobody from error
