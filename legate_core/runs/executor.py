"""The executor performs the moves of a run between transactions; `advance` is the only entry of a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, TypeVar

from legate_core.actions import effect, invoke
from legate_core.actions.effect import UnderWay
from legate_core.actions.model import Action, ActionState
from legate_core.agents.loop import Await, CallModel, CallTools, Fail, Finish, next_move
from legate_core.agents.model import AgentDefinition
from legate_core.agents.store import load_definition
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.llm.retry import MAX_PARKED_SECONDS
from legate_core.runs import cut_off, fold, pausing, proposals, store
from legate_core.runs.events import RunClaimed, RunParked
from legate_core.runs.model import FINAL, RunRecord, RunStatus, WaitingFor
from legate_core.runs.model_calls import ModelCaller, ModelPort
from legate_core.runs.store import Superseded
from legate_core.runs.tables import runs
from legate_core.runs.work import Work
from legate_core.tools.catalog import Catalog

log = logging.getLogger(__name__)

R = TypeVar("R")


class Executor:
    """Advances runs of one process. Holds nothing about a run that is not on disk, except while it advances it.

    `tools_of` builds the tools of a definition, in its own folders.
    """

    def __init__(self, kernel: Kernel, tools_of: Callable[[AgentDefinition], Catalog], models: ModelPort) -> None:
        self.kernel = kernel
        self.tools_of = tools_of
        self._models = ModelCaller(kernel, models)
        self._under_way = UnderWay()
        kernel.ports.add(UnderWay, self._under_way)
        self._acting = 0
        self._is_stopping = False

    @property
    def is_acting(self) -> bool:
        """Whether a tool is at work right now; cutting it off would leave its action in doubt."""
        return self._acting > 0

    async def advance(self, workspace_id: str, run_id: str, *, is_recovery: bool = False) -> None:
        """Take a run as far as it goes now: to its end, or to where it must wait. Does nothing where another worker
        holds it or it is not ready."""
        work = await self._claim(workspace_id, run_id, is_recovery)
        if work is None:
            return
        try:
            if is_recovery:
                await self._ask_about_doubts(work)
            while not self._is_stopping and not await self._is_held(work) and await self._step(work):
                pass
        except Superseded:
            log.info("run %s was taken over", run_id)

    def stop(self) -> None:
        """Begin nothing new; what is at work is seen through. The runs are recovered at the next start."""
        self._is_stopping = True

    async def interrupt_if_over(self, workspace_id: str, run_id: str) -> None:
        """Cut off the model call of a run that somebody has ended; effects on their way are seen through."""

        def is_over(ctx: ReadContext) -> bool:
            return store.load_run(ctx, run_id).status in FINAL

        if await self.kernel.look(self.kernel.system(workspace_id), is_over):
            self._models.interrupt(run_id)

    async def probe(self, workspace_id: str, definition_hash: str, action_id: str) -> None:
        """Settle an action in doubt by asking the other side, where its tool can; otherwise it stays in doubt."""

        def find(ctx: ReadContext) -> tuple[Action, AgentDefinition]:
            return invoke.load(ctx, action_id), load_definition(ctx, definition_hash)

        actor = self.kernel.system(workspace_id)
        action, definition = await self.kernel.look(actor, find)
        await self._ask_about(workspace_id, self.tools_of(definition), action)

    async def give_up(self, workspace_id: str, run_id: str, reason: str) -> None:
        """End a run as failed that cannot be advanced, in a transaction of its own. What it had dispatched is put in doubt."""

        def close(ctx: Context) -> None:
            row = ctx.get(runs, run_id)
            if row is None or row["status"] not in (RunStatus.READY.value, RunStatus.RUNNING.value):
                return
            invoke.doubt_dispatched(ctx, run_id)
            invoke.withdraw_open(ctx, run_id, reason)
            store.finish(ctx, cut_off.charge(ctx, run_id), RunStatus.FAILED, reason)

        await self.kernel.change(self.kernel.system(workspace_id), close, f"run {run_id}")

    # Claiming.

    async def _claim(self, workspace_id: str, run_id: str, is_recovery: bool) -> Work | None:
        def claim(ctx: Context) -> Work | None:
            row = ctx.get(runs, run_id)
            expected = RunStatus.RUNNING if is_recovery else RunStatus.READY
            if row is None or row["status"] != expected.value:
                return None
            if not is_recovery and pausing.are_paused(ctx):
                # It stays ready. One that a dead worker left running is recovered first, and then parked.
                return None
            changes = {
                "status": RunStatus.RUNNING.value,
                "waiting_for": WaitingFor.NOTHING.value,
                "wake_at": None,
                "fence": row["fence"] + 1,
                "started_at": row["started_at"] or ctx.now,
                "reason": "",
            }
            row = ctx.update(runs, run_id, changes, expect={"fence": row["fence"], "status": row["status"]})
            if row is None:
                return None
            ctx.emit(RunClaimed(run_id, row["fence"], is_recovery))
            if row["reserved_micros"]:
                # A worker died in the middle of a call.
                row = cut_off.charge(ctx, run_id)
            if is_recovery:
                invoke.doubt_dispatched(ctx, run_id)
            return self._load(ctx, store.record(workspace_id, row))

        return await self.kernel.change(self.kernel.system(workspace_id), claim, f"run {run_id}")

    def _load(self, ctx: ReadContext, run: RunRecord) -> Work:
        definition = load_definition(ctx, run.definition_hash)
        steps = store.step_records(ctx, run.id)
        task = ctx.bodies.get(run.id, run.task_ref)
        state = fold.fold(definition, str(task["text"]), ctx.now - run.worked_ms, steps)
        return Work(run, definition, state, self.tools_of(definition), steps, int(task.get("at", 0)))

    async def _ask_about_doubts(self, work: Work) -> None:
        """After a crash: what had been dispatched is settled by its tool's probe where it has one."""
        for step in work.open_steps:
            action = await self._look(work, lambda ctx, step=step: invoke.load(ctx, step.action_id))
            if action.state is ActionState.IN_DOUBT:
                settled = await self._ask_about(work.run.workspace_id, work.catalog, action)
                if settled is not None:
                    work.settle(step.index, settled)

    async def _ask_about(self, workspace_id: str, catalog: Catalog, action: Action) -> Mapping[str, Any] | None:
        if action.tool not in catalog or not catalog.spec(action.tool).can_probe:
            return None
        dispatch = invoke.dispatch_of(action, self.kernel.ports.get(invoke.RunFolders))
        reason = f"{action.tool} was on its way when Legate stopped."
        has_ended = action.id not in self._under_way
        result = await effect.ask_the_other_side(
            catalog.get(action.tool), dispatch.invocation, reason, has_ended=has_ended
        )
        if result.state is ActionState.IN_DOUBT:
            return None
        actor = self.kernel.system(workspace_id)
        return await self.kernel.change(actor, lambda ctx: invoke.settle(ctx, dispatch, result), f"run {action.run_id}")

    # Moving.

    async def _is_held(self, work: Work) -> bool:
        """Park the run where its workspace is paused; what only has to be closed is closed all the same."""
        move = next_move(work.state, self.kernel.clock.now())
        if isinstance(move, Finish | Fail) or not await self._look(work, pausing.are_paused):
            return False
        is_asking = isinstance(move, Await)
        return await self._change(work, lambda ctx: _park_for_pause(ctx, work, is_asking))

    async def _step(self, work: Work) -> bool:
        """Perform one move; whether there may be another."""
        move = next_move(work.state, self.kernel.clock.now())
        match move:
            case CallModel():
                return await self._call_model(work, move)
            case CallTools():
                for step in await self._change(work, lambda ctx: proposals.propose(ctx, work, move.calls)):
                    work.add(step)
                return True
            case Await():
                return await self._see_through(work)
            case Finish():
                await self._finish(work, RunStatus.SUCCEEDED, "", move.text)
            case Fail():
                await self._finish(work, RunStatus.ENDED_EARLY if move.ended_early else RunStatus.FAILED, move.reason)
        return False

    async def _call_model(self, work: Work, move: CallModel) -> bool:
        ended = await self._models.call(work, move)
        if ended is None:
            if work.state.model_failures and self._may_ask_again(work):
                await self._models.pause(work)
            return True
        if ended.is_parked:
            return False
        if (seconds := ended.again_seconds) is not None and seconds <= MAX_PARKED_SECONDS:
            if not self._may_ask_again(work):
                return True
            await self._change(work, lambda ctx: _park_until(ctx, work, seconds, ended.reason))
            return False
        if ended.is_vault:
            await self._change(work, lambda ctx: _park_for(ctx, work, WaitingFor.VAULT))
        else:
            status = RunStatus.ENDED_EARLY if ended.is_early else RunStatus.FAILED
            await self._finish(work, status, ended.reason)
        return False

    def _may_ask_again(self, work: Work) -> bool:
        """Whether a model that failed is asked once more, and the run does not end with that failure."""
        return isinstance(next_move(work.state, self.kernel.clock.now()), CallModel)

    async def _see_through(self, work: Work) -> bool:
        """Dispatch what may be dispatched; park where nothing may. Whether there is another move."""
        progressed = False
        for step in work.open_steps:
            action = await self._look(work, lambda ctx, step=step: invoke.load(ctx, step.action_id))
            if action.state is ActionState.READY and action.hold_until <= self.kernel.clock.now():
                settled = await self._dispatch(work, action)
            elif action.state not in invoke.OPEN:
                settled = {"state": action.state.value, "outcome": action.outcome}
            else:
                continue
            if settled is not None:
                work.settle(step.index, settled)
                progressed = True
        return progressed or not await self._change(work, lambda ctx: _park(ctx, work))

    async def _dispatch(self, work: Work, action: Action) -> Mapping[str, Any] | None:
        """Intent, effect, outcome: two commits with the effect between them. None where the action moved meanwhile."""

        def intend(ctx: Context) -> invoke.Dispatch | invoke.Settled | None:
            store.check_fence(ctx, work.run)
            return None if pausing.are_paused(ctx) else invoke.begin(ctx, action.id)

        dispatch = await self._change(work, intend)
        if isinstance(dispatch, invoke.Settled):
            if dispatch.stop:
                await self._finish(work, RunStatus.CANCELLED, "Rejected and stopped by a person.")
                raise Superseded
            return {"state": dispatch.state.value, "outcome": dispatch.outcome}
        if dispatch is None:
            return None
        self.kernel.ticks.publish(Tick(work.run.id, "tool", action.tool))
        self._acting += 1
        try:
            result = await effect.perform(work.catalog, dispatch, self._under_way)
            if action.id in self._under_way:
                self.kernel.start(self._listen_late(work, dispatch), f"late call of {work.run.id}")
            return await self._change(work, lambda ctx: invoke.settle(ctx, dispatch, result))
        finally:
            self._acting -= 1

    async def _listen_late(self, work: Work, dispatch: invoke.Dispatch) -> None:
        """A call outlived its time and is in doubt: what it comes to settles it, unless a person did before."""
        result = await self._under_way.end(work.catalog.get(dispatch.action.tool), dispatch)
        if result is not None and result.state is not ActionState.IN_DOUBT:
            await self._change(work, lambda ctx: invoke.settle(ctx, dispatch, result))

    async def _finish(self, work: Work, status: RunStatus, reason: str, result: str | None = None) -> None:
        def close(ctx: Context) -> None:
            row = store.check_fence(ctx, work.run)
            if status is not RunStatus.SUCCEEDED:
                invoke.withdraw_open(ctx, work.run.id, reason)
            store.finish(ctx, row, status, reason, result)

        await self._change(work, close)

    async def _change(self, work: Work, change: Callable[[Context], R]) -> R:
        return await self.kernel.change(self.kernel.system(work.run.workspace_id), change, f"run {work.run.id}")

    async def _look(self, work: Work, look: Callable[[ReadContext], R]) -> R:
        return await self.kernel.look(self.kernel.system(work.run.workspace_id), look)


