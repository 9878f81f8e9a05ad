"""Ten thousand parked runs: what they cost at a start and in memory, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from legate_core.actions.tables import actions
from legate_core.approvals.tables import approvals
from legate_core.kernel.payloads import body_keys
from legate_core.runs.tables import runs, steps
from legate_core.storage.engine import Database
from tests.benchmarks.budget import Figure, median
from tests.flows.story import ASK_THEN_END, Story

COUNT = 10_000
ROUNDS = 5
_IDS = ("id", "run_id", "action_id", "approval_id", "scope_id")


async def prepare(folder: Path) -> None:
    """One run that really parked, and its rows again under ten thousand other names."""
    story = Story.at(folder)
    await story.begin()
    await story.run(*ASK_THEN_END)
    await story.end()
    shutil.copytree(folder, folder.with_name(f"{folder.name}-one"))
    database = Database(story.settings.url)
    try:
        await database.write(_multiply)
    finally:
        await asyncio.to_thread(database.close)


def _multiply(connection: Connection) -> None:
    for table in (runs, steps, actions, approvals, body_keys):
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
        rows = [row for row in rows if row.get("scope_id", "run_").startswith("run_")]
        _insert(connection, table, rows)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for number in range(COUNT - 1):
        renamed = [{name: _renamed(name, value, number) for name, value in row.items()} for row in rows]
        connection.execute(table.insert(), renamed)


def _renamed(name: str, value: Any, number: int) -> Any:
    if name not in _IDS or not value:
        return value
    head, dot, index = value.partition(".")
    return f"{head}_{number:05d}{dot}{index}"


async def measure(folder: Path) -> dict[str, float]:
    """How long it takes to open this folder, and the memory afterwards."""
    story = Story.at(folder)
    began = time.perf_counter()
    await story.begin()
    took = time.perf_counter() - began
    waiting = await story.core.kernel.look(story.core.owner, lambda ctx: len(ctx.rows(select(runs.c.id))))
    await story.end()
    return {"ms": took * 1e3, "kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "runs": waiting}


def waiting_figures(folder: Path) -> list[Figure]:
    many = folder / "many"
    asyncio.run(prepare(many))
    found: dict[str, list[dict[str, float]]] = {"many": [], "many-one": []}
    for _ in range(ROUNDS):
        for name, list_ in found.items():
            command = [sys.executable, "-m", "tests.benchmarks.waiting", str(folder / name)]
            list_.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    assert found["many"][0]["runs"] == COUNT

    def more(field: str) -> float:
        return median(item[field] for item in found["many"]) - median(item[field] for item in found["many-one"])

    return [
        Figure("start with one waiting run", median(item["ms"] for item in found["many-one"]), "ms"),
        Figure("a start takes longer with 10,000 waiting runs, by", more("ms"), "ms", most=50.0),
        Figure("memory more with 10,000 waiting runs, by", more("kb") / 1024, "MB", most=4.0),
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1])))))
