"""Quiet hours: from one time of day to another, over midnight too. Pure."""

from __future__ import annotations

import re

MINUTES_OF_DAY = 24 * 60
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def minute_of(text: str) -> int | None:
    """The minute of the day behind “22:30”; None for anything else."""
    found = _TIME.fullmatch(text.strip())
    return int(found[1]) * 60 + int(found[2]) if found else None


def is_quiet(minute: int, begin: str, end: str) -> bool:
    """Whether this minute of the day lies in the quiet hours. The same time twice, or no time, means none."""
    first, last = minute_of(begin), minute_of(end)
    if first is None or last is None or first == last:
        return False
    return first <= minute < last if first < last else minute >= first or minute < last


def minutes_left(minute: int, end: str) -> int:
    """How many minutes until quiet hours end."""
    last = minute_of(end)
    return 0 if last is None else (last - minute) % MINUTES_OF_DAY
