"""Stories run on both databases, each with a core and a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.story import Story


@pytest.fixture
async def story(database_url: str, tmp_path: Path) -> AsyncIterator[Story]:
    """Legate, freshly installed and running."""
    told = Story.at(tmp_path, database_url)
    await told.begin()
    try:
        yield told
    finally:
        await told.end()
