"""When a run rests: it ended, or a person must act. An answer that is on its way is no rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legate_core.cli.watch import rests
from legate_core.runs.model import RunRow, StepRow

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
    (("waiting", "timer"), [tool("waiting", "a")], ["a"], False),
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
