"""Between the Settings page's words and the core's."""

from __future__ import annotations

from typing import Any

import legate_core as core


def policy_query() -> Any:
    """The switches of the workspace."""
    return core.PolicySettings()


def change_policy(**changes: Any) -> Any:
    """Move switches of the workspace."""
    return core.ChangePolicySettings(**changes)


def end_query() -> Any:
    """How many entries the journal has."""
    return core.JournalEnd()
