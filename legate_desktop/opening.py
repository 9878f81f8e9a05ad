"""Which core the window opens: the one in the data folder, the practice one, or one that runs elsewhere.

Who opens a data folder owns it, and listens for this person's other processes. Where another process owns it, this
window becomes its client; where that process has a window, that one comes to the front and this start ends.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from legate_desktop.keys import AskKeys, open_own
from legate_desktop.loop import OpenedCore, Opener
from legate_desktop.outside.startup import ENDS

log = logging.getLogger(__name__)

PATIENCE_SECONDS = (0.3, 0.7, 1.5, 3.0)
"""An owner that is just starting holds the folder before it listens; so long a second start waits for it."""


def opener(
    *,
    practice: bool = False,
    home: Path | None = None,
    server: str = "",
    on_show: Callable[[str, str], None] | None = None,
    on_elsewhere: Callable[[], None] = lambda: None,
    ask_keys: AskKeys | None = None,
) -> Opener:
    """Runs in the core's thread; only there is the core imported.

    `on_show` is called when another start asks for this window, `on_elsewhere` when another window came to the front
    instead of this one; `ask_keys` asks a person for the passphrase of the keys. The token of a server comes from the
    environment, because a command line can be read by everybody on the machine.
    """

    async def open_core() -> OpenedCore:
        import legate_core as core

        if server:
            # A server that is away now may come: what is followed is asked for again and again, and says so meanwhile.
            client = await core.open_remote(server, os.environ.get("LEGATE_TOKEN", ""), is_patient=True)
            return OpenedCore(client, client.close)
        task = core.practice_task() if practice else None
        linked = await _linked(core, practice, home)
        if linked is None:
            try:
                opened = await (core.open_practice(home) if practice else open_own(core, home, ask_keys or _nobody))
            except core.Locked as error:
                linked = await _linked_soon(core, practice, home, error)
            else:
                link = await core.serve_link(opened.settings, opened.client, on_show=on_show)
                return OpenedCore(opened.client, _closing(link, opened), practice=task)
        if on_show is not None and await linked.show():
            log.warning(ENDS)
            on_elsewhere()
        return OpenedCore(linked, linked.close, practice=task)

    return open_core


async def _nobody(_is_new: bool, _problem: str) -> str | None:
    """Without a window there is nobody to ask."""
    return None


def data_folder(*, practice: bool, home: Path | None) -> Path:
    """Where the opened core keeps its work; asked only once the core is imported."""
    import legate_core as core

    return _settings(core, practice, home).home


def who_am_i() -> Any:
    """The question who asks, and what their role may do."""
    import legate_core as core

    return core.WhoAmI()


def _closing(link: Any, opened: Any) -> Callable[[], Any]:
    async def close() -> None:
        try:
            await link.close()
        finally:
            await opened.close()

    return close


def _settings(core: Any, practice: bool, home: Path | None) -> Any:
    return core.from_environment({}, core.practice_home(home)) if practice else core.from_environment(home=home)


async def _linked(core: Any, practice: bool, home: Path | None) -> Any:
    return await core.open_link(_settings(core, practice, home))


async def _linked_soon(core: Any, practice: bool, home: Path | None, error: Exception) -> Any:
    """A client of whoever took the folder in this moment. Raises the error where nobody comes to listen."""
    import asyncio

    if "in_use" not in getattr(error, "details", {}):
        raise error
    for pause in PATIENCE_SECONDS:
        await asyncio.sleep(pause)
        linked = await _linked(core, practice, home)
        if linked is not None:
            return linked
    raise error
