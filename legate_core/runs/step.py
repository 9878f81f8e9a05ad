"""One step of a run, whole: what it was given, what came of it, what the model saw, and its place in the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select

from legate_core.agents.loop import transcript
from legate_core.agents.store import load_definition
from legate_core.errors import NotFound
from legate_core.kernel.context import ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.runs import fold, store
from legate_core.runs.events import RunStepped
from legate_core.runs.model import RunRecord, StepRow
from legate_core.runs.queries import may_read

MAX_TEXT = 100_000
"""Characters of one text that are shown; what is longer is cut, and says so. An export holds it whole."""
MAX_MESSAGE = 20_000


@dataclass(frozen=True, slots=True)
class ContextMessage:
    """One message of what the model was given. `name` is the tool that answered, for a tool's message."""

    role: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StepDetail:
    """A step whole. `arguments` are the effective ones; `proposed` differ where a person edited them; both are None for a
    step that has none. `raw` is what is stored. `seq` and `entry_hash` are its place in the journal.

    Without the right to the run's content, and after it was erased, everything but row and place is empty.
    """

    row: StepRow
    output: str
    arguments: Any
    proposed: Any
    context: tuple[ContextMessage, ...]
    raw: Any
    seq: int
    entry_hash: str
    is_shown: bool
    rule_id: str = ""
    taken_over: str = ""


@dataclass(frozen=True, slots=True)
class Step(Query[StepDetail]):
    """One step of a run by its index."""

    run_id: str
    index: int


@query(Step, permission="runs.view", route="GET /runs/{run_id}/steps/{index}")
def one_step(ctx: ReadContext, message: Step) -> StepDetail:
    run = store.load_run(ctx, message.run_id)
    row = next(iter(store.rows_of_steps(ctx, run.id, [f"{run.id}.{message.index:05d}"])), None)
    if row is None:
        raise NotFound(f"Run {run.id} has no step {message.index}. It has {run.steps} steps, the first is 0.")
    action = next(iter(store.rows_of_actions(ctx, run.id, [row["action_id"]])), None) if row["action_id"] else None
    seq, entry_hash = _place(ctx, run.id, row["id"])
    is_shown = may_read(ctx, run.started_by) and not run.is_erased
    bodies = ctx.bodies.all(run.id) if is_shown else {}
    shown = store.step_row(row, action, store.detail_of(row, action, bodies))
    if not is_shown:
        return StepDetail(shown, "", None, None, (), None, seq, entry_hash, is_shown=False)
    body: Mapping[str, Any] = bodies.get(row["body_ref"] or "") or {}
    call, outcome = store.call_and_outcome(body, action, bodies)
    proposed: Mapping[str, Any] = (bodies.get(action["call_ref"]) or {}) if action is not None else call
    return StepDetail(
        row=shown,
        output=_cut(_output(row, body, outcome)),
        arguments=_bounded(call.get("arguments")),
        proposed=_bounded(proposed.get("arguments")),
        context=_context(ctx, run, row),
        raw=_bounded({"step": body, "call": dict(call), "outcome": dict(outcome)}),
        seq=seq,
        entry_hash=entry_hash,
        is_shown=True,
        rule_id=action["rule_id"] if action is not None else "",
        taken_over=str(body.get("taken_over", "")),
    )


def _output(row: Mapping[str, Any], body: Mapping[str, Any], outcome: Mapping[str, Any]) -> str:
    if row["kind"] == "person":
        return str(body.get("text", ""))
    if row["kind"] == "model":
        reply: Mapping[str, Any] = body.get("reply") or {}
        return str(reply.get("text", "")) or str(body.get("error", ""))
    return str(outcome.get("content", "")) or str(body.get("error", ""))


def _context(ctx: ReadContext, run: RunRecord, row: Mapping[str, Any]) -> tuple[ContextMessage, ...]:
    """What the model was given for this step, or for the reply that asked for this call."""
    records = store.step_records(ctx, run.id)
    at = row["index"]
    if row["kind"] != "model":
        at = max((record.index for record in records[:at] if record.kind == "model"), default=0)
    task = str(ctx.bodies.get(run.id, run.task_ref)["text"])
    state = fold.fold(load_definition(ctx, run.definition_hash), task, run.started_at, records[:at])
    return tuple(_message(item) for item in transcript(state))


def _message(item: Any) -> ContextMessage:
    calls = "".join(f"\n{call.name} {call.raw}" for call in item.tool_calls)
    text = f"{item.text}{calls}".strip()
    return ContextMessage(item.role, item.name, _cut(text, MAX_MESSAGE))


def _place(ctx: ReadContext, run_id: str, step_id: str) -> tuple[int, str]:
    """Where the journal says that this step was taken, for the first time."""
    statement = (
        select(entries.c.seq, entries.c.hash)
        .where(
            entries.c.workspace_id == ctx.workspace_id,
            entries.c.run_id == run_id,
            entries.c.name == RunStepped.name,
            entries.c.entry.contains(f'"step_id":"{step_id}"', autoescape=True),
        )
        .order_by(entries.c.seq)
        .limit(1)
    )
    found = ctx.connection.execute(statement).first()
    return (found.seq, bytes(found.hash).hex()) if found is not None else (0, "")


def _cut(text: str, most: int = MAX_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[cut: {len(text):,} characters in all]"


def _bounded(value: Any) -> Any:
    """The value with every text in it cut, so that a huge argument can be looked at."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, Mapping):
        return {str(name): _bounded(item) for name, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, Sequence):
        return [_bounded(item) for item in cast("Sequence[Any]", value)]
    return value
