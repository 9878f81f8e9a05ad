"""One blow after the other: each life is struck, what it left is judged, and the figures of all are kept."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from dataclasses import dataclass, field

from tests.fakes.world import World
from tests.torture.judge import judge
from tests.torture.scene import REFUSED, Acks
from tests.torture.stage import Life, Point, Stage

KILLED = -9


@dataclass
class Blows:
    """How often each kind of blow fell, and what had happened in the world once everything had come to its end."""

    fallen: Counter[str] = field(default_factory=Counter)
    effects: int = 0
    doubles: int = 0

    def strike(self, lives: Stage, point: Point, expected: set[int], after: Life | None = None) -> str:
        """Strike one life at a point and judge what it left; how that was found. The message of a failure names the point."""
        return self.judged(lives.strike(point, after), point, expected)

    def judged(self, life: Life, point: Point, expected: set[int]) -> str:
        """Judge what a struck life left, and take it away."""
        refused = Acks(life.folder).read().get("refused", "")
        try:
            assert life.exit_code in expected, f"exit code {life.exit_code} {refused}"
            if life.exit_code == REFUSED:
                assert refused.endswith("."), refused
            found = asyncio.run(judge(life.folder))
        except BaseException as error:
            error.add_note(f"after {point.inject} in {life.folder}")
            raise
        finally:
            self._count(life, point)
        shutil.rmtree(life.folder)
        return found

    def _count(self, life: Life, point: Point) -> None:
        counts = World(life.folder / "world").counts
        self.fallen[point.blow if life.exit_code else f"{point.blow}, survived"] += 1
        self.effects += counts.total()
        self.doubles += sum(count - 1 for count in counts.values())

    def __str__(self) -> str:
        return f"{self.fallen.total()} blows {dict(self.fallen)}: {self.effects} effects, {self.doubles} of them twice"
