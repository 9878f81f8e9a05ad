"""Things that happen in a house, so that its journal has something to say: runs with steps, members, secrets."""

from __future__ import annotations

from typing import Any

from legate_core.crypto.secret import Secret
from legate_core.kernel.context import Context
from legate_core.runs.commands import EraseRun
from legate_core.runs.events import RunCreated, RunFinished, RunStepped
from legate_core.runs.store import new_run_row
from legate_core.runs.tables import runs, steps
from legate_core.vault.commands import StoreSecret
from tests.core.audit.house import OWNER, House


def start_run(ctx: Context) -> str:
    """A run with a key of its own."""
    row: dict[str, Any] = new_run_row(
        agent_id="agt_1", definition_hash="0" * 64, name="Test", trigger="manual", started_by=OWNER, now=ctx.now
    )
    ctx.bodies.open_scope(row["id"])
    ctx.insert(runs, row | {"task_ref": ctx.bodies.put(row["id"], {"text": "do it"})})
    ctx.emit(RunCreated(row["id"], "agt_1", "0" * 64, "manual"))
    return row["id"]


def step(ctx: Context, run_id: str, index: int) -> None:
    """One step of a run, with the two rows it changes."""
    row = {"id": f"{run_id}.{index:05d}", "run_id": run_id, "index": index, "kind": "model", "state": "done"}
    counts = {"input_tokens": 10, "output_tokens": 5, "cost_micros": 0, "started_at": ctx.now, "finished_at": ctx.now}
    ctx.insert(steps, row | counts | {"label": "thinks"})
    ctx.update(runs, run_id, {"steps": index + 1})
    ctx.emit(RunStepped(run_id, row["id"], index, "model", "done"))


def finish(ctx: Context, run_id: str, count: int) -> None:
    """The closing record."""
    ctx.update(runs, run_id, {"status": "succeeded", "finished_at": ctx.now})
    ctx.emit(RunFinished(run_id, "succeeded", count, 0, ""))


async def whole_run(house: House, count: int = 3) -> str:
    """A run from its start to its end; its id."""
    run_id: str = await house.kernel.change(house.owner, start_run, "StartRun")
    for index in range(count):
        house.clock.advance(1)
        await house.change(lambda ctx, index=index: step(ctx, run_id, index), f"run {run_id}")
    await house.change(lambda ctx: finish(ctx, run_id, count), f"run {run_id}")
    return run_id


async def fill(house: House, runs_count: int = 2) -> list[str]:
    """Some of everything; the ids of the runs."""
    await house.person("per_bob", "builder")
    await house.send(StoreSecret("Model key", Secret("sk-canary"), ("api.example.com",)))
    return [await whole_run(house) for _ in range(runs_count)]


async def erase(house: House, run_id: str) -> None:
    """Erase a run as its owner may."""
    house.prove()
    await house.send(EraseRun(run_id))
