"""A monkey clicks and types at the real window, on a real core: no exception, and no answer lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legate_core.approvals.queries import DecidedApprovals, PendingApprovals
from legate_core.audit.queries import VerifyJournal
from legate_core.practice.workspace import practice_task
from legate_core.runs.commands import StartRun
from tests.desktop.real_core import RealCore
from tests.desktop.real_desktop import RealDesktop

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the programs of this desktop are those of Linux"),
]

ROOT = Path(__file__).resolve().parents[2]
SECONDS, LONG_SECONDS = 30, 600
SEED = 20_260
RUNS = 12
"""So many questions wait at first; answering one brings the next of its run."""

DECIDED = {"ApproveAction": {"approved"}, "EditAction": {"edited"}, "RejectAction": {"rejected"}}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesktop]:
    found = RealDesktop(tmp_path_factory.mktemp("desk"))
    try:
        yield found
    finally:
        found.end()


def last_words(answers: list[dict[str, str]]) -> dict[str, str]:
    """By question, the last thing the core said it took."""
    return {answer["id"]: answer["command"] for answer in answers}


def test_a_monkey_finds_no_exception_and_loses_no_answer(desk: RealDesktop, is_long: bool) -> None:
    core = RealCore(desk.folder / "home")

    async def begin(client: Any) -> None:
        for _ in range(RUNS):
            await client.send(StartRun(*practice_task()))

    core.here(begin)
    seconds = LONG_SECONDS if is_long else SECONDS
    command = [sys.executable, "-m", "tests.desktop.monkey", str(core.home), str(SEED), str(seconds)]
    process = desk.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    out, err = process.communicate(timeout=seconds + 120)
    assert process.returncode == 0, err[-4_000:]
    said = json.loads(out.splitlines()[-1])
    assert said["faults"] == []
    assert "Traceback" not in err, err[-4_000:]
    assert said["deeds"] > seconds
    assert {answer["command"] for answer in said["answers"]} >= {"ApproveAction"}, "it never answered"

    async def look(client: Any) -> tuple[Any, Any, Any]:
        return (
            await client.ask(DecidedApprovals()),
            await client.ask(PendingApprovals()),
            await client.ask(VerifyJournal()),
        )

    decided, pending, report = core.here(look)
    for key, answer in last_words(said["answers"]).items():
        if answer in DECIDED:
            assert decided[key].state in DECIDED[answer], (key, answer)
        elif answer == "UndoAnswer":
            assert key in pending or key in decided
    # Nothing was decided that nobody answered.
    answered = {answer["id"] for answer in said["answers"]}
    assert {key for key, row in decided.items() if row.state in ("approved", "edited", "rejected")} <= answered
    assert report.intact.state.value == "holds"
    print(f"{said['deeds']:,} deeds, {len(answered)} questions answered in {seconds} s")
