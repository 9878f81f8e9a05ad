"""When to ask a server again: a few times, later each time, never sooner than it says."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

ATTEMPTS = 4
BASE_SECONDS = 0.5
MAX_BACK_OFF_SECONDS = 8.0
MAX_WAIT_SECONDS = 60.0
"""A longer wait holds a worker for nothing: the call fails and says when to come back."""
MAX_PARKED_SECONDS = 86_400.0
"""A run waits for a server that long. One that wants to be left alone for longer ends the run, so that a person looks."""


def back_off(attempt: int, jitter: float) -> float:
    """Seconds to wait after the attempt-th failure: doubled each time, half of it by chance so that many do not meet."""
    full = min(MAX_BACK_OFF_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
    return full * (0.5 + 0.5 * jitter)


def wait_seconds(attempt: int, jitter: float, asked_seconds: float | None) -> float | None:
    """How long to wait before the next attempt, or None where there shall be none."""
    if attempt >= ATTEMPTS or (asked_seconds is not None and asked_seconds > MAX_WAIT_SECONDS):
        return None
    return max(back_off(attempt, jitter), asked_seconds or 0.0)


def retry_after(header: str | None, now_ms: int, date: str | None = None) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as a date; None where it says nothing.

    A date is measured against the server's own clock (its `Date` header) where it shows one: whether this computer's
    clock is right does not matter then.
    """
    text = (header or "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal() and len(text) < 12:
        return float(text)
    when = _moment(text)
    if when is None:
        return None
    here = _moment(date or "")
    return max(0.0, when - (now_ms / 1000 if here is None else here))


def _moment(text: str) -> float | None:
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
