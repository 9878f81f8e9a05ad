"""The mission log as lines: bars in their places, idle time folded, calls under the reply that asked for them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_desktop.pages.runs.timeline import GAP_SHARE, Bar, Scale, Timeline, timeline
from legate_desktop.pages.runs.view import StepRow

SECOND, HOUR = 1_000, 3_600_000


def model(index: int, begin: int, end: int, **more: object) -> StepRow:
    return StepRow(f"s{index}", index, "model", "done", "answers", started_at=begin, finished_at=end, **more)


def tool(index: int, begin: int, end: int, state: str = "confirmed", **more: object) -> StepRow:
    fields = {"effect": "send", **more}
    return StepRow(f"s{index}", index, "tool", state, "mail.send", started_at=begin, finished_at=end, **fields)


def test_no_step_is_no_line() -> None:
    assert timeline([], set(), 0, is_open=True) == Timeline()


def test_bars_stand_where_their_time_was() -> None:
    shown = timeline([model(0, 0, 4_000), model(1, 4_000, 8_000)], set(), 9_000, is_open=False)
    assert [line.bar for line in shown.lines] == [Bar(0, 0, 0.5), Bar(0.5, 0.5, 1)]
    assert (shown.shown_ms, shown.working_ms, shown.waiting_ms) == (8_000, 8_000, 0)
    assert [line.took_ms for line in shown.lines] == [4_000, 4_000]


def test_calls_stand_under_the_reply_that_asked_for_them_and_fold_away() -> None:
    steps = [model(0, 0, 10), tool(1, 10, 20), tool(2, 20, 30), model(3, 30, 40)]
    shown = timeline(steps, set(), 40, is_open=False)
    assert [(line.id, line.depth, line.children) for line in shown.lines] == [
        ("s0", 0, 2),
        ("s1", 1, 0),
        ("s2", 1, 0),
        ("s3", 0, 0),
    ]
    folded = timeline(steps, {"s0", "s3"}, 40, is_open=False)
    assert [(line.id, line.is_folded, line.words) for line in folded.lines] == [
        ("s0", True, "2 calls folded"),
        ("s3", False, ""),
    ]


def test_a_question_shows_how_long_it_waited_and_how_long_it_then_worked() -> None:
    steps = [model(0, 0, 1_000), tool(1, 1_000, 4_000, acted_at=3_000)]
    shown = timeline(steps, set(), 9_000, is_open=False)
    assert shown.lines[1].bar == Bar(0.25, 0.75, 1)
    assert shown.lines[1].took_ms == 1_000
    assert (shown.working_ms, shown.waiting_ms) == (2_000, 2_000)


def test_a_long_wait_folds_after_the_step_that_waited() -> None:
    steps = [
        model(0, 0, 1_000),
        tool(1, 1_000, 2 * HOUR + 2_000, acted_at=2 * HOUR + 1_000),
        model(2, 2 * HOUR + 2_000, 2 * HOUR + 3_000),
    ]
    shown = timeline(steps, set(), 3 * HOUR, is_open=False)
    assert [line.step.id if line.step else line.words for line in shown.lines] == [
        "s0",
        "s1",
        "2 h 0 m, waiting for an answer",
        "s2",
    ]
    # Two hours take no more of the width than any other pause.
    assert shown.shown_ms == 3_000
    bar = shown.lines[1].bar
    assert bar is not None
    assert bar.act - bar.begin == pytest.approx(GAP_SHARE / (1 + GAP_SHARE))


def test_what_is_open_reaches_until_now_and_what_is_over_does_not() -> None:
    waiting = [model(0, 0, 1_000), tool(1, 1_000, 0, state="waiting")]
    assert timeline(waiting, set(), 11_000, is_open=True).waiting_ms == 10_000
    assert timeline(waiting, set(), 11_000, is_open=False).waiting_ms == 0
    at_work = [model(0, 0, 1_000), tool(1, 1_000, 0, state="dispatched", acted_at=1_000)]
    shown = timeline(at_work, set(), 5_000, is_open=True)
    assert (shown.working_ms, shown.lines[1].took_ms) == (5_000, 4_000)


def test_while_nothing_is_open_in_a_running_run_its_model_thinks() -> None:
    steps = [model(0, 0, 1_000), tool(1, 1_000, 2_000)]
    shown = timeline(steps, set(), 62_000, is_open=True, is_running=True)
    assert (len(shown.lines), shown.working_ms, shown.waiting_ms) == (2, 62_000, 0)


def test_idle_time_between_two_steps_is_said_to_be_idle() -> None:
    shown = timeline([model(0, 0, 1_000), model(1, 61_000, 62_000)], set(), 99_000, is_open=False)
    assert [line.words for line in shown.lines] == ["", "1 m 0 s, nothing happened", ""]


spans = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 10**5)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)


@given(spans, st.lists(st.integers(0, 10**7), min_size=2, max_size=20))
def test_places_are_between_nought_and_one_and_in_the_order_of_time(
    busy: list[tuple[int, int]], moments: list[int]
) -> None:
    scale = Scale(busy, 0, 10**7)
    places = [scale.place(moment) for moment in sorted(moments)]
    assert all(0 <= place <= 1.0000001 for place in places)
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(places))
    assert scale.place(10**8) in (0, pytest.approx(1))
