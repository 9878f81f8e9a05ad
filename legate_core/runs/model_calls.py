"""One turn of the model: money set aside before it, the stream while it lasts, the reply or the failure on disk after it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from legate_core.agents.loop import CallModel
from legate_core.errors import LegateError, LimitReached, Locked
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.llm.base import Model, ModelFailed, ModelRequest, Reply, TextDelta, Usage
from legate_core.llm.fallback import OUTAGE, Link, chain
from legate_core.llm.pricing import Price, reserve, settle
from legate_core.llm.recording import asked_digest
from legate_core.llm.retry import back_off
from legate_core.runs import budgets, cut_off, store
from legate_core.runs.budgets import Blocked, Budget
from legate_core.runs.cut_off import Call, CallsUnderWay, request_of
from legate_core.runs.events import ModelPassed, MoneyReserved
from legate_core.runs.model import RunRecord, StepRecord
from legate_core.runs.store import Superseded
from legate_core.runs.work import Work

log = logging.getLogger(__name__)

R = TypeVar("R")

FATAL = frozenset({"auth", "context_overflow", "refused"})
"""Failures of a model that asking again cannot mend."""


@dataclass(frozen=True, slots=True)
class ModelPort:
    """How a run gets a model and its price from an agent's definition. `open` raises `Locked` where its key is sealed."""

    open: Callable[[RunRecord, Mapping[str, Any]], Awaitable[Model]]
    price: Callable[[RunRecord, Mapping[str, Any]], Awaitable[Price | None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """The call says how the run goes on without a reply: it ends, it waits for the vault, it waits already, or it asks
    again after so many seconds, if it may ask again at all."""

    reason: str
    is_early: bool = False
    is_vault: bool = False
    is_parked: bool = False
    again_seconds: float | None = None


class ModelCaller:
    """Calls models for the runs of one process; a call can be cut off when its run was ended meanwhile."""

    def __init__(self, kernel: Kernel, port: ModelPort) -> None:
        self._kernel = kernel
        self._port = port
        self._streams: dict[str, asyncio.Task[Any]] = {}
        self._calls = CallsUnderWay()
        kernel.ports.add(CallsUnderWay, self._calls)

    async def call(self, work: Work, move: CallModel) -> Ended | None:
        """Make the call and record what came of it; None where the run goes on as usual.

        Where the agent names other models, the next one that is for the case is asked in the same turn: after an outage,
        or where money does not allow this one.
        """
        try:
            left = list(chain(work.definition.model))
        except LegateError as error:
            return Ended(error.message)
        passed: list[str] = []
        while True:
            link = left.pop(0)
            call = Call(work, link, self._request(work, move, link), self._kernel.clock.now(), passed=tuple(passed))
            with self._calls.holding(call):
                ended = await self._ask_and_charge(call, left)
            if not isinstance(ended, Link):
                return ended
            passed.append(link.name)
            del left[: left.index(ended)]

    async def _ask_and_charge(self, call: Call, left: Sequence[Link]) -> Ended | Link | None:
        """Ask one model. Where that is cut off, or fails in a way that nothing here knows, what it used is charged."""
        try:
            return await self._ask(call, left)
        except Superseded:
            raise
        except (Exception, asyncio.CancelledError):
            await self._charge(call)
            raise

    async def _charge(self, call: Call) -> None:
        def charge(ctx: Context) -> None:
            store.check_fence(ctx, call.work.run)
            cut_off.charge(ctx, call.work.run.id)

        try:
            await self._change(call.work, charge)
        except (Superseded, LegateError) as error:
            # Whoever has the run now charged it, or does so with all that was set aside.
            log.info("a cut off call of run %s was not charged here: %s", call.work.run.id, error)

    async def _ask(self, call: Call, left: Sequence[Link]) -> Ended | Link | None:
        """Ask one model; the link to ask in its place, where that is how it goes on."""
        try:
            call.price = await self._port.price(call.work.run, call.link.settings)
            blocked = await self._reserve(call, next_for(left, "budget"))
            if blocked is not None:
                return blocked
            model = await self._port.open(call.work.run, call.link.settings)
            run_id = call.work.run.id
            reply = await self._until_interrupted(run_id, self._read(run_id, model, call.request))
        except Locked as error:
            await self._release(call)
            return Ended(error.message, is_vault=True)
        except LimitReached as error:
            return await self._pass(call, next_for(left, "budget"), "budget") or Ended(error.message, is_early=True)
        except ModelFailed as error:
            further = next_for(left, "outage") if error.kind in OUTAGE else None
            if further is not None and error.usage is None:
                return await self._pass(call, further, "outage")
            await self._record_failure(call, error.message, error.kind, error.usage)
            if further is not None:
                return await self._pass(call, further, "outage")
            if error.kind in FATAL:
                return Ended(error.message)
            return Ended(error.message, again_seconds=error.again_seconds) if error.again_seconds else None
        except LegateError as error:
            await self._record_failure(call, error.message, "", None)
            return Ended(error.message)
        await self._record_reply(call, reply)
        return None

    def interrupt(self, run_id: str) -> None:
        """Cut off the call a run is in, or its pause before one, because the run is over; the connection is closed."""
        task = self._streams.get(run_id)
        if task is not None:
            task.cancel()

    def _request(self, work: Work, move: CallModel, link: Link) -> ModelRequest:
        return request_of(work.definition, work.catalog, link, move.messages, len(work.state.model_failures))

    async def _reserve(self, call: Call, further: Link | None) -> Ended | Link | None:
        """Set aside what the call may cost at most, before it is made; None once that is done or nothing limits it.

        Where it does not fit, the next model is named, or the run is parked, in the very transaction that looked. Raises
        `LimitReached` for a model without a price.
        """
        work, limit = call.work, call.work.definition.limits.cost_micros
        actor = self._kernel.system(work.run.workspace_id)
        if not limit and not await self._kernel.look(actor, lambda ctx: _has_budget(ctx, work.run)):
            return None
        if call.price is None:
            raise LimitReached(
                f"The model {call.link.name} has no price, so a money limit cannot be kept. "
                "Give it a price, or remove the limit."
            )
        amount = reserve(call.request, call.price)
        if amount == 0:
            return None

        def set_aside(ctx: Context) -> Blocked | None:
            store.check_fence(ctx, work.run)
            blocked = budgets.judge(_budgets(ctx, work), amount, ctx.now)
            if blocked is None:
                store.hold_fence(ctx, work.run, {"reserved_micros": amount})
                ctx.emit(MoneyReserved(work.run.id, amount))
            elif further is None and not budgets.park(
                ctx, work.run.id, work.run.fence, work.worked_ms(ctx.now), blocked
            ):
                raise Superseded
            return blocked

        blocked = await self._change(work, set_aside)
        if blocked is None:
            call.reserved = amount
            return None
        if further is not None:
            return await self._pass(call, further, "budget")
        self._kernel.ticks.publish(Tick(work.run.id, "budget", blocked.reason))
        return Ended(blocked.reason, is_parked=True)

    async def _pass(self, call: Call, further: Link | None, because: str) -> Link | None:
        """Say that the next model is asked instead, and give back what was set aside for this one."""
        if further is None:
            return None
        work = call.work

        def pass_on(ctx: Context) -> None:
            store.hold_fence(ctx, work.run, {"reserved_micros": 0})
            ctx.emit(ModelPassed(work.run.id, further.name, call.link.name, because))

        await self._change(work, pass_on)
        call.reserved = 0
        self._kernel.ticks.publish(Tick(work.run.id, "model", f"{further.name} is asked instead of {call.link.name}."))
        return further

    async def _release(self, call: Call) -> None:
        if not call.reserved:
            return
        work = call.work

        def give_back(ctx: Context) -> None:
            store.hold_fence(ctx, work.run, {"reserved_micros": 0})
            ctx.emit(MoneyReserved(work.run.id, 0))

        await self._change(work, give_back)

    async def pause(self, work: Work) -> None:
        """Wait before the model is asked again that failed, longer after each failure. Cut off like a call."""
        seconds = back_off(len(work.state.model_failures), random.random())
        await self._until_interrupted(work.run.id, asyncio.sleep(seconds))

    async def _until_interrupted(self, run_id: str, work: Coroutine[Any, Any, R]) -> R:
        task = asyncio.get_running_loop().create_task(work)
        self._streams[run_id] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            # Only this was cut off: somebody ended the run, and whoever did has it now.
            raise Superseded from None
        finally:
            self._streams.pop(run_id, None)
            if not task.done():
                task.cancel()

    async def _read(self, run_id: str, model: Model, request: ModelRequest) -> Reply:
        async for chunk in model.stream(request):
            if isinstance(chunk, TextDelta):
                self._kernel.ticks.publish(Tick(run_id, "text", chunk.text))
            else:
                return chunk
        raise ModelFailed("bad_reply", "The model ended its stream without a reply.")

    async def _record_reply(self, call: Call, reply: Reply) -> None:
        calls = ", ".join(tool.name for tool in reply.tool_calls)
        label = f"asks for {calls}" if calls else "answers"
        if call.passed:
            label = f"{label[:80]} · {call.link.name[:60]}, in place of {call.passed[0]}"
        body = {"reply": reply.to_json(), "asked": asked_digest(call.request)}
        await self._record(call, "done", label, body, reply.usage)

    async def _record_failure(self, call: Call, reason: str, kind: str, usage: Usage | None) -> None:
        body = {"error": reason, "kind": kind, "asked": asked_digest(call.request)}
        await self._record(call, "failed", "no usable reply", body, usage or Usage())

    async def _record(self, call: Call, state: str, label: str, body: dict[str, Any], usage: Usage) -> None:
        work = call.work
        tokens = (usage.input_tokens, usage.output_tokens)
        cost = settle(usage, call.price) if call.price is not None else 0

        def record(ctx: Context) -> tuple[int, list[str]]:
            found = _budgets(ctx, work) if cost else []
            index = store.add_step(
                ctx,
                work.run,
                kind="model",
                state=state,
                label=label,
                body=body,
                tokens=tokens,
                cost_micros=cost,
                started_at=call.started_at,
                release_micros=call.reserved,
                model=call.link.name,
            )
            call.settle(ctx)
            return index, budgets.tell(ctx, work.run.id, found, cost)

        index, told = await self._change(work, record)
        call.reserved = 0
        for sentence in told:
            self._kernel.ticks.publish(Tick(work.run.id, "budget", sentence))
        work.add(StepRecord(index, "model", state, "", "", body, sum(tokens), cost))

    async def _change(self, work: Work, change: Callable[[Context], Any]) -> Any:
        return await self._kernel.change(self._kernel.system(work.run.workspace_id), change, f"run {work.run.id}")


def next_for(left: Sequence[Link], because: str) -> Link | None:
    """The next model that is for this case."""
    return next((link for link in left if because in link.on), None)


def _has_budget(ctx: ReadContext, run: RunRecord) -> bool:
    return budgets.has_any(ctx, run.id, run.agent_id)


def _budgets(ctx: ReadContext, work: Work) -> list[Budget]:
    return budgets.applying(ctx, work.run.id, work.run.agent_id, work.definition.limits.cost_micros)
