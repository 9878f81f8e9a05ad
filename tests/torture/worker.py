"""One of several workers on one PostgreSQL, run as a process that is killed, stopped and woken: it advances what it finds.

    python -m tests.torture.worker HOME WORLD DATABASE_URL

Looks again every few milliseconds, so that the looks of several workers race each other all the time.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from legate_core.app import Core, open_local
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.errors import LegateError
from legate_core.settings import Settings, throw_away
from tests.fakes.world import World

LOOK_SECONDS = 0.02


async def open_worker(home: Path, world: World, database_url: str) -> Core:
    """A core on a shared database: its own folder, the keys of all."""
    settings = throw_away(Settings(home=home, database_url=database_url))
    keys = MemoryKeys(b"the keys of all workers", is_throw_away=True)
    return await open_local(settings, keys=keys, extra_tools=world.tools())


async def look(core: Core) -> None:
    """What a sweep and a wake-up from another process would bring."""
    core.kernel.pump.hear(core.workspace_id, None)
    await core.transport.sweep()


async def work(home: Path, world: World, database_url: str) -> None:
    core = await open_worker(home, world, database_url)
    while True:
        try:
            await look(core)
        except LegateError as error:
            logging.warning("%s", error.message)
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), World(Path(sys.argv[2])), sys.argv[3]))
