"""The SQL of runs and steps: rows in, dataclasses out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, select

from legate_core.actions.model import OPEN
from legate_core.actions.tables import actions
from legate_core.errors import Conflict, NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.runs.events import RunFinished, RunStepped
from legate_core.runs.model import FINAL, RunRecord, RunRow, RunStatus, StepRecord, StepRow, WaitingFor
from legate_core.runs.tables import runs, steps

MAX_DETAIL = 20_000
"""Characters of a step's content that the log shows; the whole is read by asking for the body."""


class Superseded(Exception):
    """Another worker has claimed the run since; this one stops without a word."""


def load_run(ctx: ReadContext, run_id: str) -> RunRecord:
    """The run, or `NotFound`."""
    row = ctx.get(runs, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id} in this workspace. 'legate runs' lists them.")
    return record(ctx.workspace_id, row)


def record(workspace_id: str, row: Mapping[str, Any]) -> RunRecord:
    return RunRecord(
        id=row["id"],
        workspace_id=workspace_id,
        agent_id=row["agent_id"],
        definition_hash=row["definition_hash"],
        name=row["name"],
        status=RunStatus(row["status"]),
        fence=row["fence"],
        started_by=row["started_by"],
        trigger=row["trigger"],
        task_ref=row["task_ref"],
        steps=row["steps"],
        started_at=row["started_at"] or 0,
        created_at=row["created_at"],
        cost_micros=row["cost_micros"],
        worked_ms=row["worked_ms"],
        is_erased=row["is_erased"],
    )


def hold_fence(
    ctx: Context, run: RunRecord, changes: Mapping[str, Any], add: Mapping[str, int] | None = None
) -> Mapping[str, Any]:
    """Change a run that this worker has claimed; raises `Superseded` where somebody else has it by now."""
    row = ctx.update(runs, run.id, changes, expect={"fence": run.fence, "status": RunStatus.RUNNING.value}, add=add)
    if row is None:
        raise Superseded
    return row


def check_fence(ctx: Context, run: RunRecord) -> Mapping[str, Any]:
    """The row of a run that this worker still holds; raises `Superseded` otherwise. Held until commit."""
    row = ctx.hold(runs, run.id)
    if row is None or row["fence"] != run.fence or row["status"] != RunStatus.RUNNING.value:
        raise Superseded
    return row


def add_step(
    ctx: Context,
    run: RunRecord,
    *,
    kind: str,
    state: str,
    label: str,
    body: Mapping[str, Any] | None = None,
    action_id: str = "",
    call_id: str = "",
    tokens: tuple[int, int] = (0, 0),
    cost_micros: int = 0,
    started_at: int | None = None,
    release_micros: int = 0,
    model: str = "",
) -> int:
    """Append one step to a run this worker holds, in this transaction; its index."""
    row = hold_fence(
        ctx,
        run,
        {},
        add={
            "steps": 1,
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "cost_micros": cost_micros,
            "reserved_micros": -release_micros,
        },
    )
    index = int(row["steps"]) - 1
    step_id = f"{run.id}.{index:05d}"
    ctx.insert(
        steps,
        {
            "id": step_id,
            "run_id": run.id,
            "index": index,
            "kind": kind,
            "state": state,
            "label": label[:160],
            "action_id": action_id or None,
            "call_id": call_id[:80] or None,
            "model": model[:160] or None,
            "body_ref": ctx.bodies.put(run.id, body) if body is not None else None,
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "cost_micros": cost_micros,
            "started_at": started_at if started_at is not None else ctx.now,
            "finished_at": None if state == "open" else ctx.now,
        },
    )
    ctx.emit(RunStepped(run.id, step_id, index, kind, state))
    return index


