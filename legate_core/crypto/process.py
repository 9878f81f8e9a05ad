"""What a process that holds keys does about itself."""

from __future__ import annotations

import sys


def forbid_core_dumps() -> None:
    """See to it that a crash of this process, or of one it starts, writes no memory with keys in it to disk."""
    if sys.platform == "win32":
        return  # Windows writes dumps only where an administrator asked for them.
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
