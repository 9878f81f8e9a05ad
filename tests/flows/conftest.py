"""Stories run on both databases, and through the server on PostgreSQL, each with a core and a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.story import Story

PLACES = (
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("remote", marks=[pytest.mark.postgresql, pytest.mark.slow]),
)


@pytest.fixture(params=PLACES)
async def story(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    """Legate, freshly installed and running: here on SQLite, here on PostgreSQL, or behind its server on PostgreSQL."""
    database_url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    told = Story.at(tmp_path, database_url, is_remote=request.param == "remote")
    await told.begin()
    try:
        yield told
    finally:
        await told.end()
