"""A second start, before it paints anything: has the first one's window come to the front, with the link to open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from legate_core.errors import LegateError
from legate_core.link.names import PIPE, SOCKET

PATIENCE_SECONDS = 3.0


def hand_over(home: Path, link: str = "", token: str = "") -> bool:
    """Whether an owner of this data folder has shown its window; blocks for a moment at most.

    False where nobody listens, or whoever listens has no window, does not answer in time, or refuses: then this start
    goes on, and finds out for itself what is in its way.
    """
    if not any(os.path.lexists(home / name) for name in (SOCKET, PIPE)):
        return False
    # Only now: nothing of the engine is imported before the first paint of a window that stands alone.
    from legate_core.link import frames, places

    try:
        stream = places.SocketStream(home, PATIENCE_SECONDS)
    except places.Nobody:
        return False
    try:
        stream.write(frames.pack({"do": "show", "link": link, "token": token}))
        head = stream.read(frames.HEAD_BYTES)
        if len(head) < frames.HEAD_BYTES:
            return False
        return frames.unpack(stream.read(frames.length_of(head))).get("answer") is True
    except (OSError, LegateError) as error:
        print(f"legate: the window that is open did not answer ({error})", file=sys.stderr)
        return False
    finally:
        stream.close()
