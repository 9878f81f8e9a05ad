"""Who wakes a run in this process. A wake-up is only a hint: lost, late or repeated ones lose and double nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import select

from legate_core.approvals.commands import ExpireApprovals
from legate_core.errors import LegateError
from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.runs.commands import ReadyDueRuns
from legate_core.runs.executor import Executor
from legate_core.runs.tables import runs

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
CONCURRENT_RUNS = 8
CLOSING_SECONDS = 5.0


class Transport:
    """Advances runs of this process, a few at a time; looks by itself at start and twice a minute."""

    def __init__(self, kernel: Kernel, executor: Executor, workspaces: Sequence[str]) -> None:
        self.kernel = kernel
        self.executor = executor
        self.workspaces = list(workspaces)
        self._active: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._orphans: set[tuple[str, str]] = set()
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
            actor = self.kernel.system(workspace_id)
            await self.kernel.send(actor, ExpireApprovals())
            for run_id in await self.kernel.send(actor, ReadyDueRuns()):
                self.hint(workspace_id, run_id)
            for run_id, due in await self.kernel.look(actor, _held):
                # Also after a restart: whoever set this run's timer may be dead.
                self._call_at(workspace_id, run_id, due)
        for workspace_id, run_id in list(self._orphans):
            self._orphans.discard((workspace_id, run_id))
            await self.recover(workspace_id, run_id)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except LegateError as error:
                log.error("the sweep failed, trying again in %s s: %s", SWEEP_SECONDS, error.message)
            await asyncio.sleep(SWEEP_SECONDS)

    async def recover(self, workspace_id: str, run_id: str) -> None:
        """Take over a run whose worker died: what it had dispatched is probed or put in doubt, then it goes on."""
        await self._attempt(workspace_id, run_id, is_recovery=True)

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
                await self._attempt(workspace_id, run_id, is_recovery=False)
            await self._set_timer(workspace_id, run_id)
        finally:
            self._active.pop(run_id, None)
            if run_id in self._again:
                self._again.discard(run_id)
                self.hint(workspace_id, run_id)

    async def _attempt(self, workspace_id: str, run_id: str, *, is_recovery: bool) -> None:
        try:
            await self.executor.advance(workspace_id, run_id, is_recovery=is_recovery)
        except LegateError as error:
            log.error("run %s cannot go on now, trying again later: %s", run_id, error.message)
            self._orphans.add((workspace_id, run_id))
        except Exception:
            log.exception("run %s met a fault of the engine, trying again later", run_id)
            self._orphans.add((workspace_id, run_id))

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
