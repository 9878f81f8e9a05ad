"""The data folder's own core, once its keys are open: a person is asked for a passphrase only where the keys lie under one.

They do where LEGATE_KEYS says so, where the folder holds them so, and on a system without a keyring in a folder in which
nothing was made yet. Runs in the core's thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from legate_desktop.core_words import tr_core

AskKeys = Callable[[bool, str], Awaitable[str | None]]
"""Whether a new passphrase is chosen, and what was wrong with the last one; the passphrase, or nothing if nobody gives any."""


async def open_own(core: Any, home: Path | None, ask: AskKeys) -> Any:
    """Open the data folder. Raises what `open_local` does, and `Locked` where nobody gives the passphrase."""
    settings, problem = core.from_environment(home=home), ""
    while True:
        if settings.keys == "passphrase" and not settings.passphrase:
            given = await ask(not (settings.home / core.KEYS_FILE).exists(), problem)
            if given is None:
                raise core.Locked(
                    "The keys are locked, so nothing was opened. Start Legate again to give the passphrase."
                )
            settings = replace(settings, passphrase=given)
        try:
            return await core.open_local(settings)
        except core.Locked as error:
            if settings.keys != "passphrase" or "in_use" in error.details:
                raise
            settings, problem = replace(settings, passphrase=""), tr_core(error.message)
        except core.Unavailable as error:
            is_new = not settings.database_url and not (settings.home / core.DATABASE_FILE).exists()
            if not error.details.get("no_keyring") or not is_new:
                raise
            settings = replace(settings, keys="passphrase")
