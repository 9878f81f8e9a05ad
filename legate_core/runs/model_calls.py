"""One turn of the model: money set aside before it, the stream while it lasts, the reply or the failure on disk after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from legate_core.agents.loop import CallModel
from legate_core.errors import LegateError, LimitReached, Locked
from legate_core.kernel.context import Context
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.llm.base import Model, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer, Usage
from legate_core.llm.pricing import Price, reserve, settle
from legate_core.runs import store
from legate_core.runs.events import MoneyReserved
from legate_core.runs.model import RunRecord, StepRecord
from legate_core.runs.store import Superseded
from legate_core.runs.work import Work

FATAL = frozenset({"auth", "context_overflow", "refused"})
"""Failures of a model that asking again cannot mend."""

MAX_OUTPUT_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class ModelPort:
    """How a run gets a model and its price from an agent's definition. `open` raises `Locked` where its key is sealed."""

    open: Callable[[RunRecord, Mapping[str, Any]], Awaitable[Model]]
    price: Callable[[Mapping[str, Any]], Price | None]


@dataclass(frozen=True, slots=True)
class Ended:
    """The call says how the run goes on without a reply: it ends, or it waits for the vault."""

    reason: str
    is_early: bool = False
    is_vault: bool = False


class ModelCaller:
    """Calls models for the runs of one process; a call can be cut off when its run was ended meanwhile."""

    def __init__(self, kernel: Kernel, port: ModelPort) -> None:
        self._kernel = kernel
        self._port = port
        self._streams: dict[str, asyncio.Task[Reply]] = {}

    async def call(self, work: Work, move: CallModel) -> Ended | None:
        """Make the call and record what came of it; None where the run goes on as usual."""
        request = self._request(work, move)
        started_at = self._kernel.clock.now()
        reserved = 0
        price: Price | None = None
        try:
            price = self._port.price(work.definition.model)
            reserved = await self._reserve(work, request, price)
            model = await self._port.open(work.run, work.definition.model)
            reply = await self._stream(work, model, request)
        except Locked as error:
            await self._release(work, reserved)
            return Ended(error.message, is_vault=True)
        except LimitReached as error:
            return Ended(error.message, is_early=True)
        except ModelFailed as error:
            await self._record_failure(work, error.message, started_at, reserved, error.usage, price)
            return Ended(error.message) if error.kind in FATAL else None
        except LegateError as error:
            await self._record_failure(work, error.message, started_at, reserved, None, price)
            return Ended(error.message)
        await self._record_reply(work, reply, price, started_at, reserved)
        return None

    def interrupt(self, run_id: str) -> None:
        """Cut off the call a run is in, because the run is over; the connection is closed."""
        task = self._streams.get(run_id)
        if task is not None:
            task.cancel()

    def _request(self, work: Work, move: CallModel) -> ModelRequest:
        model = work.definition.model
        specs = [work.catalog.spec(name) for name in work.definition.tools if name in work.catalog]
        return ModelRequest(
            model=str(model.get("model", "")),
            messages=move.messages,
            tools=tuple(ToolOffer(spec.name, spec.description, spec.parameters) for spec in specs),
            max_tokens=int(model.get("max_tokens", MAX_OUTPUT_TOKENS)),
            temperature=model.get("temperature"),
        )

    async def _reserve(self, work: Work, request: ModelRequest, price: Price | None) -> int:
        """Set aside what the call may cost at most, before it is made. Raises `LimitReached` where it does not fit."""
        limit = work.definition.limits.cost_micros
        if not limit:
            return 0
        if price is None:
            raise LimitReached(
                f"The model {request.model} has no price, so a money limit cannot be kept. "
                "Give it a price, or remove the limit."
            )
        amount = reserve(request, price)
        if amount == 0:
            return 0
        if work.state.used.cost_micros + amount > limit:
            raise LimitReached(
                f"The next model call may cost {amount / 1e6:.4f}, which does not fit under the money limit "
                f"of {limit / 1e6:.2f}. Raise the limit, or give the agent less to read."
            )

        def set_aside(ctx: Context) -> None:
            store.hold_fence(ctx, work.run, {"reserved_micros": amount})
            ctx.emit(MoneyReserved(work.run.id, amount))

        await self._change(work, set_aside)
        return amount

    async def _release(self, work: Work, reserved: int) -> None:
        if not reserved:
            return

        def give_back(ctx: Context) -> None:
            store.hold_fence(ctx, work.run, {"reserved_micros": 0})
            ctx.emit(MoneyReserved(work.run.id, 0))

        await self._change(work, give_back)

    async def _stream(self, work: Work, model: Model, request: ModelRequest) -> Reply:
        task = asyncio.get_running_loop().create_task(self._read(work.run.id, model, request))
        self._streams[work.run.id] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            # Only the stream was cut off: somebody ended the run, and whoever did has it now.
            raise Superseded from None
        finally:
            self._streams.pop(work.run.id, None)
            if not task.done():
                task.cancel()

    async def _read(self, run_id: str, model: Model, request: ModelRequest) -> Reply:
        async for chunk in model.stream(request):
            if isinstance(chunk, TextDelta):
                self._kernel.ticks.publish(Tick(run_id, "text", chunk.text))
            else:
                return chunk
        raise ModelFailed("bad_reply", "The model ended its stream without a reply.")

    async def _record_reply(
        self, work: Work, reply: Reply, price: Price | None, started_at: int, reserved: int
    ) -> None:
        calls = ", ".join(call.name for call in reply.tool_calls)
        label = f"asks for {calls}" if calls else "answers"
        await self._record(work, "done", label, {"reply": reply.to_json()}, started_at, reserved, reply.usage, price)

    async def _record_failure(
        self, work: Work, reason: str, started_at: int, reserved: int, usage: Usage | None, price: Price | None
    ) -> None:
        used = usage or Usage()
        await self._record(work, "failed", "no usable reply", {"error": reason}, started_at, reserved, used, price)

    async def _record(
        self,
        work: Work,
        state: str,
        label: str,
        body: dict[str, Any],
        started_at: int,
        reserved: int,
        usage: Usage,
        price: Price | None,
    ) -> None:
        tokens = (usage.input_tokens, usage.output_tokens)
        cost = settle(usage, price) if price is not None else 0

        def record(ctx: Context) -> int:
            return store.add_step(
                ctx,
                work.run,
                kind="model",
                state=state,
                label=label,
                body=body,
                tokens=tokens,
                cost_micros=cost,
                started_at=started_at,
                release_micros=reserved,
            )

        index = await self._change(work, record)
        work.add(StepRecord(index, "model", state, "", "", body, sum(tokens), cost))

    async def _change(self, work: Work, change: Callable[[Context], Any]) -> Any:
        return await self._kernel.change(self._kernel.system(work.run.workspace_id), change, f"run {work.run.id}")
