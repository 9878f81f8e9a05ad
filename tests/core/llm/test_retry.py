"""Waiting before the next attempt: doubled, bounded, never sooner than the server asks."""

import pytest

from legate_core.llm.retry import ATTEMPTS, MAX_BACK_OFF_SECONDS, MAX_WAIT_SECONDS, back_off, retry_after, wait_seconds

NOW = 1_790_000_000_000


def test_waits_double_up_to_a_bound():
    assert [back_off(attempt, 1.0) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]


@pytest.mark.parametrize("jitter", [0.0, 0.3, 1.0])
def test_chance_takes_away_half_at_most(jitter: float):
    assert MAX_BACK_OFF_SECONDS / 2 <= back_off(9, jitter) <= MAX_BACK_OFF_SECONDS


def test_attempts_come_to_an_end():
    assert wait_seconds(ATTEMPTS - 1, 1.0, None) is not None
    assert wait_seconds(ATTEMPTS, 1.0, None) is None
    assert wait_seconds(ATTEMPTS, 1.0, 1.0) is None


@pytest.mark.parametrize(
    ("asked", "waited"), [(None, 0.5), (0.0, 0.5), (2.0, 2.0), (MAX_WAIT_SECONDS, MAX_WAIT_SECONDS), (61.0, None)]
)
def test_the_server_is_never_asked_sooner_than_it_says(asked: float | None, waited: float | None):
    assert wait_seconds(1, 1.0, asked) == waited


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12.0),
        (" 1.5 ", 1.5),
        ("-3", None),
        ("1e9", None),
        ("9" * 400, None),
        ("soon", None),
        ("Mon, 21 Sep 2026 14:13:30 GMT", 10.0),
        ("Mon, 21 Sep 2026 16:13:30 +0200", 10.0),
        ("Mon, 21 Sep 2026 14:13:30 -0000", 10.0),
        ("Mon, 21 Sep 2020 14:13:30 GMT", 0.0),
        ("Mon, 99 Sep 2026 14:13:30 GMT", None),
        ("Mon, 21 Sep 99999 14:13:30 GMT", None),
    ],
)
def test_retry_after_is_read(header: str | None, seconds: float | None):
    assert retry_after(header, NOW) == seconds
