"""What the engine cannot do right now: said by the part that fails, taken back by the same part, asked for by people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from legate_core.errors import LegateError


@dataclass(frozen=True, slots=True)
class Trouble:
    """One part of the engine that fails again and again: since when (milliseconds) and why, in words."""

    part: str
    sentence: str
    since: int


class Troubles:
    """The troubles of this process. They are no facts and are never stored: who mends the cause ends them."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_part: dict[tuple[str, str], Trouble] = {}

    def say(self, workspace_id: str, part: str, error: BaseException) -> bool:
        """This part failed; whether that is news, so that one trouble is logged once and not twice a minute."""
        known = self._by_part.get((workspace_id, part))
        sentence = in_words(error)
        since = known.since if known is not None else self._now()
        self._by_part[workspace_id, part] = Trouble(part, sentence, since)
        return known is None or known.sentence != sentence

    def over(self, workspace_id: str, part: str) -> None:
        """This part works again."""
        self._by_part.pop((workspace_id, part), None)

    def of(self, workspace_id: str) -> tuple[Trouble, ...]:
        """The troubles of a workspace, the oldest in front."""
        found = [trouble for (owner, _), trouble in self._by_part.items() if owner == workspace_id]
        return tuple(sorted(found, key=lambda trouble: (trouble.since, trouble.part)))


def in_words(error: BaseException) -> str:
    """What an error says to a person. One that was never meant for people is named by its kind: its text may hold anything."""
    if isinstance(error, LegateError):
        return error.message
    return f"A fault of the engine ({type(error).__name__}). Look into the log, and report it if it comes back."
