"""What the server's tests start from: a small core on each database, and the application over it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from legate_server.app import Application, create_app
from tests.server.small_core import TOKEN, SmallCore, browser, small_core


@pytest.fixture
async def core(database_url: str) -> AsyncIterator[SmallCore]:
    async with small_core(database_url) as opened:
        yield opened


@pytest.fixture
def app(core: SmallCore) -> Application:
    return create_app(core.client, TOKEN, heartbeat_seconds=0.05)


@pytest.fixture
async def web(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client
