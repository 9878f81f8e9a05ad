"""Which core the window opens: the one in the data folder, the practice one, or one that runs elsewhere."""

from __future__ import annotations

from pathlib import Path

from legate_desktop.loop import OpenedCore, Opener


def opener(*, practice: bool = False, home: Path | None = None, server: str = "") -> Opener:
    """Runs in the core's thread; only there is the core imported."""

    async def open_core() -> OpenedCore:
        import legate_core as core

        if server:
            client = await core.open_remote(server)
            return OpenedCore(client, client.close)
        opened = await (core.open_practice(home) if practice else core.open_local(home))
        return OpenedCore(opened.client, opened.close)

    return open_core
