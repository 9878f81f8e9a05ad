"""A run as one file to share: everything it did, in order, masked, with its places in the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select

from legate_core.agents.model import to_json
from legate_core.agents.store import load_definition
from legate_core.errors import Conflict, Forbidden, Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.runs import store
from legate_core.runs.events import RunExported
from legate_core.runs.masks import ALWAYS, LABELS, Masker
from legate_core.runs.model import RunRecord
from legate_core.runs.queries import may_read
from legate_core.tools.catalog import Catalog

FORMAT = "legate/run/1"
MASKED = ("address", "number", "link", "path")


@dataclass(frozen=True, slots=True)
class RunFile:
    """The file: a name for it, its text, SHA-256 of that text, and how many different values of each kind were masked."""

    name: str
    text: str
    digest: str
    masked: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ExportRun(Command[RunFile]):
    """Write a run into one JSON file. Secrets are masked always; `mask` says what else: address, number, link, path, text.

    The journal keeps who exported it and the file's digest.
    """

    run_id: str
    mask: tuple[str, ...] = MASKED


def _starter(ctx: ReadContext, message: ExportRun) -> str:
    return store.load_run(ctx, message.run_id).started_by


@command(ExportRun, permission="runs.export", route="POST /runs/{run_id}/export", owner=_starter)
def export_run(ctx: Context, message: ExportRun) -> RunFile:
    if unknown := sorted(set(message.mask) - set(LABELS)):
        raise Invalid(f"{unknown[0]!r} cannot be masked. Choose from: {', '.join(LABELS)}.")
    run = store.load_run(ctx, message.run_id)
    if run.is_erased:
        raise Conflict(
            f"The content of run {run.id} was erased, so there is nothing to share. Export the audit instead."
        )
    if not may_read(ctx, run.started_by):
        raise Forbidden("You may not read the content of this run, so you cannot share it. Ask who started it.")
    masker = Masker(frozenset(message.mask))
    document = {"format": FORMAT, **_document(ctx, run, masker)}
    document["masked"] = {label: masker.counts[label] for label in LABELS if label in message.mask or label in ALWAYS}
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    ctx.emit(RunExported(run.id, digest))
    return RunFile(f"{run.id}.legate-run.json", text, digest, document["masked"])


def _document(ctx: ReadContext, run: RunRecord, masker: Masker) -> dict[str, Any]:
    row = ctx.get(store.runs, run.id)
    assert row is not None, "a loaded run exists"
    task = str(ctx.bodies.get(run.id, run.task_ref)["text"])
    result = str(ctx.bodies.get(run.id, row["result_ref"])["text"]) if row["result_ref"] else ""
    definition = to_json(load_definition(ctx, run.definition_hash))
    definition["model"] = {name: definition["model"].get(name, "") for name in ("provider", "model")}
    return {
        "run": {
            "id": run.id,
            "agent_id": run.agent_id,
            "name": masker.text(run.name),
            "status": run.status.value,
            "reason": masker.text(row["reason"]),
            "trigger": run.trigger,
            "definition_hash": run.definition_hash,
            "origin_run_id": row["origin_run_id"] or "",
            "created_at": run.created_at,
            "started_at": row["started_at"] or 0,
            "finished_at": row["finished_at"] or 0,
            "input_tokens": row["input_tokens"],
            "output_tokens": row["output_tokens"],
            "cost_micros": row["cost_micros"],
            "task": masker.content(task),
            "result": masker.content(result),
        },
        "definition": masker.value(definition),
        "steps": _steps(ctx, run, masker),
        "journal": _journal(ctx, run.id),
    }


def _steps(ctx: ReadContext, run: RunRecord, masker: Masker) -> list[dict[str, Any]]:
    bodies = ctx.bodies.all(run.id)
    actions = {row["id"]: row for row in store.rows_of_actions(ctx, run.id)}
    found: list[dict[str, Any]] = []
    for row in store.rows_of_steps(ctx, run.id):
        action = actions.get(row["action_id"] or "")
        body: Mapping[str, Any] = bodies.get(row["body_ref"] or "") or {}
        line: dict[str, Any] = {
            "index": row["index"],
            "kind": row["kind"],
            "state": action["state"] if action is not None else row["state"],
            "label": masker.text(row["label"]),
            "started_at": row["started_at"],
            "finished_at": (action["settled_at"] if action is not None else row["finished_at"]) or 0,
            "input_tokens": row["input_tokens"],
            "output_tokens": row["output_tokens"],
            "cost_micros": row["cost_micros"],
        }
        if row["kind"] == "tool":
            call, outcome = store.call_and_outcome(body, action, bodies)
            line |= _tool(ctx, row, action, call, outcome, masker)
        if "reply" in body:
            line["said"] = masker.content(str(body["reply"].get("text", "")))
            line["called"] = [_call(ctx, item, masker) for item in body["reply"].get("tool_calls", ())]
        if "text" in body:
            line["said"] = masker.content(str(body["text"]))
        if "error" in body:
            line["error"] = masker.text(str(body["error"]))
        found.append(line)
    return found


def _tool(
    ctx: ReadContext,
    row: Mapping[str, Any],
    action: Mapping[str, Any] | None,
    call: Mapping[str, Any],
    outcome: Mapping[str, Any],
    masker: Masker,
) -> dict[str, Any]:
    found: dict[str, Any] = {"arguments": _arguments(ctx, row["label"], call.get("arguments"), masker)}
    if action is not None:
        found |= {"effect": action["effect"], "verdict": action["verdict"], "rule_id": action["rule_id"]}
        found |= {"approval_id": action["approval_id"] or "", "dispatched_at": action["dispatched_at"] or 0}
    if outcome:
        found["source"] = masker.text(str(outcome.get("source", "")))
        found["returned"] = masker.content(str(outcome.get("content", "")))
        found["is_error"] = bool(outcome.get("is_error"))
    return found


def _call(ctx: ReadContext, call: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    name = str(call.get("name", ""))
    arguments = call.get("arguments")
    if arguments is None:
        return {"tool": name, "raw": masker.content(str(call.get("raw", "")))}
    return {"tool": name, "arguments": _arguments(ctx, name, arguments, masker)}


def _arguments(ctx: ReadContext, tool: str, arguments: Any, masker: Masker) -> Any:
    """The arguments by what the manifest says of each: content may be masked whole, authority stays readable."""
    catalog = ctx.port(Catalog)
    if not isinstance(arguments, Mapping):
        return masker.value(arguments, is_content=True)
    spec = catalog.spec(tool) if tool in catalog else None
    given = cast("Mapping[str, Any]", arguments)
    return {
        name: masker.value(value, is_content=spec is None or spec.role_of(name).role == "content")
        for name, value in given.items()
    }


def _journal(ctx: ReadContext, run_id: str) -> list[dict[str, Any]]:
    """Where the journal speaks of this run: the places can be held against a copy of it."""
    statement = (
        select(entries.c.seq, entries.c.name, entries.c.hash)
        .where(entries.c.workspace_id == ctx.workspace_id, entries.c.run_id == run_id)
        .order_by(entries.c.seq)
    )
    return [
        {"seq": seq, "name": name, "hash": bytes(digest).hex()}
        for seq, name, digest in ctx.connection.execute(statement)
    ]
