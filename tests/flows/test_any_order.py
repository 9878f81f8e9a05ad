"""Answers, edits, undo, expiry, cancels, crashes and jumps of the clock in any order: a state machine on the real code."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from legate_core.approvals.commands import ApproveAction, EditAction, RejectAction, UndoAnswer
from legate_core.audit.queries import VerifyJournal
from legate_core.errors import Conflict, LegateError
from legate_core.runs.commands import CancelRun, StopEverything
from legate_core.runs.doubt import SettleDoubt
from legate_core.runs.model import FINAL
from legate_core.runs.queries import Runs
from legate_core.storage.migrate import migrate
from tests.flows.story import SEND, Story, turn

pytestmark = pytest.mark.slow

R = TypeVar("R")
PROPOSED = dict(SEND["arguments"])
SCRIPT = (turn(0, "I tell Kim.", SEND), turn(1, "That is all."))


class Days(RuleBasedStateMachine):
    """What a person, an agent, the clock and a power cut can do to one Legate."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "legate.db")
        self.story = Story.at(self.folder, f"sqlite:///{self.folder / 'legate.db'}")
        self.runs: list[str] = []
        self.answered: dict[str, str] = {}
        self.allowed: dict[str, dict[str, Any]] = {}

    def do(self, work: Coroutine[Any, Any, R]) -> R | None:
        """Do it, and let everything happen that follows; what is refused changes nothing, and the invariants say so."""

        async def settled() -> R | None:
            try:
                return await work
            except LegateError:
                return None
            finally:
                await self.story.settled()

        return self.runner.run(settled())

    @initialize()
    def install(self) -> None:
        self.runner.run(self.story.begin())

    @precondition(lambda self: len(self.runs) < 4)
    @rule()
    def start(self) -> None:
        run_id = self.do(self.story.run(*SCRIPT))
        assert run_id is not None
        self.runs.append(run_id)

    @rule(at=st.integers(0, 3), hold=st.sampled_from([0, 6]))
    def approve(self, at: int, hold: float) -> None:
        self._answer(at, lambda key: ApproveAction(key, hold_seconds=hold), PROPOSED)

    @rule(at=st.integers(0, 3), hold=st.sampled_from([0, 6]), text=st.sampled_from(["later", "never"]))
    def edit(self, at: int, hold: float, text: str) -> None:
        arguments = PROPOSED | {"text": text}
        self._answer(at, lambda key: EditAction(key, arguments, hold_seconds=hold), arguments)

    @rule(at=st.integers(0, 3), hold=st.sampled_from([0, 6]), stop=st.booleans())
    def reject(self, at: int, hold: float, stop: bool) -> None:
        self._answer(at, lambda key: RejectAction(key, "No.", stop, hold), None)

    def _answer(self, at: int, command: Any, allowed: dict[str, Any] | None) -> None:
        rows = self.runner.run(self.story.inbox())
        if not rows:
            return
        row = rows[at % len(rows)]
        # Noted before it is sent, because the effect may follow at once.
        before = self.allowed.pop(row.run_id, None)
        if allowed is not None:
            self.allowed[row.run_id] = allowed
        if self.do(self.story.send(command(row.id))) is None:
            self.allowed.pop(row.run_id, None)
            if before is not None:
                self.allowed[row.run_id] = before
        self.answered[row.id] = row.run_id

    @precondition(lambda self: self.answered)
    @rule(at=st.integers(0, 3))
    def undo(self, at: int) -> None:
        key = list(self.answered)[at % len(self.answered)]

        async def take_back() -> bool:
            await self.story.send(UndoAnswer(key))
            return True

        if self.do(take_back()):
            self.allowed.pop(self.answered[key], None)

    @rule(seconds=st.sampled_from([1, 6, 31, 3600, 24 * 3600, -3600]))
    def time_passes(self, seconds: float) -> None:
        self.do(self.story.later(seconds))

    @precondition(lambda self: self.runs)
    @rule(at=st.integers(0, 3))
    def cancel(self, at: int) -> None:
        self.do(self.story.send(CancelRun(self.runs[at % len(self.runs)])))

    @rule()
    def stop_everything(self) -> None:
        self.do(self.story.send(StopEverything()))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.story.restart())

    @rule(at=st.integers(0, 3), behaviour=st.sampled_from(["hang", "hang_after"]))
    def die_while_acting(self, at: int, behaviour: Any) -> None:
        async def die() -> None:
            rows = await self.story.inbox()
            if not rows:
                return
            row = rows[at % len(rows)]
            self.story.world.behave["world.send"] = behaviour
            self.story.world.started.clear()
            try:
                await self.story.send(ApproveAction(row.id))
            except Conflict:
                # It expired, and the sweep has not looked yet.
                return
            self.allowed[row.run_id] = PROPOSED
            await asyncio.wait_for(self.story.world.started.wait(), 30)

        self.runner.run(die())
        self.story.world.behave.clear()
        self.runner.run(self.story.restart())

    @rule(at=st.integers(0, 3), wants_it=st.booleans())
    def settle_doubt(self, at: int, wants_it: bool) -> None:
        rows = self.runner.run(self.story.doubts())
        if not rows:
            return
        row = rows[at % len(rows)]
        # The person looks, and says the truth or gives up.
        truth = "happened" if self._effects(row.run_id) else "do_it"
        self.do(self.story.send(SettleDoubt(row.id, truth if wants_it else "give_up")))

    def _effects(self, run_id: str) -> list[dict[str, Any]]:
        return [dict(effect.arguments) for effect in self.story.world.happened if effect.key.startswith(run_id)]

    @invariant()
    def at_most_one_effect_and_only_what_was_approved(self) -> None:
        for run_id in self.runs:
            effects = self._effects(run_id)
            assert len(effects) <= 1
            assert effects in ([], [self.allowed.get(run_id)])

    @invariant()
    def every_run_has_ended_or_waits_for_something(self) -> None:
        if not self.runs:
            return
        rows = self.runner.run(self.story.ask(Runs()))
        inbox = {row.run_id for row in self.runner.run(self.story.inbox())}
        doubts = {row.run_id for row in self.runner.run(self.story.doubts())}
        ended = {run_id for run_id, row in rows.items() if row.status in FINAL}
        assert not inbox & ended
        for run_id, row in rows.items():
            states = self.runner.run(self.story.tool_states(run_id))
            match row.status:
                case "succeeded":
                    assert set(states) <= {"confirmed", "failed", "denied", "withdrawn"}
                case "waiting":
                    # For a person, or for the end of the hold.
                    assert (run_id in inbox) != (states == ["ready"]), (row, states)
                case "in_doubt":
                    assert run_id in doubts
                case status:
                    assert status in ("failed", "cancelled", "ended_early")
                    assert row.reason.endswith(".")
            if states == ["denied"]:
                assert self._effects(run_id) == []

    def teardown(self) -> None:
        try:
            if self.story.is_running:
                report = self.runner.run(self.story.ask(VerifyJournal()))
                assert report.is_sound, [finding.sentence for finding in report.findings]
                for fact in self.runner.run(self.story.facts("run.finished")):
                    assert fact.body["status"] != "succeeded" or fact.body["open_actions"] == 0
                self.runner.run(self.story.end())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)


def test_no_order_of_things_breaks_a_promise(tmp_path: Path, is_long: bool) -> None:
    Days.template = tmp_path / "template.db"
    migrate(f"sqlite:///{Days.template}")
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=100 if is_long else 25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