def _park(ctx: Context, work: Work) -> bool:
    """Park the run unless something became possible while we looked; in the same transaction as that look."""
    rows = store.rows_of_actions(ctx, work.run.id)
    waits = [row["hold_until"] or 0 for row in rows if row["state"] == ActionState.READY.value]
    known = {step.action_id for step in work.open_steps}
    is_settled = any(row["id"] in known and ActionState(row["state"]) not in invoke.OPEN for row in rows)
    if is_settled or any(hold <= ctx.now for hold in waits):
        return False
    is_doubtful = any(row["state"] == ActionState.IN_DOUBT.value for row in rows)
    status = RunStatus.IN_DOUBT if is_doubtful else RunStatus.WAITING
    waiting_for = WaitingFor.NOTHING if is_doubtful else WaitingFor.APPROVAL
    changes = {
        "status": status.value,
        "waiting_for": waiting_for.value,
        "wake_at": min(waits, default=None),
        "worked_ms": work.worked_ms(ctx.now),
    }
    store.hold_fence(ctx, work.run, changes)
    ctx.emit(RunParked(work.run.id, status.value, waiting_for.value))
    if waits:
        ctx.wake(work.run.id)
    return True


def _park_for_pause(ctx: Context, work: Work, is_asking: bool) -> bool:
    """Park the run for the pause of its workspace, unless that is over by now. One that only waits for an answer to what
    it asked waits for that as ever."""
    if not pausing.stay_paused(ctx):
        return False
    if not (is_asking and _park(ctx, work)):
        _park_for(ctx, work, WaitingFor.PAUSE)
    return True


def _park_until(ctx: Context, work: Work, seconds: float, reason: str) -> None:
    """Park the run until its model's server wants to be asked again."""
    wake_at = ctx.now + ceil(seconds * 1000)
    _park_for(ctx, work, WaitingFor.TIMER, {"wake_at": wake_at, "reason": reason[:400]})
    ctx.wake(work.run.id)


def _park_for(ctx: Context, work: Work, waiting_for: WaitingFor, more: Mapping[str, int | str] | None = None) -> None:
    changes = {
        "status": RunStatus.WAITING.value,
        "waiting_for": waiting_for.value,
        "worked_ms": work.worked_ms(ctx.now),
        **(more or {}),
    }
    store.hold_fence(ctx, work.run, changes)
    ctx.emit(RunParked(work.run.id, RunStatus.WAITING.value, waiting_for.value))
