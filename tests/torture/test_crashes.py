"""Legate is killed, and its disk fails, at every write; after each, every promise is held against what is left.

In CI: the smallest life, every kill point, and a full or failing disk at every fifth. `make torture` does all of them, and
strikes a second time while the first blow is being recovered from.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.torture.judge import judge
from tests.torture.scene import REFUSED, Acks
from tests.torture.stage import Point, Stage, stage

pytestmark = pytest.mark.slow

SHARDS = 8
KILLED = -9


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("torture")) as made:
        yield made


@pytest.fixture(scope="module")
def points(lives: Stage) -> list[Point]:
    found = lives.points()
    assert len(found) > 100, "hardly anything is written: the tracer watches the wrong files"
    return found


def strike_and_judge(lives: Stage, point: Point, expected: set[int]) -> str:
    """One blow, and what was found after it. The message of a failure names the point."""
    life = lives.strike(point)
    refused = Acks(life.folder).read().get("refused", "")
    try:
        assert life.exit_code in expected, f"exit code {life.exit_code} {refused}"
        if life.exit_code == REFUSED:
            assert refused.endswith("."), refused
        found = asyncio.run(judge(life.folder))
    except BaseException as error:
        error.add_note(f"after {point.inject} in {life.folder}")
        raise
    shutil.rmtree(life.folder)
    return found


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_any_write_nothing_is_lost_and_nothing_runs_twice(
    lives: Stage, points: list[Point], shard: int
) -> None:
    found = Counter(strike_and_judge(lives, point, {KILLED, 0}) for point in points[shard::SHARDS])
    print(f"\n{found.total()} kills: {dict(found)}")
    assert found.total() == len(points[shard::SHARDS])


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize(("blow", "stays"), [("error=ENOSPC", True), ("error=EIO", False)])
def test_a_full_or_failing_disk_at_any_write_is_said_and_loses_nothing(
    lives: Stage, points: list[Point], blow: str, stays: bool, shard: int, is_long: bool
) -> None:
    step = 1 if is_long else 5
    struck = [replace(point, blow=blow, stays=stays) for point in points[::step]]
    found = Counter(strike_and_judge(lives, point, {0, REFUSED}) for point in struck[shard::SHARDS])
    print(f"\n{found.total()} times {blow}: {dict(found)}")


def test_killed_right_before_the_effect_it_is_in_doubt_and_did_not_happen(lives: Stage) -> None:
    point = Point("write", 1, path="happened.jsonl")
    assert strike_and_judge(lives, point, {KILLED}) == "in doubt, did not happen"


def test_a_life_that_nothing_befalls_succeeds(lives: Stage) -> None:
    assert strike_and_judge(lives, Point("pwrite64", 65_000), {0}) == "succeeded"
