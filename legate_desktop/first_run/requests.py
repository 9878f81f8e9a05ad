"""Between the first run's words and the core's."""

from __future__ import annotations

from typing import Any

import legate_core as core


def start(agent: str, task: str) -> Any:
    """Let the practice deputy begin."""
    return core.StartRun(agent, task)


def log(run_id: str) -> Any:
    """Its log, live."""
    return core.RunLog(run_id)


def verify() -> Any:
    """Is the practice journal sound."""
    return core.VerifyJournal()


def changed_copy() -> Any:
    """One byte changed on a copy, and what is found."""
    return core.VerifyChangedCopy()


def models() -> Any:
    """What there is to think with, live."""
    return core.ModelCatalogue()
