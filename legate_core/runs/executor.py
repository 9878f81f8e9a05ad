"""The executor performs the moves of a run between transactions; `advance` is the only entry of a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from legate_core.actions import gate, invoke
from legate_core.actions.model import ActionState
from legate_core.agents.loop import AgentState, Await, CallModel, CallTools, Fail, Finish, next_move
from legate_core.agents.model import AgentDefinition
from legate_core.agents.store import load_definition
from legate_core.errors import LegateError, LimitReached
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.llm.base import Model, ModelFailed, ModelRequest, Reply, TextDelta, ToolCall, ToolOffer
from legate_core.llm.pricing import Price, reserve, settle
from legate_core.policy.model import ObservationText
from legate_core.runs import fold, store
from legate_core.runs.events import MoneyReserved, RunClaimed, RunParked
from legate_core.runs.model import RunRecord, RunStatus, StepRecord, WaitingFor
from legate_core.runs.store import Superseded
from legate_core.runs.tables import runs
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import ToolSpec

log = logging.getLogger(__name__)

FATAL = frozenset({"auth", "context_overflow", "refused"})
"""Failures of a model that asking again cannot mend."""

MAX_OUTPUT_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class ModelPort:
    """How the executor gets a model and its price from an agent's definition."""

    open: Callable[[str, Mapping[str, Any]], Model]
    price: Callable[[Mapping[str, Any]], Price | None]


@dataclass
class Work:
    """A claimed run in a worker's hands: the fold of its steps, and the steps themselves for provenance."""

    run: RunRecord
    definition: AgentDefinition
    state: AgentState
    steps: list[StepRecord] = field(default_factory=list[StepRecord])

    def add(self, step: StepRecord) -> None:
        """A step was committed: fold it in."""
        self.steps.append(step)
        self.state = fold.apply(self.state, step)

    def settle(self, index: int, action: Mapping[str, Any]) -> None:
        """A tool step's action came to its end."""
        old = self.steps[index]
        step = StepRecord(**{**_fields(old), "body": {**old.body, "action": action}})
        self.steps[index] = step
        self.state = fold.apply(self.state, step)


def _fields(step: StepRecord) -> dict[str, Any]:
    return {name: getattr(step, name) for name in StepRecord.__dataclass_fields__}


