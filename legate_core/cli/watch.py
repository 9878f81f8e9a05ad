"""Following a run until it rests: it has ended, or nothing of it moves without a person, or before long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import legate_core as core
from legate_core.runs.model import BY_ITSELF, FINAL

if TYPE_CHECKING:
    from legate_core.approvals.model import ApprovalRow
    from legate_core.client import Client
    from legate_core.runs.model import RunDetail, RunRow, StepRow

MOVING = frozenset({"proposed", "ready", "dispatched", "open"})
"""States of a step that go on without a person."""


@dataclass(frozen=True)
class Rest:
    """Where a run came to rest: its line and words, its steps, and the questions it waits with. One `is_held` that could
    begin or go on, but for the pause of its workspace."""

    run: RunDetail
    steps: tuple[StepRow, ...]
    questions: tuple[ApprovalRow, ...]
    is_held: bool = False

    @property
    def row(self) -> RunRow:
        return self.run.row


def rests(row: RunRow, steps: Iterable[StepRow], asking: Iterable[str]) -> bool:
    """Whether nothing of a run moves without a person, or before long. `asking` are the ids of the questions that wait.

    An answer is committed before the run hears of it, so the run's own status would say too early that it waits.
    """
    if row.status in FINAL:
        return True
    if row.status == "waiting" and row.waiting_for != "approval":
        # What other runs have set aside comes free within a call. A limit, the vault or an hour may take for ever, and a
        # command that is sent to follow a run ends then and says what it waits for.
        return row.waiting_for != "budget" or not row.reason.endswith(BY_ITSELF)
    states = {step.state for step in steps if step.kind == "tool"}
    if row.status == "in_doubt":
        return "in_doubt" in states and not states & MOVING
    if row.status != "waiting" or states & MOVING:
        return False
    open_questions = {step.approval_id for step in steps if step.state == "waiting"}
    return bool(open_questions) and open_questions <= set(asking)


async def until_rest(client: Client, run_id: str, on_step: Callable[[StepRow], None]) -> Rest:
    """Follow a run until it rests; `on_step` hears every step that is new or has changed its state."""
    watch = _Watch(client, run_id, on_step)
    tasks = [asyncio.ensure_future(work) for work in (watch.read_log(), watch.read_runs(), watch.read_pause())]
    try:
        while True:
            watch.changed.clear()
            found = await watch.look()
            if found is not None:
                return found
            await _first(watch.changed.wait(), tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _first(changed: Coroutine[Any, Any, Any], tasks: Sequence[asyncio.Future[None]]) -> None:
    """Return once something changed. A listener that ended takes its error to whoever waits here."""
    waiting = asyncio.ensure_future(changed)
    try:
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    for task in tasks:
        if task.done():
            task.result()


@dataclass
class _Watch:
    client: Client
    run_id: str
    on_step: Callable[[StepRow], None]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _is_paused: bool = False
    _told: dict[str, str] = field(default_factory=dict[str, str])

    async def read_log(self) -> None:
        async for steps in core.follow(self.client, core.RunLog(self.run_id)):
            self._tell(steps)
            self.changed.set()

    async def read_runs(self) -> None:
        """Wake for every change of the run itself."""
        query = core.Runs(ids=(self.run_id,))
        while True:
            snapshot = await self.client.snapshot(query)
            self.changed.set()
            async for delivery in self.client.events(query, snapshot.cursor):
                if any(fact.body.get("run_id") == self.run_id for fact in delivery.events):
                    self.changed.set()

    async def read_pause(self) -> None:
        async for rows in core.follow(self.client, core.RunsPause()):
            self._is_paused = any(pause.is_paused for pause in rows.values())
            self.changed.set()

    async def look(self) -> Rest | None:
        """The run where it rests, read afresh, or None while it moves."""
        row = (await self.client.ask(core.Runs(ids=(self.run_id,)))).get(self.run_id)
        if row is not None and row.status == "ready" and self._is_paused:
            return Rest(await self.client.ask(core.Run(self.run_id)), (), (), is_held=True)
        if row is not None and row.status in ("ready", "running"):
            return None
        run = await self.client.ask(core.Run(self.run_id))
        steps = await self.client.ask(core.RunLog(self.run_id))
        pending = await self.client.ask(core.PendingApprovals())
        self._tell(steps)
        mine = tuple(question for question in pending.values() if question.run_id == self.run_id)
        ordered = tuple(sorted(steps.values(), key=lambda step: step.index))
        return Rest(run, ordered, mine) if rests(run.row, ordered, [question.id for question in mine]) else None

    def _tell(self, steps: Mapping[str, StepRow]) -> None:
        for step in sorted(steps.values(), key=lambda step: step.index):
            if self._told.get(step.id) != step.state:
                self._told[step.id] = step.state
                self.on_step(step)
