"""The spine: a journaled step against a bare commit, the verdict, an answer until its effect, verification.

What only computes is measured in the process's own time, so that a busy machine does not count as slow code.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from legate_core.approvals.commands import ApproveAction
from legate_core.audit.queries import VerifyJournal
from legate_core.kernel.context import Context
from legate_core.policy.decide import decide
from legate_core.policy.model import Call, Facts, Predicate, Rule
from legate_core.policy.provenance import OwnWords
from legate_core.runs import store
from legate_core.runs.model import RunRecord
from legate_core.runs.tables import runs
from tests.benchmarks.budget import Figure, median
from tests.fakes.world import SPECS
from tests.flows.story import ASK_THEN_END, Story

ROUNDS, STEPS = 7, 200
ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Took:
    """Microseconds by the clock on the wall, in which FULL waits for the disk, and of the process's own computing."""

    wall_us: float
    cpu_us: float


@contextmanager
def timed(took: list[Took], times: int) -> Iterator[None]:
    """What one of so many turns took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    took.append(Took((time.perf_counter() - wall) / times * 1e6, (time.process_time() - cpu) / times * 1e6))


def raw_commit(folder: Path, took: list[Took]) -> None:
    """One row in one FULL commit, by the driver alone, in the same kind of file on the same disk."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
    with timed(took, STEPS):
        for number in range(STEPS):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t (text) VALUES (?)", (f"row {number}",))
            connection.execute("COMMIT")
    connection.close()
    (folder / "raw.db").unlink()


async def running(story: Story) -> RunRecord:
    """A run that a worker holds, as far as its row says; nothing else touches it."""
    run_id = await story.run(*ASK_THEN_END)
    core = story.core

    def claim(ctx: Context) -> RunRecord:
        row = ctx.get(runs, run_id)
        assert row is not None
        ctx.connection.execute(runs.update().where(runs.c.id == run_id).values(status="running"))
        return store.record(ctx.workspace_id, dict(row) | {"status": "running"})

    return await core.kernel.change(core.kernel.system(core.workspace_id), claim, "benchmark")


async def journaled_step(story: Story, run: RunRecord, took: list[Took]) -> None:
    """A step with its body, its run's row, its event, chain, tree and commitments, awaited from the event loop."""
    core = story.core
    actor = core.kernel.system(core.workspace_id)

    def step(ctx: Context) -> None:
        body = {"reply": {"text": f"step at {time.perf_counter_ns()}", "tool_calls": []}}
        store.add_step(ctx, run, kind="model", state="done", label="answers", body=body, tokens=(100, 10))

    with timed(took, STEPS):
        for _ in range(STEPS):
            await core.kernel.change(actor, step, "benchmark")


async def step_figures(folder: Path) -> list[Figure]:
    story = Story.at(folder)
    await story.begin()
    try:
        run = await running(story)
        raw: list[Took] = []
        steps: list[Took] = []
        alone: list[float] = []
        for _ in range(ROUNDS):
            raw_commit(folder, raw)
            await journaled_step(story, run, steps)
            with writing(story, alone):
                await journaled_step(story, run, [])
        ratio = [step.wall_us / bare.wall_us for step, bare in zip(steps, raw, strict=True)]
        return [
            Figure("raw commit, SQLite FULL", median(took.wall_us for took in raw), "µs"),
            Figure("raw commit, SQLite FULL (CPU)", median(took.cpu_us for took in raw), "µs"),
            # In the thread that writes, as the raw commit is measured; then with the way from the event loop and back.
            Figure("journaled step (CPU)", median(alone), "µs", most=300),
            Figure("journaled step, awaited (CPU)", median(took.cpu_us for took in steps), "µs"),
            Figure("journaled step, awaited", median(took.wall_us for took in steps), "µs"),
            Figure("journaled step / raw commit", median(ratio), "x", most=300 / 25),
        ]
    finally:
        await story.end()


@contextmanager
def writing(story: Story, took_us: list[float]) -> Iterator[None]:
    """What one of the transactions written meanwhile took of the time of the thread that writes."""
    database = story.core.kernel.database
    real = database.write_now
    turns: list[float] = []

    def watched(*arguments: Any) -> Any:
        began = time.thread_time()
        try:
            return real(*arguments)
        finally:
            turns.append(time.thread_time() - began)

    database.write_now = watched  # type: ignore[method-assign]  # of this one database, for this one round
    try:
        yield
    finally:
        del database.write_now  # type: ignore[method-assign]  # the class's own again
    took_us.append(sum(turns) / len(turns) * 1e6)


def verdict_figures() -> list[Figure]:
    """50 rules of which none decides, so that all are looked at, and then the built-in ones."""
    rules = tuple(
        Rule(
            id=f"rul_{number}",
            name=f"Rule {number}",
            verdict="allow",
            tools=("world.send",),
            arguments=(Predicate("to", "equals", (f"somebody-{number}@example.com",)),),
            ends_at=10**15,
        )
        for number in range(50)
    )
    arguments = {"to": "kim@example.com", "text": "The parcel is on its way and should arrive on Monday. " * 10}
    call = Call(tool=SPECS["world.send"], arguments=arguments, now=1_790_000_000_000)
    facts = Facts(own_words=OwnWords.from_texts(("Answer kim@example.com about the parcel 4711.",)))
    p99 = []
    for _ in range(5):
        took = []
        for _ in range(1000):
            began = time.thread_time()
            assert decide(call, facts, rules).kind == "ask"
            took.append(time.thread_time() - began)
        p99.append(statistics.quantiles(took, n=100)[98] * 1e3)
    return [Figure("policy verdict, 50 rules, p99 (CPU)", median(p99), "ms", most=1.0)]


async def answer_figures(folder: Path) -> list[Figure]:
    """From the sending of a yes until the tool is called: commit, reactors, claim, intent."""
    story = Story.at(folder)
    await story.begin()
    took: list[float] = []
    try:
        for _ in range(60):
            await story.run(*ASK_THEN_END)
            question = await story.question()
            arrived: list[float] = []
            story.world.on_act = lambda arrived=arrived: arrived.append(time.perf_counter())
            began = time.perf_counter()
            await story.answer(ApproveAction(question.id))
            took.append((arrived[0] - began) * 1e3)
    finally:
        await story.end()
    return [Figure("answer until next step, p50", median(took), "ms", most=10.0)]


async def verify_figures(folder: Path) -> list[Figure]:
    """A journal of many steps, verified whole: hashes, tree, order, rows, runs."""
    story = Story.at(folder)
    await story.begin()
    core = story.core
    actor = core.kernel.system(core.workspace_id)
    try:
        run = await running(story)

        def fill(ctx: Context) -> None:
            for _ in range(500):
                store.add_step(ctx, run, kind="model", state="done", label="answers", tokens=(100, 10))

        for _ in range(ENTRIES // 500):
            await core.kernel.change(actor, fill, "benchmark")

        def put_back(ctx: Context) -> None:
            row = ctx.connection.execute(select(runs).where(runs.c.id == run.id)).mappings().one()
            ctx.update(runs, run.id, {"status": "running"}, expect={"fence": row["fence"]})
            store.add_step(ctx, run, kind="model", state="done", label="answers")

        await core.kernel.change(actor, put_back, "benchmark")
        rates: list[float] = []
        for _ in range(5):
            began = time.process_time()
            report = await core.client.ask(VerifyJournal())
            rates.append(report.entries / (time.process_time() - began))
            assert report.is_sound, [finding.sentence for finding in report.findings]
        return [Figure("journal verified, rows included (CPU)", median(rates), "entries/s", least=50_000)]
    finally:
        await story.end()