def finish(ctx: Context, row: Mapping[str, Any], status: RunStatus, reason: str, result: str | None = None) -> None:
    """Write the closing record of a run. The one place where a run gets a final status.

    Refuses `succeeded` while an action of the run is open: a status cannot lie.
    """
    open_actions = count_open_actions(ctx.connection, ctx.workspace_id, row["id"])
    if status is RunStatus.SUCCEEDED and open_actions:
        raise Conflict(f"Run {row['id']} cannot have succeeded: {open_actions} of its actions are open.")
    changed = ctx.update(
        runs,
        row["id"],
        {
            "status": status.value,
            "waiting_for": WaitingFor.NOTHING.value,
            "wake_at": None,
            "reason": reason[:400],
            "reserved_micros": 0,
            "finished_at": ctx.now,
            "fence": row["fence"] + 1,
            "result_ref": ctx.bodies.put(row["id"], {"text": result}) if result is not None else None,
        },
        expect={"fence": row["fence"], "status": row["status"]},
    )
    if changed is None:
        raise Superseded
    ctx.emit(RunFinished(row["id"], status.value, row["steps"], open_actions, reason[:200]))


def count_open_actions(connection: Connection, workspace_id: str, run_id: str) -> int:
    """Actions of a run that have no outcome and may still get one."""
    statement = select(actions.c.id).where(
        actions.c.workspace_id == workspace_id,
        actions.c.run_id == run_id,
        actions.c.state.in_([state.value for state in OPEN]),
    )
    return len(connection.execute(statement).all())


def step_records(ctx: ReadContext, run_id: str) -> list[StepRecord]:
    """A run's steps in order with their bodies and the outcomes of their actions: what a run is rebuilt from."""
    bodies = ctx.bodies.all(run_id)
    outcomes: dict[str, Mapping[str, Any]] = {}
    for row in rows_of_actions(ctx, run_id):
        outcomes[row["id"]] = {
            "state": row["state"],
            "outcome": bodies.get(row["outcome_ref"] or ""),
            "hold_until": row["hold_until"] or 0,
        }
    found: list[StepRecord] = []
    for row in rows_of_steps(ctx, run_id):
        body: dict[str, Any] = dict(bodies.get(row["body_ref"] or "") or {})
        if row["action_id"]:
            body["action"] = outcomes[row["action_id"]]
        found.append(
            StepRecord(
                index=row["index"],
                kind=row["kind"],
                state=row["state"],
                call_id=row["call_id"] or "",
                action_id=row["action_id"] or "",
                body=body,
                tokens=row["input_tokens"] + row["output_tokens"],
                cost_micros=row["cost_micros"],
            )
        )
    return found


def rows_of_actions(ctx: ReadContext, run_id: str, ids: Sequence[str] | None = None) -> Sequence[Mapping[str, Any]]:
    """The action rows of a run, in the order they were proposed; only these where ids are given."""
    statement = select(actions).where(actions.c.workspace_id == ctx.workspace_id, actions.c.run_id == run_id)
    if ids is not None:
        statement = statement.where(actions.c.id.in_(ids))
    return ctx.rows(statement.order_by(actions.c.step, actions.c.id))


def rows_of_steps(ctx: ReadContext, run_id: str, ids: Sequence[str] | None = None) -> Sequence[Mapping[str, Any]]:
    """The step rows of a run in order."""
    statement = select(steps).where(steps.c.workspace_id == ctx.workspace_id, steps.c.run_id == run_id)
    if ids is not None:
        statement = statement.where(steps.c.id.in_(ids))
    return ctx.rows(statement.order_by(steps.c.index))


