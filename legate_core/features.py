"""Imports every feature room, so that its doors, reactors and events are known before the first message."""

from __future__ import annotations

import legate_core.actions.reactors
import legate_core.agents.commands
import legate_core.approvals.commands
import legate_core.approvals.queries
import legate_core.policy.commands
import legate_core.policy.queries
import legate_core.runs.commands
import legate_core.runs.doubt
import legate_core.runs.queries
import legate_core.runs.reactors  # noqa: F401
from legate_core.kernel.registry import Registry, registry


def features() -> Registry:
    """The registry with every door in it."""
    return registry
