"""The vault on both databases, with its Owner."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from legate_core.crypto.keys.memory import MemoryKeys
from tests.core.audit.house import House, open_house


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    house = await open_house(database_url, MemoryKeys(b"seed", is_throw_away=True))
    try:
        yield house
    finally:
        await house.kernel.close()