def run_row(row: Mapping[str, Any]) -> RunRow:
    """A run as the list shows it."""
    return RunRow(
        id=row["id"],
        agent_id=row["agent_id"],
        name=row["name"],
        status=row["status"],
        waiting_for=row["waiting_for"],
        reason=row["reason"],
        steps=row["steps"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_micros=row["cost_micros"],
        created_at=row["created_at"],
        started_at=row["started_at"] or 0,
        finished_at=row["finished_at"] or 0,
        trigger=row["trigger"],
        started_by=row["started_by"],
        definition_hash=row["definition_hash"],
        origin_run_id=row["origin_run_id"] or "",
        origin_steps=row["origin_steps"] or 0,
    )


def step_row(row: Mapping[str, Any], action: Mapping[str, Any] | None, detail: str) -> StepRow:
    """A step as the log shows it; a tool step's state is its action's."""
    return StepRow(
        id=row["id"],
        run_id=row["run_id"],
        index=row["index"],
        kind=row["kind"],
        state=action["state"] if action is not None else row["state"],
        label=row["label"],
        detail=detail[:MAX_DETAIL],
        action_id=row["action_id"] or "",
        approval_id=(action["approval_id"] or "") if action is not None else "",
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_micros=row["cost_micros"],
        started_at=row["started_at"],
        finished_at=(action["settled_at"] or 0) if action is not None else (row["finished_at"] or 0),
        model=row["model"] or "",
        acted_at=(action["dispatched_at"] or 0) if action is not None else 0,
        effect=action["effect"] if action is not None else "",
    )


def detail_of(row: Mapping[str, Any], action: Mapping[str, Any] | None, bodies: Mapping[str, Any]) -> str:
    """What a person sees behind a step: what the model said and asked for, what a tool was given and gave back."""
    body: dict[str, Any] = bodies.get(row["body_ref"] or "") or {}
    if row["kind"] == "model":
        reply = body.get("reply")
        return _said(reply) if reply else str(body.get("error", ""))
    if row["kind"] == "person":
        return str(body.get("text", ""))
    call, outcome = call_and_outcome(body, action, bodies)
    if not call and not outcome:
        return str(body.get("error", ""))
    parts = [_as_lines(call.get("arguments"))] if call else []
    if outcome:
        parts.append(str(outcome["content"]))
    return "\n\n".join(parts)


def call_and_outcome(
    body: Mapping[str, Any], action: Mapping[str, Any] | None, bodies: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a tool step was given and what came back, from its action or, where it was taken over, from the step itself."""
    if action is not None:
        call: Mapping[str, Any] = bodies.get(action["effective_ref"] or action["call_ref"]) or {}
        return call, bodies.get(action["outcome_ref"] or "") or {}
    taken: Mapping[str, Any] = body.get("action") or {}
    return {"arguments": body["arguments"]} if "arguments" in body else {}, taken.get("outcome") or {}


def _said(reply: Mapping[str, Any]) -> str:
    calls = [f"{call['name']} {call['raw']}" for call in reply.get("tool_calls", ())]
    return "\n".join([text for text in (str(reply.get("text", "")).strip(),) if text] + calls)


def _as_lines(arguments: Any) -> str:
    if not isinstance(arguments, dict):
        return json.dumps(arguments, ensure_ascii=False)
    given = cast("dict[str, Any]", arguments)
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in given.items()
    )


def new_run_row(
    *, agent_id: str, definition_hash: str, name: str, trigger: str, started_by: str, now: int
) -> dict[str, Any]:
    """A run's first row."""
    return {
        "id": new_id("run"),
        "agent_id": agent_id,
        "definition_hash": definition_hash,
        "name": name[:120],
        "status": RunStatus.READY.value,
        "waiting_for": WaitingFor.NOTHING.value,
        "fence": 0,
        "trigger": trigger,
        "started_by": started_by,
        "reason": "",
        "steps": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_micros": 0,
        "reserved_micros": 0,
        "worked_ms": 0,
        "created_at": now,
        "is_erased": False,
    }


def open_run_rows(ctx: ReadContext) -> Sequence[Mapping[str, Any]]:
    """Every run of the workspace that has not ended."""
    statement = select(runs).where(
        runs.c.workspace_id == ctx.workspace_id, runs.c.status.not_in([status.value for status in FINAL])
    )
    return ctx.rows(statement)
