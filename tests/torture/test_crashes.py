"""Legate is killed, and its disk fails, at every write; after each, every promise is held against what is left.

In CI: the smallest life, every kill point, and a full or failing disk at every fifth; `make torture` does all of them.
Blows that fall while an earlier one is being recovered from are in `test_recovery_kills.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.torture.blows import KILLED, Blows
from tests.torture.scene import REFUSED
from tests.torture.stage import Point, Stage

pytestmark = pytest.mark.slow

SHARDS = 8


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_any_write_nothing_is_lost_and_nothing_runs_twice(
    lives: Stage, points: list[Point], blows: Blows, shard: int
) -> None:
    found = Counter(blows.strike(lives, point, {KILLED, 0}) for point in points[shard::SHARDS])
    print(f"\n{found.total()} kills: {dict(found)}")
    assert found.total() == len(points[shard::SHARDS])


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize(("blow", "stays"), [("error=ENOSPC", True), ("error=EIO", False)])
def test_a_full_or_failing_disk_at_any_write_is_said_and_loses_nothing(
    lives: Stage, points: list[Point], blows: Blows, blow: str, stays: bool, shard: int, is_long: bool
) -> None:
    step = 1 if is_long else 5
    struck = [replace(point, blow=blow, stays=stays) for point in points[::step]]
    found = Counter(blows.strike(lives, point, {0, REFUSED}) for point in struck[shard::SHARDS])
    print(f"\n{found.total()} times {blow}: {dict(found)}")


def test_killed_right_before_the_effect_it_is_in_doubt_and_did_not_happen(lives: Stage, blows: Blows) -> None:
    point = Point("write", 1, path="happened.jsonl")
    assert blows.strike(lives, point, {KILLED}) == "in doubt, did not happen"


def test_a_life_that_nothing_befalls_succeeds(lives: Stage, blows: Blows) -> None:
    assert blows.strike(lives, Point("pwrite64", 65_000), {0}) == "succeeded"
