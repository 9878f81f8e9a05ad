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
    has_file = (settings.home / core.KEYS_FILE).exists()
    is_new = not settings.database_url and not (settings.home / core.DATABASE_FILE).exists()
    # Nobody chooses a passphrase for work whose keys lie elsewhere: the core says first whether they do.
    may_ask = has_file or is_new
    while True:
        if settings.keys == "passphrase" and not settings.passphrase and may_ask:
            given = await ask(not has_file, problem)
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
            problem = tr_core(error.message) if settings.passphrase else ""
            settings, may_ask = replace(settings, passphrase=""), True
        except core.Unavailable as error:
            if not error.details.get("no_keyring") or not is_new:
                raise
            settings = replace(settings, keys="passphrase")
