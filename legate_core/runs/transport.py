"""Who wakes a run in this process. A wake-up is only a hint: lost, late or repeated ones lose and double nothing.

Whatever goes wrong here stops neither the sweep nor another run. A run that cannot be advanced is taken up again, and is
ended with its reason where that does not help: nobody waits for ever for a fault.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select

from legate_core.approvals.commands import ExpireApprovals
from legate_core.errors import LegateError, Unavailable
from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.troubles import in_words
from legate_core.runs.commands import ReadyDueRuns
from legate_core.runs.executor import Executor
from legate_core.runs.pausing import are_paused
from legate_core.runs.tables import runs

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
CONCURRENT_RUNS = 8
CLOSING_SECONDS = 5.0

ATTEMPTS = 3
"""How often a run is taken up that cannot be advanced, before it is ended. What is away and may come back is not counted."""

RETRY_SECONDS = 2.0
TIMERS = "the timers of runs"

Key = tuple[str, str]
"""A workspace and a run of it."""


class Transport:
    """Advances runs of this process, a few at a time; looks by itself at start and twice a minute."""

    def __init__(self, kernel: Kernel, executor: Executor, workspaces: Sequence[str]) -> None:
        self.kernel = kernel
        self.executor = executor
        self.workspaces = list(workspaces)
        self._active: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._orphans: set[Key] = set()
        self._faults: dict[Key, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._slots = asyncio.Semaphore(CONCURRENT_RUNS)
        self._closing = False

    def hint(self, workspace_id: str, run_id: str) -> None:
        """This run may have something to do."""
        if self._closing:
            return
        if run_id in self._active:
            self._again.add(run_id)
            self.kernel.start(self._interrupt(workspace_id, run_id), f"look at {run_id}")
            return
        task = asyncio.get_running_loop().create_task(self._work(workspace_id, run_id), name=f"run {run_id}")
        self._active[run_id] = task

    async def sweep(self) -> None:
        """Look once at every workspace: expire questions, ready what is due, advance what is ready, recover orphans."""
        for workspace_id in self.workspaces:
            for part, work in (
                ("the expiry of questions", self._expire),
                ("waking what is due", self._ready_what_is_due),
                (TIMERS, self._set_timers),
            ):
                await self._stand_alone(workspace_id, part, partial(work, workspace_id))
        for workspace_id, run_id in self._orphans:
            if run_id not in self._active:
                self.hint(workspace_id, run_id)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def _stand_alone(self, workspace_id: str, part: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do one part of the engine's housekeeping. Its failure is told and hinders nothing else; the next sweep tries again."""
        try:
            await work()
        except Exception as error:
            if self.kernel.troubles.say(workspace_id, part, error):
                trace = None if isinstance(error, LegateError) else error
                log.error("%s failed, trying again in %g s: %s", part, SWEEP_SECONDS, in_words(error), exc_info=trace)
        else:
            self.kernel.troubles.over(workspace_id, part)

    async def _expire(self, workspace_id: str) -> None:
        await self.kernel.send(self.kernel.system(workspace_id), ExpireApprovals())

    async def _ready_what_is_due(self, workspace_id: str) -> None:
        actor = self.kernel.system(workspace_id)
        due = await self.kernel.send(actor, ReadyDueRuns())
        if due and await self.kernel.look(actor, are_paused):
            # None of them could be claimed; whoever resumes wakes them.
            return
        for run_id in due:
            self.hint(workspace_id, run_id)

    async def _set_timers(self, workspace_id: str) -> None:
        """Also after a restart: whoever set a run's timer may be dead."""
        for run_id, due in await self.kernel.look(self.kernel.system(workspace_id), _held):
            self._call_at(workspace_id, run_id, due)

    def take_over(self, workspace_id: str, run_id: str) -> None:
        """Advance a run whose worker died from where it was left: what it had dispatched is probed, then it goes on."""
        self._orphans.add((workspace_id, run_id))
        self.hint(workspace_id, run_id)

    def ask_about(self, workspace_id: str, definition_hash: str, action_id: str) -> None:
        """Ask the other side about a call in doubt whose run has ended. Where that fails it stays in doubt, for a person."""
        asking = self._ask_about(workspace_id, definition_hash, action_id)
        self._active[action_id] = asyncio.get_running_loop().create_task(asking, name=f"asking about {action_id}")

    async def settled(self) -> None:
        """Wait until no run is being advanced and no reactor has work; for tests and a clean close."""
        while True:
            await self.kernel.pump.settled()
            if not self._active:
                return
            await asyncio.wait(list(self._active.values()))

    async def close(self) -> None:
        """Stop advancing. A tool at work is given a moment to finish; what is cut off is found again at the next start."""
        self._closing = True
        self.executor.stop()
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._active.values())
        deadline = asyncio.get_running_loop().time() + CLOSING_SECONDS
        while self.executor.is_acting and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _interrupt(self, workspace_id: str, run_id: str) -> None:
        try:
            await self.executor.interrupt_if_over(workspace_id, run_id)
        except LegateError as error:
            log.error("could not look whether run %s is over: %s", run_id, error.message)

    async def _work(self, workspace_id: str, run_id: str) -> None:
        try:
            async with self._slots:
                await self._attempt(workspace_id, run_id)
            await self._stand_alone(workspace_id, TIMERS, lambda: self._set_timer(workspace_id, run_id))
        finally:
            self._active.pop(run_id, None)
            if run_id in self._again:
                self._again.discard(run_id)
                self.hint(workspace_id, run_id)

    async def _ask_about(self, workspace_id: str, definition_hash: str, action_id: str) -> None:
        try:
            await self.executor.probe(workspace_id, definition_hash, action_id)
        except Exception as error:
            trace = None if isinstance(error, LegateError) else error
            log.error("the call %s stays in doubt: %s", action_id, in_words(error), exc_info=trace)
        finally:
            self._active.pop(action_id, None)

    async def _attempt(self, workspace_id: str, run_id: str) -> None:
        """Advance a run. One that a dead worker left, or that could not be advanced before, is taken over where it was left,
        whoever wakes it."""
        key = (workspace_id, run_id)
        is_recovery = False
        try:
            if key in self._orphans:
                is_recovery = await self._is_running(workspace_id, run_id)
                self._orphans.discard(key)
            await self.executor.advance(workspace_id, run_id, is_recovery=is_recovery)
        except Exception as error:
            await self._failed(key, error)
        else:
            self._forget(key)

    async def _is_running(self, workspace_id: str, run_id: str) -> bool:
        def look(ctx: ReadContext) -> bool:
            row = ctx.get(runs, run_id)
            return row is not None and row["status"] == "running"

        return await self.kernel.look(self.kernel.system(workspace_id), look)

    async def _failed(self, key: Key, error: Exception) -> None:
        """A run could not be advanced. It is taken up again soon, or ended where that was tried often enough."""
        workspace_id, run_id = key
        self._orphans.add(key)
        trace = None if isinstance(error, LegateError) else error
        self.kernel.troubles.say(workspace_id, f"run {run_id}", error)
        if isinstance(error, Unavailable):
            # The disk or the database is away: that is no fault of this run, and it could not be ended now either.
            log.error("run %s cannot go on now, trying again later: %s", run_id, error.message)
            return
        self._faults[key] = self._faults.get(key, 0) + 1
        if self._faults[key] < ATTEMPTS:
            log.error("run %s cannot go on, trying again: %s", run_id, in_words(error), exc_info=trace)
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.hint, workspace_id, run_id)
            return
        log.error("run %s cannot go on and is ended: %s", run_id, in_words(error), exc_info=trace)
        await self._give_up(key, in_words(error))

    async def _give_up(self, key: Key, reason: str) -> None:
        """End a run that cannot be advanced, so that whoever waits for it is told. Where even that fails, the sweep comes
        back to it."""
        workspace_id, run_id = key
        try:
            await self.executor.give_up(workspace_id, run_id, reason)
        except Exception as error:
            trace = None if isinstance(error, LegateError) else error
            log.error("run %s could not be ended either: %s", run_id, in_words(error), exc_info=trace)
        else:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        self._orphans.discard(key)
        self._faults.pop(key, None)
        self.kernel.troubles.over(key[0], f"run {key[1]}")

    async def _set_timer(self, workspace_id: str, run_id: str) -> None:
        """Wake a run at the end of its hold, to the millisecond; the sweep would do it half a minute late."""

        def wake_at(ctx: ReadContext) -> int | None:
            row = ctx.get(runs, run_id)
            return row["wake_at"] if row is not None and row["status"] == "waiting" else None

        due = await self.kernel.look(self.kernel.system(workspace_id), wake_at)
        self._call_at(workspace_id, run_id, due)

    def _call_at(self, workspace_id: str, run_id: str, due: int | None) -> None:
        """Set the run's one timer, in the place of an earlier one."""
        old = self._timers.pop(run_id, None)
        if old is not None:
            old.cancel()
        if due is not None and not self._closing:
            delay = max(0.0, (due - self.kernel.clock.now()) / 1000)
            loop = asyncio.get_running_loop()
            self._timers[run_id] = loop.call_later(delay, self._due, workspace_id, run_id)

    def _due(self, workspace_id: str, run_id: str) -> None:
        self._timers.pop(run_id, None)
        self.kernel.start(self._ready_due(workspace_id, run_id), f"timer of {run_id}")

    async def _ready_due(self, workspace_id: str, run_id: str) -> None:
        await self.kernel.send(self.kernel.system(workspace_id), ReadyDueRuns())
        self.hint(workspace_id, run_id)


def _held(ctx: ReadContext) -> list[tuple[str, int]]:
    """The runs that wait for a moment that has not come yet, and that moment."""
    statement = select(runs.c.id, runs.c.wake_at).where(
        runs.c.workspace_id == ctx.workspace_id, runs.c.status == "waiting", runs.c.wake_at > ctx.now
    )
    return [(run_id, due) for run_id, due in ctx.connection.execute(statement)]