class Executor:
    """Advances runs of one process. Holds nothing about a run that is not on disk, except while it advances it."""

    def __init__(self, kernel: Kernel, catalog: Catalog, models: ModelPort) -> None:
        self.kernel = kernel
        self.catalog = catalog
        self.models = models

    async def advance(self, workspace_id: str, run_id: str, *, is_recovery: bool = False) -> None:
        """Take a run as far as it goes now: to its end, or to where it must wait. Does nothing where another worker
        holds it or it is not ready."""
        work = await self._claim(workspace_id, run_id, is_recovery)
        if work is None:
            return
        try:
            while await self._step(work):
                pass
        except Superseded:
            log.info("run %s was taken over", run_id)

    async def _step(self, work: Work) -> bool:
        """Perform one move; whether there may be another."""
        move = next_move(work.state, self.kernel.clock.now())
        match move:
            case CallModel():
                await self._call_model(work, move)
                return True
            case CallTools():
                await self._propose(work, move.calls)
                return True
            case Await():
                return await self._see_through(work)
            case Finish():
                await self._finish(work, RunStatus.SUCCEEDED, "", move.text)
                return False
            case Fail():
                status = RunStatus.ENDED_EARLY if move.ended_early else RunStatus.FAILED
                await self._finish(work, status, move.reason)
                return False

    async def _change(self, work: Work, change: Callable[[Context], Any]) -> Any:
        workspace_id = work.run.workspace_id
        return await self.kernel.change(self.kernel.system(workspace_id), change, f"run {work.run.id}")

    async def _look(self, work: Work, look: Callable[[ReadContext], Any]) -> Any:
        return await self.kernel.look(self.kernel.system(work.run.workspace_id), look)

    async def _claim(self, workspace_id: str, run_id: str, is_recovery: bool) -> Work | None:
        def claim(ctx: Context) -> Work | None:
            row = ctx.get(runs, run_id)
            expected = RunStatus.RUNNING if is_recovery else RunStatus.READY
            if row is None or row["status"] != expected.value:
                return None
            changes = {
                "status": RunStatus.RUNNING.value,
                "waiting_for": WaitingFor.NOTHING.value,
                "wake_at": None,
                "fence": row["fence"] + 1,
                "started_at": row["started_at"] or ctx.now,
                "reserved_micros": 0,
            }
            row = ctx.update(runs, run_id, changes, expect={"fence": row["fence"], "status": row["status"]})
            if row is None:
                return None
            ctx.emit(RunClaimed(run_id, row["fence"], is_recovery))
            if is_recovery:
                invoke.doubt_dispatched(ctx, run_id)
            run = store.record(workspace_id, row)
            definition = load_definition(ctx, run.definition_hash)
            steps = store.step_records(ctx, run_id)
            task = str(ctx.bodies.get(run_id, run.task_ref)["text"])
            return Work(run, definition, fold.fold(definition, task, run.started_at, steps), steps)

        return await self.kernel.change(self.kernel.system(workspace_id), claim, f"run {run_id}")

    # Models

    async def _call_model(self, work: Work, move: CallModel) -> None:
        request = ModelRequest(
            model=str(work.definition.model.get("model", "")),
            messages=move.messages,
            tools=self._offers(work.definition),
            max_tokens=int(work.definition.model.get("max_tokens", MAX_OUTPUT_TOKENS)),
            temperature=work.definition.model.get("temperature"),
        )
        started_at = self.kernel.clock.now()
        reserved = 0
        try:
            price = self.models.price(work.definition.model)
            reserved = await self._reserve(work, request, price)
            model = self.models.open(work.run.workspace_id, work.definition.model)
            reply = await self._stream(work, model, request)
        except LimitReached as error:
            await self._finish(work, RunStatus.ENDED_EARLY, error.message)
            raise Superseded from error
        except ModelFailed as error:
            await self._record_failure(work, error.message, started_at, reserved)
            if error.kind in FATAL:
                await self._finish(work, RunStatus.FAILED, error.message)
                raise Superseded from error
            return
        except LegateError as error:
            await self._record_failure(work, error.message, started_at, reserved)
            await self._finish(work, RunStatus.FAILED, error.message)
            raise Superseded from error
        cost = settle(reply.usage, price) if price is not None else 0
        await self._record_reply(work, reply, cost, started_at, reserved)

    def _offers(self, definition: AgentDefinition) -> tuple[ToolOffer, ...]:
        specs = [self.catalog.get(name).spec for name in definition.tools if name in self.catalog]
        return tuple(ToolOffer(spec.name, spec.description, spec.parameters) for spec in specs)

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
                f"of {limit / 1e6:.2f}."
            )

        def set_aside(ctx: Context) -> None:
            store.hold_fence(ctx, work.run, {"reserved_micros": amount})
            ctx.emit(MoneyReserved(work.run.id, amount))

        await self._change(work, set_aside)
        return amount

    async def _stream(self, work: Work, model: Model, request: ModelRequest) -> Reply:
        async for chunk in model.stream(request):
            if isinstance(chunk, TextDelta):
                self.kernel.ticks.publish(Tick(work.run.id, "text", chunk.text))
            elif isinstance(chunk, Reply):
                return chunk
        raise ModelFailed("bad_reply", "The model ended its stream without a reply.")

    async def _record_reply(self, work: Work, reply: Reply, cost: int, started_at: int, reserved: int) -> None:
        body = {"reply": reply.to_json()}
        tokens = (reply.usage.input_tokens, reply.usage.output_tokens)
        calls = ", ".join(call.name for call in reply.tool_calls)

        def record(ctx: Context) -> int:
            return store.add_step(
                ctx,
                work.run,
                kind="model",
                state="done",
                label=f"asks for {calls}" if calls else "answers",
                body=body,
                tokens=tokens,
                cost_micros=cost,
                started_at=started_at,
                release_micros=reserved,
            )

        index = await self._change(work, record)
        work.add(StepRecord(index, "model", "done", "", "", body, sum(tokens), cost))

    async def _record_failure(self, work: Work, reason: str, started_at: int, reserved: int) -> None:
        body = {"error": reason}

        def record(ctx: Context) -> int:
            return store.add_step(
                ctx,
                work.run,
                kind="model",
                state="failed",
                label="no usable reply",
                body=body,
                started_at=started_at,
                release_micros=reserved,
            )

        index = await self._change(work, record)
        work.add(StepRecord(index, "model", "failed", "", "", body, 0, 0))

    # Tools

    async def _propose(self, work: Work, calls: tuple[ToolCall, ...]) -> None:
        """Put the calls of one reply before the gate, in one transaction."""
        observations = fold.observations(work.steps)
        why = work.state.turns[-1].reply.text.strip()

        def propose(ctx: Context) -> list[StepRecord]:
            return [self._propose_one(ctx, work, call, why, observations) for call in calls]

        for step in await self._change(work, propose):
            work.add(step)

    def _propose_one(
        self, ctx: Context, work: Work, call: ToolCall, why: str, observations: tuple[ObservationText, ...]
    ) -> StepRecord:
        spec, error = self._admit(work.definition, call)
        if spec is None:
            body: dict[str, Any] = {"error": error, "raw": call.raw[:2000]}
            index = store.add_step(
                ctx, work.run, kind="tool", state="failed", label=call.name, body=body, call_id=call.id
            )
            return StepRecord(index, "tool", "failed", call.id, "", body, 0, 0)
        row = ctx.get(runs, work.run.id)
        assert row is not None, "a claimed run exists"
        proposal = gate.Proposal(
            run_id=work.run.id,
            step=int(row["steps"]),
            call_id=call.id,
            tool=spec,
            arguments=call.arguments or {},
            why=why,
            agent_id=work.run.agent_id,
            agent=work.definition.name,
            initiator=work.run.started_by,
            trigger=work.run.trigger,
            own_words=(work.state.task, work.definition.purpose, work.definition.instructions),
            observations=observations,
            before=tuple(_before(work.steps)),
        )
        action = gate.propose(ctx, proposal)
        index = store.add_step(
            ctx,
            work.run,
            kind="tool",
            state="open" if action["state"] != ActionState.DENIED else "done",
            label=spec.name,
            action_id=action["id"],
            call_id=call.id,
        )
        body = {"action": {"state": action["state"], "outcome": action["outcome"], "hold_until": 0}}
        return StepRecord(index, "tool", "open", call.id, action["id"], body, 0, 0)

    def _admit(self, definition: AgentDefinition, call: ToolCall) -> tuple[ToolSpec | None, str]:
        """The tool's manifest if the call may be put before the gate at all, or what to tell the model."""
        if call.arguments is None:
            return None, f"The arguments of {call.name} are not valid JSON: {call.error}. Send them again."
        if call.name not in definition.tools or call.name not in self.catalog:
            known = ", ".join(name for name in definition.tools if name in self.catalog) or "none"
            return None, f"There is no tool {call.name!r} here. The tools are: {known}."
        problems = self.catalog.problems(call.name, call.arguments)
        if problems:
            return None, f"The arguments of {call.name} do not fit its schema: {problems} Correct them and call again."
        return self.catalog.get(call.name).spec, ""

    async def _see_through(self, work: Work) -> bool:
        """Dispatch what may be dispatched; park where nothing may. Whether there is another move."""
        progressed = False
        for step in [step for step in work.steps if step.kind == "tool" and _is_open(step)]:
            action = await self._look(work, lambda ctx, step=step: invoke.load(ctx, step.action_id))
            if action.state is ActionState.READY and action.hold_until <= self.kernel.clock.now():
                settled = await self._dispatch(work, action)
            elif action.outcome is not None:
                settled = {"state": action.state.value, "outcome": action.outcome}
            else:
                continue
            if settled is not None:
                work.settle(step.index, settled)
                progressed = True
        if progressed:
            return True
        return not await self._park(work)

    async def _dispatch(self, work: Work, action: invoke.Action) -> Mapping[str, Any] | None:
        """Intent, effect, outcome: two commits with the effect between them. None where the action moved meanwhile."""

        def intend(ctx: Context) -> invoke.Dispatch | invoke.Settled | None:
            row = ctx.get(runs, work.run.id)
            if row is None or row["fence"] != work.run.fence:
                raise Superseded
            return invoke.begin(ctx, action.id)

        dispatch = await self._change(work, intend)
        if isinstance(dispatch, invoke.Settled):
            if dispatch.stop:
                await self._finish(work, RunStatus.CANCELLED, "Rejected and stopped by a person.")
                raise Superseded
            return {"state": dispatch.state.value, "outcome": dispatch.outcome}
        if dispatch is None:
            return None
        self.kernel.ticks.publish(Tick(work.run.id, "tool", action.tool))
        result = await invoke.perform(self.catalog, dispatch)
        return await self._change(work, lambda ctx: invoke.settle(ctx, dispatch, result))

    async def _park(self, work: Work) -> bool:
        """Park the run unless something became possible while we looked; in the same transaction as that look."""

        def park(ctx: Context) -> bool:
            states = [(row["state"], row["hold_until"] or 0) for row in store.rows_of_actions(ctx, work.run.id)]
            waits = [hold for state, hold in states if state == ActionState.READY.value]
            if any(hold <= ctx.now for hold in waits):
                return False
            known = {step.action_id for step in work.steps if _is_open(step)}
            settled = [
                row["id"]
                for row in store.rows_of_actions(ctx, work.run.id)
                if row["id"] in known and ActionState(row["state"]) not in invoke.OPEN
            ]
            if settled:
                return False
            doubt = any(state == ActionState.IN_DOUBT.value for state, _ in states)
            status = RunStatus.IN_DOUBT if doubt else RunStatus.WAITING
            waiting_for = WaitingFor.NOTHING if doubt else WaitingFor.APPROVAL
            store.hold_fence(
                ctx,
                work.run,
                {"status": status.value, "waiting_for": waiting_for.value, "wake_at": min(waits, default=None)},
            )
            ctx.emit(RunParked(work.run.id, status.value, waiting_for.value))
            if waits:
                ctx.wake(work.run.id)
            return True

        return await self._change(work, park)

    async def _finish(self, work: Work, status: RunStatus, reason: str, result: str | None = None) -> None:
        def close(ctx: Context) -> None:
            row = ctx.get(runs, work.run.id)
            if row is None or row["fence"] != work.run.fence:
                raise Superseded
            if status is not RunStatus.SUCCEEDED:
                invoke.withdraw_open(ctx, work.run.id, reason)
            store.finish(ctx, row, status, reason, result)

        await self._change(work, close)


def _is_open(step: StepRecord) -> bool:
    action = step.body.get("action")
    return action is not None and ActionState(action["state"]) in invoke.OPEN


def _before(steps: list[StepRecord]) -> list[str]:
    """The last three steps in a line each, for the card."""
    lines: list[str] = []
    for step in steps[-4:]:
        if step.kind == "model":
            reply = step.body.get("reply") or {}
            lines.append(f"{step.index} · model · {str(reply.get('text', '')).strip()[:120]}")
        else:
            outcome = (step.body.get("action") or {}).get("outcome") or {}
            lines.append(f"{step.index} · tool · {str(outcome.get('source') or step.call_id)[:120]}")
    return lines[-3:]


