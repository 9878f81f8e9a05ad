"""Going on from a past step: a new run takes over the first steps of another, sealed under its own key, and does the rest.

What was done stays done and is told to the model as it was; what comes after it is proposed anew, under new idempotency
keys, and passes the gate again. The other run is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from legate_core.actions.model import OPEN, ActionState
from legate_core.agents.model import AgentDefinition
from legate_core.agents.store import living, load_definition
from legate_core.errors import Conflict, Forbidden, Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.policy import store as policy
from legate_core.policy.model import Rule
from legate_core.runs import fold, store
from legate_core.runs.commands import MAX_TASK, begin, new_row
from legate_core.runs.events import RunBranched, RunStepped
from legate_core.runs.model import FINAL, RunRecord, StepRecord
from legate_core.runs.queries import may_read
from legate_core.runs.tables import runs, steps
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect

NOT_RUN = "This call was not run: a person went on differently here."


@dataclass(frozen=True, slots=True)
class RetryRun(Command[str]):
    """Go on from where a run that has ended went wrong, or from a step: `step` and what follows it is done anew, by the
    same version and on the same task. Answers with the new run's id. A `step` of -1 is the first that failed, or the last.
    """

    run_id: str
    step: int = -1


def _starter(ctx: ReadContext, message: RetryRun) -> str:
    return store.load_run(ctx, message.run_id).started_by


@command(RetryRun, permission="runs.retry", route="POST /runs/{run_id}/retry", owner=_starter)
def retry_run(ctx: Context, message: RetryRun) -> str:
    run = store.load_run(ctx, message.run_id)
    if run.status not in FINAL:
        raise Conflict(f"Run {run.id} has not ended yet. Cancel it first, or fork it from a step.")
    keep = message.step if message.step >= 0 else _first_to_retry(ctx, run)
    return branch(ctx, run, keep, run.definition_hash, how="retry")


@dataclass(frozen=True, slots=True)
class ForkRun(Command[str]):
    """Begin a new run with the steps before `step` of this one, which may still be going; answers with the new run's id.

    `say` is what the person adds at that point. `version` is the one the run had, or the one that is published now.
    """

    run_id: str
    step: int
    say: str = ""
    version: Literal["same", "published"] = "same"


@command(ForkRun, permission="runs.fork", route="POST /runs/{run_id}/fork")
def fork_run(ctx: Context, message: ForkRun) -> str:
    run = store.load_run(ctx, message.run_id)
    definition_hash = run.definition_hash
    if message.version == "published":
        definition_hash = living(ctx, run.agent_id)["published_hash"] or ""
        if not definition_hash:
            raise Conflict("This agent was never published. Publish it, or fork with the version the run had.")
    return branch(ctx, run, message.step, definition_hash, how="fork", say=message.say)


def branch(ctx: Context, origin: RunRecord, keep: int, definition_hash: str, *, how: str, say: str = "") -> str:
    """A new run of the actor's that begins with the first `keep` steps of another and, perhaps, with words; its id."""
    if origin.is_erased:
        raise Conflict(f"The content of run {origin.id} was erased, so nothing can go on from it. Start a new run.")
    if not may_read(ctx, origin.started_by):
        # Whoever starts a run may read it, so a copy of what one may not read would open it.
        raise Forbidden("You may not read the content of this run, so you cannot go on from it. Ask who started it.")
    if not 0 <= keep <= origin.steps:
        raise Invalid(f"Run {origin.id} has the steps 0 to {origin.steps - 1}. Name one of them.")
    if say:
        check_words(say)
    definition = load_definition(ctx, definition_hash)
    living(ctx, origin.agent_id)
    # The trigger stays what it was, so that rules about how a run began mean this one as well.
    row = new_row(ctx, origin.agent_id, definition, origin.trigger)
    row |= {"origin_run_id": origin.id, "origin_steps": keep}
    taken = _taken_over(ctx, origin, keep)
    if say:
        taken += _unanswered(definition, origin, taken)
        taken.append({"kind": "person", "state": "done", "label": "says", "body": {"text": say, "at": ctx.now}})
    row["steps"] = len(taken)
    task = ctx.bodies.get(origin.id, origin.task_ref)
    begin(ctx, row, str(task["text"]), int(task.get("at", origin.created_at)))
    ctx.emit(RunBranched(row["id"], origin.id, keep, how))
    _ask_again(ctx, row["id"], origin, keep)
    for index, step in enumerate(taken):
        stored = _step_row(ctx, row["id"], index, step)
        ctx.insert(steps, stored)
        ctx.emit(RunStepped(row["id"], stored["id"], index, stored["kind"], stored["state"]))
    return row["id"]


