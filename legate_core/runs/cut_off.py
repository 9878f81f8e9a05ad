"""What a model call costs that was cut off: by a cancel, a stop, a close, or the end of the process. Charged once, as a step."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from legate_core.agents.loop import CallModel, next_move
from legate_core.agents.model import AgentDefinition
from legate_core.agents.store import load_definition
from legate_core.kernel.context import Context
from legate_core.llm.base import Message, ModelRequest, ToolOffer, Usage
from legate_core.llm.fallback import Link, chain
from legate_core.llm.pricing import Price, settle
from legate_core.llm.surroundings import MAX_OUTPUT_TOKENS
from legate_core.llm.tokens import estimate_input
from legate_core.runs import fold, store
from legate_core.runs.events import MoneyReserved
from legate_core.runs.model import RunRecord, RunStatus
from legate_core.runs.tables import runs
from legate_core.runs.work import Work
from legate_core.tools.catalog import Catalog

CUT_OFF = "This call was cut off. What it had used until then is charged."
NOBODY_KNOWS = (
    "Legate ended in the middle of this call. Nobody can know how much of it came, "
    "so all that was set aside is charged."
)


@dataclass
class Call:
    """One model being asked: what it may cost, what is set aside for it, and who was passed over before.

    `is_settled` once its cost stands in the log, whoever wrote it.
    """

    work: Work
    link: Link
    request: ModelRequest
    started_at: int
    price: Price | None = None
    reserved: int = 0
    passed: Sequence[str] = field(default_factory=tuple[str, ...])
    is_settled: bool = False

    def settle(self, ctx: Context) -> None:
        """The cost is written in this transaction, in which the run's row is held. Raises `Superseded` for a second time."""
        if self.is_settled:
            raise store.Superseded
        self.is_settled = True
        ctx.undo(self._reopen)

    def _reopen(self) -> None:
        self.is_settled = False


class CallsUnderWay:
    """The model calls of this process that are on their way: what each has used is known here and nowhere else."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    @contextmanager
    def holding(self, call: Call) -> Generator[None]:
        """Known to whoever ends the run, as long as this lasts."""
        run_id = call.work.run.id
        self._calls[run_id] = call
        try:
            yield
        finally:
            if self._calls.get(run_id) is call:
                del self._calls[run_id]

    def of(self, run_id: str, fence: int) -> Call | None:
        """The call that a run is in, made by the worker that holds it."""
        call = self._calls.get(run_id)
        return call if call is not None and call.work.run.fence == fence else None


def request_of(
    definition: AgentDefinition, catalog: Catalog, link: Link, messages: tuple[Message, ...], attempt: int
) -> ModelRequest:
    """What a model of the agent's is asked."""
    model = link.settings
    specs = [catalog.spec(name) for name in definition.tools if name in catalog]
    return ModelRequest(
        model=str(model.get("model", "")),
        messages=messages,
        tools=tuple(ToolOffer(spec.name, spec.description, spec.parameters) for spec in specs),
        max_tokens=int(model.get("max_tokens", MAX_OUTPUT_TOKENS)),
        temperature=model.get("temperature"),
        attempt=attempt,
    )


def charge(ctx: Context, run_id: str) -> Mapping[str, Any]:
    """Charge the model call that a run is in, which nobody will see through; the run's row, held until commit.

    What is known to have come is charged where the call is one of this process, and nothing for one that never went out.
    Of any other only the sum is known that was set aside for it, and all of that is charged.
    """
    row = ctx.hold(runs, run_id)
    assert row is not None, "a run that is ended or claimed exists"
    if row["status"] != RunStatus.RUNNING.value:
        return row
    run = store.record(ctx.workspace_id, row)
    call = ctx.port(CallsUnderWay).of(run_id, run.fence)
    if call is not None and not call.is_settled:
        call.settle(ctx)
        _charge_known(ctx, run, call, row["reserved_micros"])
    elif call is None and row["reserved_micros"]:
        _charge_all(ctx, run, row["reserved_micros"])
    else:
        return row
    return ctx.get(runs, run_id) or row


def _charge_known(ctx: Context, run: RunRecord, call: Call, reserved: int) -> None:
    usage = call.request.meter.used
    if usage is not None:
        cost = settle(usage, call.price) if call.price is not None else 0
        _add(ctx, run, call.link.name, CUT_OFF, usage, cost, reserved, call.started_at)
    elif reserved:
        store.hold_fence(ctx, run, {"reserved_micros": 0})
        ctx.emit(MoneyReserved(run.id, 0))


def _charge_all(ctx: Context, run: RunRecord, reserved: int) -> None:
    definition = load_definition(ctx, run.definition_hash)
    link = chain(definition.model)[0]
    task = str(ctx.bodies.get(run.id, run.task_ref)["text"])
    state = fold.fold(definition, task, ctx.now - run.worked_ms, store.step_records(ctx, run.id))
    move = next_move(state, ctx.now)
    most = Usage()
    if isinstance(move, CallModel):
        request = request_of(definition, ctx.port(Catalog), link, move.messages, 0)
        most = Usage(estimate_input(request), request.max_tokens)
    _add(ctx, run, link.name, NOBODY_KNOWS, most, reserved, reserved, ctx.now)


def _add(
    ctx: Context, run: RunRecord, model: str, words: str, usage: Usage, cost: int, reserved: int, started_at: int
) -> None:
    store.add_step(
        ctx,
        run,
        kind="model",
        state="failed",
        label="cut off",
        body={"error": words, "is_cut_off": True},
        tokens=(usage.input_tokens, usage.output_tokens),
        cost_micros=cost,
        started_at=started_at,
        release_micros=reserved,
        model=model,
    )
