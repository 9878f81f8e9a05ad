"""Who is at the other end of a local connection, as the operating system says; what they say of themselves counts nothing.

Only the same person may speak to the core, and nothing that the engine itself started, such as a tool server: a tool
that could answer its own questions would need no approval. Descent is read from the process table, so a program that
cuts loose from its parents on purpose is taken for what it then is: another program of the same person, and those are
outside the threat model, since they could as well press the keys of the window.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.errors import Forbidden

MOST_GENERATIONS = 1_000
"""More than any process has above it; a table read while it changes could have a circle."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, and whether it runs for the same person as this one."""

    pid: int
    is_same_person: bool


def check(peer: Peer, owner_pid: int) -> None:
    """Raise `Forbidden` unless this peer may speak to the core that runs in the owner. Reads the process table."""
    if not peer.is_same_person or peer.pid <= 0:
        raise Forbidden("Only the person who runs this Legate may speak to it. Use an account of your own.")
    if peer.pid != owner_pid and descends(peer.pid, owner_pid, parents()):
        raise Forbidden(
            "This program was started by Legate's engine, so it may not give orders to it. Run the command yourself."
        )


def descends(pid: int, ancestor: int, parent_of: Callable[[int], int | None]) -> bool:
    """Whether `ancestor` stands above `pid`. A process that the table does not know may be anybody's, so: yes."""
    above = parent_of(pid)
    if above is None:
        return True
    for _ in range(MOST_GENERATIONS):
        if above == ancestor:
            return True
        # The first process, or one whose parents have ended: on Windows they leave their number behind.
        if above is None or above <= 1:
            return False
        above = parent_of(above)
    return True


if sys.platform == "linux":

    def of_socket(connection: socket.socket) -> Peer:
        """The peer of a Unix socket, as it was when the connection was made."""
        size = struct.calcsize("3i")
        pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return Peer(pid, uid == os.geteuid())

    def parents() -> Callable[[int], int | None]:
        """Finds the parent of a process; None for a process that is not there."""
        return _parent

    def _parent(pid: int) -> int | None:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The name of a program may hold blanks and brackets; the last bracket ends it.
        return int(stat.rpartition(")")[2].split()[1])

elif sys.platform != "win32":
    # macOS and the BSDs; the numbers are from <sys/un.h> of Darwin.
    _SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 0x001, 0x002

    def of_socket(connection: socket.socket) -> Peer:
        """The peer of a Unix socket, as it was when the connection was made."""
        _version, uid = struct.unpack_from("2I", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
        (pid,) = struct.unpack("i", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))
        return Peer(pid, uid == os.geteuid())

    def parents() -> Callable[[int], int | None]:
        """Finds the parent of a process; None for a process that is not there."""
        listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = (line.split() for line in listed.stdout.splitlines())
        return {int(pid): int(parent) for pid, parent in pairs}.get

else:
    import ctypes
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _QUERY_LIMITED, _TOKEN_QUERY, _TOKEN_USER, _SNAP_PROCESSES = 0x1000, 0x0008, 1, 0x2
    for _function in (_kernel32.OpenProcess, _kernel32.CreateToolhelp32Snapshot):
        _function.restype = wintypes.HANDLE

    class _Entry(ctypes.Structure):
        _fields_ = (
            ("size", wintypes.DWORD), ("usage", wintypes.DWORD), ("pid", wintypes.DWORD),
            ("heap", ctypes.POINTER(ctypes.c_ulong)), ("module", wintypes.DWORD), ("threads", wintypes.DWORD),
            ("parent", wintypes.DWORD), ("priority", ctypes.c_long), ("flags", wintypes.DWORD),
            ("name", ctypes.c_char * 260),
        )  # fmt: skip

    def of_pipe(handle: int, *, is_server: bool) -> Peer:
        """The peer of a named pipe: its client where this end is the server, else its server."""
        pid = wintypes.ULONG()
        ask = _kernel32.GetNamedPipeClientProcessId if is_server else _kernel32.GetNamedPipeServerProcessId
        if not ask(wintypes.HANDLE(handle), ctypes.byref(pid)):
            raise ctypes.WinError(ctypes.get_last_error())
        return Peer(pid.value, _user_of(pid.value) == _user_of(os.getpid()))

    def _user_of(pid: int) -> bytes:
        """The security identifier a process runs under."""
        process = _kernel32.OpenProcess(_QUERY_LIMITED, False, pid)
        if not process:
            raise ctypes.WinError(ctypes.get_last_error())
        token = wintypes.HANDLE()
        try:
            if not _advapi32.OpenProcessToken(wintypes.HANDLE(process), _TOKEN_QUERY, ctypes.byref(token)):
                raise ctypes.WinError(ctypes.get_last_error())
            return _sid_of(token)
        finally:
            _kernel32.CloseHandle(wintypes.HANDLE(process))
            _kernel32.CloseHandle(token)

    def _sid_of(token: Any) -> bytes:
        size = wintypes.DWORD()
        _advapi32.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if not _advapi32.GetTokenInformation(token, _TOKEN_USER, buffer, size, ctypes.byref(size)):
            raise ctypes.WinError(ctypes.get_last_error())
        sid = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_void_p))[0]
        length = _advapi32.GetLengthSid(ctypes.c_void_p(sid))
        return ctypes.string_at(sid, length)

    def parents() -> Callable[[int], int | None]:
        """Finds the parent of a process; None for a process that is not there."""
        snapshot = wintypes.HANDLE(_kernel32.CreateToolhelp32Snapshot(_SNAP_PROCESSES, 0))
        found: dict[int, int] = {}
        entry = _Entry(size=ctypes.sizeof(_Entry))
        try:
            there = _kernel32.Process32First(snapshot, ctypes.byref(entry))
            while there:
                found[entry.pid] = entry.parent
                there = _kernel32.Process32Next(snapshot, ctypes.byref(entry))
        finally:
            _kernel32.CloseHandle(snapshot)
        return found.get
