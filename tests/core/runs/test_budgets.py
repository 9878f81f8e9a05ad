"""Whether a call fits under the limits on money, and how that is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legate_core.runs.budgets import LOOK_AGAIN_MS, Budget, dollars, judge

DAY = Budget("workspace.day", "workspace", "day", 5_000_000, 4_900_000, 60_000, 0, 86_400_000)


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "$0.00"), (250, "$0.00025"), (5_000_000, "$5.00"), (1_500_000, "$1.50"), (1_234_567_890, "$1,234.56789")],
)
def test_an_amount_is_said_in_cents_and_exactly_where_cents_would_hide_it(micros: int, text: str) -> None:
    assert dollars(micros) == text


def test_a_call_that_fits_to_the_millionth_is_made() -> None:
    assert judge([DAY], 40_000, now=1) is None


def test_what_others_have_set_aside_is_waited_for_a_moment() -> None:
    blocked = judge([DAY], 40_001, now=1)
    assert blocked is not None
    assert blocked.wake_at == 1 + LOOK_AGAIN_MS


def test_what_fits_under_no_limit_says_what_it_would_cost_and_when_it_goes_on() -> None:
    blocked = judge([replace(DAY, others_micros=0)], 100_001, now=1)
    assert blocked is not None
    assert blocked.wake_at == DAY.ends_at
    assert blocked.reason == (
        "The next model call may cost $0.100001, which does not fit under the workspace's money limit of $5.00 per day: "
        "$4.90 are spent. It goes on when the limit is raised or the day turns."
    )
