"""Which core the window opens: the one in the data folder, the practice one, or one that runs elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from legate_desktop.loop import OpenedCore, Opener


def opener(*, practice: bool = False, home: Path | None = None, server: str = "") -> Opener:
    """Runs in the core's thread; only there is the core imported.

    The token of a server comes from the environment, because a command line can be read by everybody on the machine.
    """

    async def open_core() -> OpenedCore:
        import legate_core as core

        if server:
            client = await core.open_remote(server, os.environ.get("LEGATE_TOKEN", ""))
            return OpenedCore(client, client.close)
        if practice:
            opened = await core.open_practice(home)
            return OpenedCore(opened.client, opened.close, practice=core.practice_task())
        opened = await core.open_local(core.from_environment(home=home))
        return OpenedCore(opened.client, opened.close)

    return open_core
