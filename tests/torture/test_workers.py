"""Several workers on one PostgreSQL: killed at random, stopped and woken again as zombies, answered twice, racing.

A few rounds in CI; `make torture` takes its time. The seed is printed, so that a failure can be played again.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from legate_core.agents.commands import CreateAgent, PublishAgent
from legate_core.app import Core
from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.queries import PendingApprovals
from legate_core.audit.queries import VerifyJournal
from legate_core.errors import Conflict
from legate_core.kernel import journal
from legate_core.runs.commands import StartRun
from legate_core.runs.doubt import InDoubt, SettleDoubt
from legate_core.runs.model import FINAL
from legate_core.runs.queries import Runs
from tests.fakes.world import World
from tests.torture.judge import all_facts
from tests.torture.scene import deputy
from tests.torture.stage import ROOT
from tests.torture.worker import look, open_worker

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

WORKERS = 2
RUNS_A_ROUND = 3
PATIENCE_SECONDS = 60.0


class Crew:
    """The workers' processes."""

    def __init__(self, folder: Path, world: World, database_url: str) -> None:
        self._folder, self._world, self._url = folder, world, database_url
        self._processes: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def hire(self) -> None:
        self._count += 1
        home = self._folder / f"worker-{self._count}"
        command = [sys.executable, "-m", "tests.torture.worker", str(home), str(self._world.path.parent), self._url]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        log = self._folder / f"worker-{self._count}.log"
        with log.open("wb") as file:
            self._processes.append(subprocess.Popen(command, stderr=file, stdout=file, cwd=ROOT, env=environment))

    def strike(self, chance: random.Random) -> None:
        """Kill one and hire another; or stop one, hire another that takes its work over, and wake the zombie later."""
        victim = chance.choice(self._processes)
        if chance.random() < 0.5:
            victim.kill()
            victim.wait()
            self._processes.remove(victim)
        else:
            os.kill(victim.pid, signal.SIGSTOP)
        if len(self._processes) < WORKERS + 2:
            self.hire()

    def wake(self) -> None:
        for process in self._processes:
            os.kill(process.pid, signal.SIGCONT)

    def dismiss(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()


async def test_workers_that_die_and_rise_again_do_everything_once(
    postgres_url: str, tmp_path: Path, is_long: bool
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"\nseed {seed}")
    chance = random.Random(seed)
    world = World(tmp_path / "world")
    crew = Crew(tmp_path, world, postgres_url)
    # This process answers and looks on; it is no worker, so the crew has all the work.
    core = await open_worker(tmp_path / "desk", world, postgres_url)
    await core.transport.close()
    try:
        agent_id = await core.client.send(CreateAgent(deputy()))
        await core.client.send(PublishAgent(agent_id))
        for _ in range(WORKERS):
            crew.hire()
        for _ in range(40 if is_long else 4):
            for _ in range(RUNS_A_ROUND):
                await core.client.send(StartRun(agent_id, "See what is new."))
            await _answer_twice(core, chance)
            crew.strike(chance)
            await _answer_twice(core, chance)
            if chance.random() < 0.5:
                crew.wake()
        crew.wake()
        await _eventually(lambda: _is_quiet(core, chance), lambda: _end(core))
    finally:
        crew.dismiss()
        await core.close()
    await _judge(tmp_path, world, postgres_url)
    shutil.rmtree(tmp_path)


async def _answer_twice(core: Core, chance: random.Random) -> None:
    """Every question is answered by two people at once; one wins, the other is told."""
    for key in await core.client.ask(PendingApprovals()):
        both = [core.client.send(ApproveAction(key)) for _ in range(2)]
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(answer, Conflict) for answer in answers) >= 1
        assert all(isinstance(answer, Conflict) or not isinstance(answer, BaseException) for answer in answers), answers


async def _is_quiet(core: Core, chance: random.Random) -> bool:
    """Whether every run has ended or is in doubt; answers what still waits."""
    await _answer_twice(core, chance)
    runs = (await core.client.ask(Runs())).values()
    return all(run.status in FINAL or run.status == "in_doubt" for run in runs)


async def _end(core: Core) -> int:
    """The end of the journal: while it moves, the crew works."""
    return await core.kernel.look(
        core.kernel.system(core.workspace_id), lambda ctx: journal.head(ctx.connection, ctx.workspace_id).seq
    )


async def _eventually(happened: Callable[[], Awaitable[bool]], moves: Callable[[], Awaitable[int]]) -> None:
    """Look until it is so. Patience ends when nothing has moved for that long: a busy machine may take its time."""
    since, seen = time.monotonic(), -1
    while not await happened():
        if (now := await moves()) != seen:
            since, seen = time.monotonic(), now
        assert time.monotonic() - since < PATIENCE_SECONDS, "the crew did not finish its work"
        await asyncio.sleep(0.05)


async def _judge(folder: Path, world: World, database_url: str) -> None:
    """With every worker gone: settle what is in doubt by the truth, and hold the whole to the promises."""
    assert all(count == 1 for count in world.counts.values()), world.counts
    core = await open_worker(folder / "judge", world, database_url)
    try:
        await look(core)
        await core.settled()
        for key, row in (await core.client.ask(InDoubt())).items():
            did = any(effect.key.startswith(row.run_id) for effect in world.happened)
            await core.client.send(SettleDoubt(key, "happened" if did else "do_it"))
        await core.settled()
        runs = (await core.client.ask(Runs())).values()
        assert {run.status for run in runs} == {"succeeded"}
        assert all(count == 1 for count in world.counts.values()), world.counts
        assert len(world.counts) == len(runs)
        spent = [fact.body["approval_id"] for fact in await all_facts(core) if fact.name == "approval.spent"]
        assert len(spent) == len(set(spent))
        report = await core.client.ask(VerifyJournal())
        assert not [finding for finding in report.findings if finding.is_fault], report.findings
        print(f"{len(runs)} runs, {world.counts.total()} effects, {len(spent)} approvals spent, none twice")
    finally:
        await core.close()
