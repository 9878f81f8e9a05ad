"""An internet for each test, taken down at its end."""

from collections.abc import AsyncIterator

import pytest

from tests.core.egress.internet import Internet


@pytest.fixture
async def internet() -> AsyncIterator[Internet]:
    made = Internet()
    yield made
    await made.end()
