"""What a process that reads strangers' files gives up before the first of them: memory, writing, the network.

Where the operating system can enforce it, it does (limits, a network namespace); the audit hook is the second wall, and
the only one where the system has none. None of it can be taken back by the process.
"""

from __future__ import annotations

import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system", "os.remove", "os.rename",
            "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.kill",
            "os.startfile", "shutil.", "ftplib.", "smtplib.", "urllib.", "webbrowser.", "ctypes.dlopen")  # fmt: skip
_WRITING = frozenset("wax+")


def die_with_parent() -> None:
    """End when the process that started this one ends, where the system offers that."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def bound_memory(limit_bytes: int) -> None:
    """Refuse more address space than this; what asks for it gets a `MemoryError`, not the machine's memory."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def seal() -> None:
    """Give up writing files, the network, and other programs. Call it once everything needed is imported."""
    if sys.platform == "linux":
        import ctypes

        # Refused in many containers; the audit hook below stands in any case.
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        mode = arguments[1]
        if isinstance(mode, str) and _WRITING & set(mode):
            raise PermissionError("a reader writes no files")
    elif event.startswith(_REFUSED):
        raise PermissionError(f"a reader does not do {event}")
