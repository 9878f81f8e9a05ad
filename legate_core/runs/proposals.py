"""The calls of one reply put before the gate, in one transaction; what cannot even be judged is told to the model."""

from __future__ import annotations

from typing import Any

from legate_core.actions import gate
from legate_core.actions.model import ActionState
from legate_core.agents.model import AgentDefinition
from legate_core.kernel.context import Context
from legate_core.llm.base import ToolCall
from legate_core.policy.model import ObservationText
from legate_core.policy.provenance import Typed
from legate_core.runs import fold, store
from legate_core.runs.model import DRAFT, StepRecord
from legate_core.runs.work import Work
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import ToolSpec


def propose(ctx: Context, work: Work, calls: tuple[ToolCall, ...]) -> list[StepRecord]:
    """Put the calls before the gate, each as a step of its own."""
    observations = fold.observations(work.steps)
    why = work.state.turns[-1].reply.text.strip()
    first = work.run.steps if not work.steps else work.steps[-1].index + 1
    return [_propose_one(ctx, work, call, first + number, why, observations) for number, call in enumerate(calls)]


def _propose_one(
    ctx: Context, work: Work, call: ToolCall, index: int, why: str, observations: tuple[ObservationText, ...]
) -> StepRecord:
    spec, error = admit(work.definition, work.catalog, call)
    if spec is None:
        refused: dict[str, Any] = {"error": error, "raw": call.raw[:2000]}
        store.add_step(ctx, work.run, kind="tool", state="failed", label=call.name, body=refused, call_id=call.id)
        return StepRecord(index, "tool", "failed", call.id, "", refused, 0, 0)
    proposal = gate.Proposal(
        run_id=work.run.id,
        step=index,
        call_id=call.id,
        tool=spec,
        arguments=call.arguments or {},
        why=why,
        agent_id=work.run.agent_id,
        agent=work.definition.name,
        initiator=work.run.started_by,
        trigger=work.run.trigger,
        own_words=own_words(work),
        observations=observations,
        before=work.before(),
    )
    action = gate.propose(ctx, proposal)
    state = "done" if action["state"] == ActionState.DENIED.value else "open"
    store.add_step(ctx, work.run, kind="tool", state=state, label=spec.name, action_id=action["id"], call_id=call.id)
    body = {"action": {"state": action["state"], "outcome": action["outcome"], "hold_until": 0}}
    return StepRecord(index, "tool", state, call.id, action["id"], body, 0, 0)


def own_words(work: Work) -> tuple[Typed, ...]:
    """What a person typed into this run, and the words of the definition that a person published as their own. A draft's
    words are nobody's yet: it may have come from anywhere.

    Each with the time it was typed at, so that a run that passes midnight does not take "tomorrow" for another day. A
    definition means the day on which a run begins.
    """
    begun = work.run.created_at
    said = [step.body for step in work.steps if step.kind == "person"]
    typed = (
        Typed(work.state.task, work.task_at or begun),
        *(Typed(str(body["text"]), int(body.get("at", begun))) for body in said),
    )
    if work.run.trigger == DRAFT:
        return typed
    return (*typed, Typed(work.definition.purpose, begun), Typed(work.definition.instructions, begun))


def admit(definition: AgentDefinition, catalog: Catalog, call: ToolCall) -> tuple[ToolSpec | None, str]:
    """The tool's manifest if the call may be put before the gate at all, or what to tell the model."""
    if call.arguments is None:
        return None, f"The arguments of {call.name} are not valid JSON: {call.error} Send them again."
    if call.name not in definition.tools or call.name not in catalog:
        known = ", ".join(name for name in definition.tools if name in catalog) or "none"
        return None, f"There is no tool {call.name!r} here. The tools are: {known}."
    problems = catalog.problems(call.name, call.arguments)
    if problems:
        return None, f"The arguments of {call.name} do not fit its schema: {' '.join(problems)} Correct them."
    return catalog.spec(call.name), ""
