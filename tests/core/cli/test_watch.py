"""When a run rests: it ended, or a person must act. An answer that is on its way is no rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legate_core.cli import resting, runs
from legate_core.cli.watch import Rest, rests
from legate_core.runs.model import BY_ITSELF, RunDetail, RunRow, RunStatus, StepRow, WaitingFor

ROW = RunRow("run_1", "agt_1", "Deputy", "running", "", "", 2, 0, 0, 0, 1, 1, 0)
MODEL = StepRow("run_1.0", "run_1", 0, "model", "done", "asks", "", "", "", 0, 0, 0, 1, 1)


def tool(state: str, approval_id: str = "") -> StepRow:
    return replace(MODEL, id=f"run_1.{state}{approval_id}", kind="tool", state=state, approval_id=approval_id)


WAITS = ("waiting", "approval")

CASES = [
    (("succeeded", ""), [MODEL], [], True),
    (("cancelled", ""), [tool("withdrawn")], [], True),
    (("ended_early", ""), [], [], True),
    (("ready", ""), [tool("waiting", "a")], ["a"], False),
    (("running", ""), [tool("waiting", "a")], ["a"], False),
    (WAITS, [MODEL, tool("waiting", "a")], ["a"], True),
    (WAITS, [tool("confirmed"), tool("denied", "x"), tool("waiting", "a"), tool("waiting", "b")], ["a", "b"], True),
    # The answer is committed, and the run has not heard of it yet.
    (WAITS, [tool("waiting", "a")], [], False),
    (WAITS, [tool("waiting", "a"), tool("waiting", "b")], ["b"], False),
    (WAITS, [tool("ready", "a"), tool("waiting", "b")], ["b"], False),
    (WAITS, [tool("dispatched", "a"), tool("waiting", "b")], ["b"], False),
    (WAITS, [tool("confirmed", "a")], [], False),
    (("waiting", "vault"), [MODEL], [], True),
    (("waiting", "budget"), [MODEL], [], True),
    (("waiting", "timer"), [MODEL], [], True),
    (("waiting", "child"), [MODEL], [], True),
    (("waiting", "pause"), [MODEL], [], True),
    (("in_doubt", ""), [tool("in_doubt", "a")], [], True),
    (("in_doubt", ""), [tool("in_doubt", "a"), tool("waiting", "b")], ["b"], True),
    (("in_doubt", ""), [tool("in_doubt", "a"), tool("ready", "b")], [], False),
    (("in_doubt", ""), [tool("confirmed", "a")], [], False),
]


@pytest.mark.parametrize(("status", "steps", "asking", "expected"), CASES)
def test_a_run_rests_when_only_a_person_can_move_it(
    status: tuple[str, str], steps: list[StepRow], asking: list[str], expected: bool
) -> None:
    row = replace(ROW, status=status[0], waiting_for=status[1])
    assert rests(row, steps, asking) is expected


def test_a_wait_that_ends_within_a_call_is_no_rest() -> None:
    row = replace(ROW, status="waiting", waiting_for="budget", reason=f"It does not fit. {BY_ITSELF}")
    assert not rests(row, [MODEL], [])
    assert rests(replace(row, reason="The limit of 1.00 is used up."), [MODEL], [])


@pytest.mark.parametrize(
    ("waiting_for", "says"),
    [(WaitingFor.APPROVAL, "waits for you"), (WaitingFor.BUDGET, "money"), (WaitingFor.VAULT, "vault")],
)
def test_a_run_says_what_it_waits_for(waiting_for: WaitingFor, says: str) -> None:
    row = replace(ROW, status="waiting", waiting_for=waiting_for.value, reason="")
    rest = Rest(RunDetail(row, "", "", is_erased=False), (), ())
    assert says in runs.status(row)
    assert says in resting.status_words(rest)
    assert ("for you" in resting.status_words(rest)) is (waiting_for is WaitingFor.APPROVAL)


def test_a_run_that_could_begin_but_for_a_pause_says_so_and_counts_as_waiting() -> None:
    row = replace(ROW, status="ready")
    rest = Rest(RunDetail(row, "", "", is_erased=False), (), (), is_held=True)
    assert "paused; 'legate runs resume'" in resting.status_words(rest)
    assert resting.code(rest) == resting.WAITING


def test_everything_that_a_run_may_wait_for_has_its_words_and_its_code() -> None:
    assert set(resting.WAITS) == {kind.value for kind in WaitingFor if kind is not WaitingFor.NOTHING}
    assert set(resting.CODES) == {kind.value for kind in RunStatus} - {"ready", "running"}
    assert all(str(code) in resting.CODES_IN_WORDS for code in resting.CODES.values())
