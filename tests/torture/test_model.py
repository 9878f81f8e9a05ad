"""The model of states, checked exhaustively by Spin: five properties hold, and none of them holds of a broken model."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from legate_core.actions.model import ActionState
from legate_core.approvals.model import ApprovalState
from legate_core.runs.model import RunStatus

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parent / "model" / "approval.pml"
PROPERTIES = (
    "at_most_once",
    "only_what_was_approved",
    "never_without_approval",
    "denied_never_runs",
    "it_ends",
)

# What the model would look like had somebody forgotten one thing; and the property that must notice.
MUTATIONS = {
    "a crash repeats what was dispatched": (
        "action == act_dispatched -> action = act_in_doubt",
        "action == act_dispatched -> action = act_ready; spent = false",
        "at_most_once",
    ),
    "drift is not looked at": ("did = bound }", "did = bound + tool }", "only_what_was_approved"),
    "a waiting question counts as a yes": (
        "approval == apr_waiting -> goto park  ",
        "approval == apr_waiting -> action = act_dispatched  ",
        "never_without_approval",
    ),
    "a rejection is told after the act": (
        "approval == apr_rejected -> action = act_denied;",
        "approval == apr_rejected -> effects = 1; action = act_denied;",
        "denied_never_runs",
    ),
    "nobody hears of an answer": ("-> job = run_ready }\n    od", "-> skip }\n    od", "it_ends"),
}


def _build(folder: Path, text: str, *defines: str) -> Path:
    (folder / "approval.pml").write_text(text)
    _run(folder, "spin", *defines, "-a", "approval.pml")
    _run(folder, "gcc", "-O1", "-DNFAIR=3", "-o", "pan", "pan.c")
    return folder / "pan"


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _errors(folder: Path, name: str) -> int:
    """How many errors the exhaustive search found; a search that was cut short is a failure of this test."""
    fair = ["-f"] if name == "it_ends" else []
    said = _run(folder, "./pan", "-a", *fair, "-m1000000", "-N", name)
    assert "max search depth too small" not in said
    found = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    assert found, said
    assert states, said
    print(f"\n{name}: {states[1]} states, {found[1]} errors")
    return int(found[1])


def test_every_property_holds_in_every_state(tmp_path: Path, is_long: bool) -> None:
    _build(tmp_path, MODEL.read_text(), *(["-DCRASHES=2", "-DUNDOS=2"] if is_long else []))
    assert {name: _errors(tmp_path, name) for name in PROPERTIES} == dict.fromkeys(PROPERTIES, 0)


@pytest.mark.parametrize("forgotten", MUTATIONS)
def test_a_model_in_which_something_is_forgotten_is_caught(tmp_path: Path, forgotten: str) -> None:
    right, wrong, name = MUTATIONS[forgotten]
    text = MODEL.read_text()
    assert text.count(right) == 1
    _build(tmp_path, text.replace(right, wrong))
    assert _errors(tmp_path, name) > 0


def test_the_model_speaks_of_the_states_of_the_code() -> None:
    """A new state in the code must be thought about in the model. Proposed is before it begins, the rest ends it."""
    text = MODEL.read_text()
    spelled = {kind: set(re.findall(r"\w+", names)) for kind, names in re.findall(r"mtype:(\w+) = \{(.*?)\}", text)}
    assert spelled["approval"] == {f"apr_{state}" for state in ApprovalState}
    assert spelled["action"] == {f"act_{state}" for state in ActionState} - {"act_proposed", "act_failed"}
    assert spelled["status"] == {f"run_{state}" for state in RunStatus} - {"run_failed", "run_ended_early"}
