"""A process that holds keys leaves no memory image behind."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from legate_core.crypto.process import forbid_core_dumps


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """The limits of this process, put back afterwards."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    yield before
    resource.setrlimit(resource.RLIMIT_CORE, before)


def test_core_dumps_are_off_and_stay_off(limits: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    for _ in range(2):
        forbid_core_dumps()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, limits[1])
