"""Parts of the work on documents that stand alone: what fails is told and rests for a growing pause, and nothing else waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from legate_core.errors import LegateError
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.troubles import in_words

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_SECONDS = 2.0
MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Rest:
    """Until when a part rests, by the loop's clock, and how long this rest is."""

    until: float
    seconds: float


class Parts:
    """The parts of one workspace's work, each by its name. Doctor shows those that fail."""

    def __init__(self, kernel: Kernel, workspace_id: str) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._resting: dict[str, _Rest] = {}

    async def do(
        self, part: str, work: Callable[[], Awaitable[T]], tell: Callable[[], Awaitable[None]] | None = None
    ) -> T | None:
        """Do a part, unless it rests; None where it rests or fails. Whatever goes wrong in it ends here; `tell` is called
        where that is news, and raises nothing."""
        if self.rests(part):
            return None
        try:
            found = await work()
        except Exception as error:
            if self._failed(part, error) and tell is not None:
                await tell()
            return None
        self.end(part)
        return found

    def rests(self, part: str) -> bool:
        """Whether a part failed and its time to be tried again has not come."""
        rest = self._resting.get(part)
        return rest is not None and asyncio.get_running_loop().time() < rest.until

    def has_failed(self, part: str) -> bool:
        """Whether a part failed when it was last done."""
        return part in self._resting

    def end(self, part: str) -> None:
        """A part works, or is not needed any more."""
        self._resting.pop(part, None)
        self._kernel.troubles.over(self._workspace_id, part)

    def seconds_left(self, since: float) -> float | None:
        """Until the first part may be tried again of those that still rested at a time; None where none did."""
        now = asyncio.get_running_loop().time()
        return min((max(0.0, rest.until - now) for rest in self._resting.values() if rest.until > since), default=None)

    def _failed(self, part: str, error: Exception) -> bool:
        """Let a part rest; whether what went wrong is news."""
        last = self._resting.get(part)
        seconds = min(MOST_SECONDS, 2 * last.seconds if last is not None else FIRST_SECONDS)
        self._resting[part] = _Rest(asyncio.get_running_loop().time() + seconds, seconds)
        is_news = self._kernel.troubles.say(self._workspace_id, part, error)
        if is_news:
            trace = None if isinstance(error, LegateError) else error
            log.error("%s failed, trying again in %g s: %s", part, seconds, in_words(error), exc_info=trace)
        return is_news
