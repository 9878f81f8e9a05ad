"""The stage of the crash tests, one for each file of them, and the tally of its blows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.torture.blows import Blows
from tests.torture.stage import Point, Stage, stage


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("torture")) as made:
        yield made


@pytest.fixture(scope="module")
def blows() -> Iterator[Blows]:
    tally = Blows()
    yield tally
    print(f"\n{tally}")


@pytest.fixture(scope="module")
def points(lives: Stage) -> list[Point]:
    found = lives.points()
    assert len(found) > 100, "hardly anything is written: the tracer watches the wrong files"
    return found
