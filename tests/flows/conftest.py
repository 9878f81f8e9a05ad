"""Stories run on both databases, and through the server on PostgreSQL, each with a core and a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from legate_core.runs import model_calls
from tests.flows.story import Story

PLACES = (
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("remote", marks=[pytest.mark.postgresql, pytest.mark.slow]),
)


@pytest.fixture(params=PLACES)
async def story(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    """Legate, freshly installed and running: here on SQLite, here on PostgreSQL, or behind its server on PostgreSQL."""
    database_url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    # A story has a clock of its own, and waits for nothing.
    monkeypatch.setattr(model_calls, "back_off", lambda *_: 0.0)
    told = Story.at(tmp_path, database_url, is_remote=request.param == "remote")
    await told.begin()
    try:
        yield told
    finally:
        await told.end()
