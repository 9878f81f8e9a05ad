"""A house whose journal is signed, and somebody who can write into its database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from legate_core.audit.notary import Notary
from legate_core.audit.walks import Walks
from legate_core.crypto.keys.memory import MemoryKeys
from tests.core.audit.house import House, Intruder, open_house


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    house = await open_house(database_url, MemoryKeys(b"seed", is_throw_away=True))
    house.kernel.ports.add(Notary, Notary.open(house.keys))
    house.kernel.ports.add(Walks, Walks(house.kernel.ticks))
    try:
        yield house
    finally:
        await house.kernel.close()


@pytest.fixture
def intruder(database_url: str) -> Iterator[Intruder]:
    intruder = Intruder(database_url)
    yield intruder
    intruder.close()
