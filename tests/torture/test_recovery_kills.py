"""Legate is killed while it recovers from having been killed; whoever recovers last still finds every promise kept.

In CI: cut off right before and right after the effect, then again at some writes of the recovery. `make torture` strikes the
recoveries from all over the first life, those two at every write.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.torture.blows import KILLED, Blows
from tests.torture.scene import Acks
from tests.torture.stage import Life, Point, Stage

pytestmark = pytest.mark.slow

# The effect is one write to a file that is closed at once: at its entry nothing has happened, at the closing everything has.
BEFORE = Point("write", 1, path="happened.jsonl")
AFTER = Point("close", 1, path="happened.jsonl")


@pytest.mark.parametrize("first", [BEFORE, AFTER], ids=["before", "after"])
def test_killed_while_it_recovers_from_a_kill_at_the_effect_it_still_happens_once(
    lives: Stage, blows: Blows, first: Point, is_long: bool
) -> None:
    left = lives.strike(first)
    assert left.exit_code == KILLED
    found = _strike_the_recovery(lives, blows, left, 1 if is_long else 20)
    # Early in the recovery it is in doubt still; late in it a person has said what became of it, and it was not done again.
    early = "in doubt, did not happen" if first is BEFORE else "in doubt, happened"
    assert found[early] > 0, found
    assert found["succeeded"] > 0, found


def test_killed_anywhere_and_again_while_it_recovers_nothing_is_lost_or_done_twice(
    lives: Stage, points: list[Point], blows: Blows, is_long: bool
) -> None:
    chance = random.Random(11)
    for first in points[::20] if is_long else chance.sample(points, 2):
        left = lives.strike(first)
        assert left.exit_code in (KILLED, 0)
        _strike_the_recovery(lives, blows, left, 4 if is_long else 40)


def test_killed_again_and_again_it_comes_to_its_end(
    lives: Stage, points: list[Point], blows: Blows, is_long: bool
) -> None:
    """Each life is killed somewhere in the recovery from the one before, until one survives."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"\nseed {seed}")
    chance = random.Random(seed)
    kills = 0
    for _ in range(40 if is_long else 2):
        point = chance.choice(points)
        life = lives.strike(point)
        for _ in range(6):
            kills += life.exit_code == KILLED
            point = replace(chance.choice(points), number=chance.randrange(1, 60))
            life = lives.strike(point, after=life)
        blows.judged(life, point, {KILLED, 0})
    assert kills > 0


def _strike_the_recovery(lives: Stage, blows: Blows, left: Life, step: int) -> Counter[str]:
    points = lives.points(after=left)
    assert len(points) > 20, "hardly anything is written while it recovers"
    found = Counter(blows.strike(lives, point, {KILLED, 0}, after=left) for point in points[::step])
    print(f"\n{found.total()} kills of a recovery: {dict(found)}, after {sorted(Acks(left.folder).read())}")
    return found
