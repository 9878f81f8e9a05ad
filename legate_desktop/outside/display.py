"""Whether a window can open here at all. Qt ends the whole process where it finds no display, so it is asked beforehand."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

X_SOCKETS = "/tmp/.X11-unix"
X_PORT = 6000
TIMEOUT_SECONDS = 5.0

_X_NAME = re.compile(r"(?:(?P<protocol>\w+)/)?(?P<host>.*):(?P<number>\d{1,4})(?:\.\d+)?")


def require_display() -> None:
    """Raise `Unavailable` where there is no display. Only Linux starts people's programs without one."""
    lacking = what_is_missing(os.environ) if sys.platform == "linux" else ""
    if lacking:
        # Only here: the window paints before the core is loaded.
        from legate_core import Unavailable

        raise Unavailable(
            f"No window can open here: {lacking}. Start 'legate desktop' in a desktop session, or use the commands "
            "that 'legate --help' lists; they need no display."
        )


def what_is_missing(environment: Mapping[str, str]) -> str:
    """What keeps Qt from a display, in words; empty where it finds one, or was told to use something that needs none."""
    asked = [name.partition(":")[0] for name in environment.get("QT_QPA_PLATFORM", "").split(";") if name]
    if any(not name.startswith(("xcb", "wayland")) for name in asked):
        return ""
    takes_wayland = not asked or any(name.startswith("wayland") for name in asked)
    takes_x = not asked or "xcb" in asked
    if takes_wayland and _has_wayland(environment, is_asked=bool(asked)):
        return ""
    x_name = environment.get("DISPLAY", "")
    if takes_x and x_name:
        return "" if _has_x(x_name) else f"the display {x_name[:80]!r} that DISPLAY names does not answer"
    name = environment.get("WAYLAND_DISPLAY", "")
    if takes_wayland and name:
        return f"the display {name[:80]!r} that WAYLAND_DISPLAY names does not answer"
    return f"{'DISPLAY' if takes_x else 'WAYLAND_DISPLAY'} names no display"


def _has_wayland(environment: Mapping[str, str], *, is_asked: bool) -> bool:
    if environment.get("WAYLAND_SOCKET"):
        # A connection that is open already; trying it would use it up.
        return True
    is_usual = is_asked or environment.get("XDG_SESSION_TYPE") == "wayland"
    name = environment.get("WAYLAND_DISPLAY") or ("wayland-0" if is_usual else "")
    return bool(name) and _answers(str(Path(environment.get("XDG_RUNTIME_DIR", "")) / name))


def _has_x(name: str) -> bool:
    if name.startswith("/") and _answers(name):
        return True
    found = _X_NAME.fullmatch(name)
    if found is None:
        return False
    host, number = found["host"].strip("[]"), int(found["number"])
    if host in ("", "unix") or found["protocol"] == "unix":
        place = f"{X_SOCKETS}/X{number}"
        # The first has no file: the server listens under the name alone.
        if _answers(f"\0{place}") or _answers(place):
            return True
    return _answers_far(host if host not in ("", "unix") else "localhost", X_PORT + number)


def _answers(place: str) -> bool:
    with socket.socket(socket.AF_UNIX) as tried:
        tried.settimeout(TIMEOUT_SECONDS)
        try:
            tried.connect(place)
        except BlockingIOError:
            # Somebody listens, and others stand in the queue.
            return True
        except (OSError, ValueError):
            return False
    return True


def _answers_far(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS):
            return True
    except (OSError, ValueError):
        return False
