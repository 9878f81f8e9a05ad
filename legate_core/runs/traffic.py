"""A run's model traffic, taken from its log: what the recorded provider plays when the run is executed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from legate_core.errors import Conflict
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.llm.base import FailureKind, Reply
from legate_core.llm.recording import Entry, Recording
from legate_core.runs import store


@dataclass(frozen=True, slots=True)
class RunTraffic(Query[dict[str, Any]]):
    """What a run asked its models and what they answered, as the JSON of a recording; without keys."""

    run_id: str


def _starter(ctx: ReadContext, message: RunTraffic) -> str:
    return store.load_run(ctx, message.run_id).started_by


@query(RunTraffic, permission="runs.export", route="GET /runs/{run_id}/traffic", owner=_starter)
def run_traffic(ctx: ReadContext, message: RunTraffic) -> dict[str, Any]:
    run = store.load_run(ctx, message.run_id)
    if run.is_erased:
        raise Conflict(f"The content of run {run.id} was erased, so its traffic is gone. Record another run.")
    bodies = ctx.bodies.all(run.id)
    entries: list[Entry] = []
    for row in store.rows_of_steps(ctx, run.id):
        body: Mapping[str, Any] = bodies.get(row["body_ref"] or "") or {}
        if row["kind"] == "model" and "asked" in body:
            entries.append(_entry(str(row["model"] or ""), body))
    return Recording(run.id, tuple(entries)).to_json()


def _entry(model: str, body: Mapping[str, Any]) -> Entry:
    asked = str(body["asked"])
    if "reply" in body:
        return Entry(asked, model, Reply.from_json(body["reply"]))
    known: dict[str, FailureKind] = {kind: kind for kind in get_args(FailureKind)}
    return Entry(asked, model, None, known.get(str(body.get("kind")), "refused"), str(body.get("error", "")))
