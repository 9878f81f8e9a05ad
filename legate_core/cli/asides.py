"""What a followed run streams besides its steps, as progress: a model being loaded, money nearly used, who answers instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from legate_core.errors import Forbidden

if TYPE_CHECKING:
    from legate_core.cli.screen import Screen
    from legate_core.client import Client

SENTENCES = frozenset({"budget", "model"})
"""Kinds of ticks that are a sentence for a person."""
PARTS = 10
"""How often at most the loading of one model is told where each time is a line of its own."""


@asynccontextmanager
async def asides(client: Client, screen: Screen, run_id: str) -> AsyncGenerator[None, None]:
    """Tell them while the block lasts."""
    task = asyncio.ensure_future(tell(client, screen, run_id))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        screen.end_line()


async def tell(client: Client, screen: Screen, run_id: str) -> None:
    """Tell what a run streams, for as long as it does. Whoever may not hear that follows the steps alone."""
    part = -1
    try:
        async for tick in client.ticks(run_id):
            if tick.kind == "loading":
                reached = PARTS * tick.done // max(1, tick.total)
                if reached != part:
                    screen.moving(f"Loading {tick.text}", tick.done, tick.total)
                part = reached
            elif tick.kind in SENTENCES:
                screen.progress(tick.text, run=run_id)
    except Forbidden:
        return