def _step_row(ctx: Context, run_id: str, index: int, step: Mapping[str, Any]) -> dict[str, Any]:
    """A step that cost this run nothing and took it no time."""
    return {
        "id": f"{run_id}.{index:05d}",
        "run_id": run_id,
        "index": index,
        "kind": step["kind"],
        "state": step["state"],
        "label": step["label"],
        "call_id": step.get("call_id"),
        "body_ref": ctx.bodies.put(run_id, step["body"]),
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_micros": 0,
        "started_at": ctx.now,
        "finished_at": ctx.now,
    }


def _taken_over(ctx: ReadContext, origin: RunRecord, keep: int) -> list[dict[str, Any]]:
    """The first steps of a run as data that stands by itself: an action stays where it happened, its outcome is copied."""
    bodies = ctx.bodies.all(origin.id)
    actions = {row["id"]: row for row in store.rows_of_actions(ctx, origin.id)}
    found: list[dict[str, Any]] = []
    for row in store.rows_of_steps(ctx, origin.id)[:keep]:
        body: dict[str, Any] = {**(bodies.get(row["body_ref"] or "") or {}), "taken_over": row["id"]}
        action = actions.get(row["action_id"] or "")
        state = row["state"]
        if action is not None:
            state = action["state"]
            if ActionState(state) in OPEN:
                raise Conflict(f"Step {row['index']} is still open ({state}). Go on from it or from an earlier one.")
            call, outcome = store.call_and_outcome(body, action, bodies)
            body["arguments"] = call.get("arguments")
            body["action"] = {"state": state, "outcome": dict(outcome) or None, "hold_until": 0}
        found.append(
            {"kind": row["kind"], "state": state, "label": row["label"], "call_id": row["call_id"], "body": body}
        )
    return found


def _ask_again(ctx: Context, run_id: str, origin: RunRecord, keep: int) -> None:
    """What another run did after this point, this one may do only when a person says yes again: a rule that allowed it
    then would let the same thing happen a second time without a word."""
    done: set[str] = set()
    ancestor: str = origin.id
    while ancestor:
        done |= {
            row["tool"]
            for row in store.rows_of_actions(ctx, ancestor)
            if row["step"] >= keep and row["effect"] != Effect.READ.value and row["dispatched_at"] is not None
        }
        row = ctx.get(runs, ancestor) or {}
        ancestor = row.get("origin_run_id") or ""
        keep = min(keep, row.get("origin_steps") or 0)
    if done := done & set(ctx.port(Catalog)):
        policy.add_rule(
            ctx,
            Rule(
                id="",
                name=f"Asked again in run {run_id}",
                verdict="ask",
                words="The run that this one goes on from did this already, so it is asked again.",
                tools=tuple(sorted(done)),
                runs=(run_id,),
            ),
        )


def _unanswered(definition: AgentDefinition, origin: RunRecord, taken: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls of the last turn that were not proposed yet, each told as not run, so that a person can speak next."""
    records = [
        StepRecord(at, step["kind"], step["state"], step.get("call_id") or "", "", step["body"], 0, 0)
        for at, step in enumerate(taken)
    ]
    state = fold.fold(definition, "", 0, records)
    last = state.turns[-1] if state.turns else None
    if last is None or state.is_spoken_to:
        return []
    return [
        {
            "kind": "tool",
            "state": "failed",
            "label": call.name[:160],
            "call_id": call.id[:80],
            "body": {"error": NOT_RUN, "taken_over": origin.id},
        }
        for call in last.reply.tool_calls[len(last.outcomes) :]
    ]


def _first_to_retry(ctx: ReadContext, run: RunRecord) -> int:
    """Where a run went wrong: the first of the failed model replies at its end, or the first call that had no outcome;
    where nothing did, its last turn is taken anew."""
    rows = store.rows_of_steps(ctx, run.id)
    actions = {row["id"]: ActionState(row["state"]) for row in store.rows_of_actions(ctx, run.id)}
    without = (*OPEN, ActionState.WITHDRAWN)
    lost = [row["index"] for row in rows if actions.get(row["action_id"] or "") in without]
    if lost:
        return int(lost[0])
    keep = len(rows)
    while keep and rows[keep - 1]["kind"] == "model" and rows[keep - 1]["state"] == "failed":
        keep -= 1
    if keep == len(rows):
        while keep and rows[keep - 1]["kind"] != "model":
            keep -= 1
        keep = max(0, keep - 1)
    return keep


def check_words(text: str) -> None:
    """Raise `Invalid` unless a person may say this to a run."""
    if not text.strip():
        raise Invalid("There are no words to go on with. Say what the agent should do.")
    if len(text) > MAX_TASK:
        raise Invalid(f"This may have at most {MAX_TASK:,} characters. Put long material in a folder instead.")
