"""What must be true after any crash: Legate is opened again, asked, and brought to the end of its work."""

from __future__ import annotations

from pathlib import Path

from legate_core.agents.commands import Agents
from legate_core.app import Core
from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.queries import DecidedApprovals, PendingApprovals
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import State
from legate_core.kernel import journal
from legate_core.kernel.messages import Recorded
from legate_core.runs.doubt import InDoubt, SettleDoubt
from legate_core.runs.model import FINAL
from legate_core.runs.queries import Runs
from tests.fakes.world import World
from tests.torture.scene import Acks, open_core


async def judge(folder: Path) -> str:
    """Open the folder again and hold it to every promise; how the work was found, in a word."""
    happened = World(folder / "world").counts
    core, world = await open_core(folder)
    try:
        await core.transport.sweep()
        await core.settled()
        await _acknowledged_is_kept(core, folder)
        found = await _effects_have_intents(core, world, happened.total())
        await _bring_to_an_end(core, world)
        await _ends_well(core, world)
        report = await core.client.ask(VerifyJournal())
        assert report.is_sound, [finding.sentence for finding in report.findings]
        assert report.intact.state is State.HOLDS
    finally:
        await core.close()
    return found


async def _acknowledged_is_kept(core: Core, folder: Path) -> None:
    acks = Acks(folder).read()
    runs, agents = await core.client.ask(Runs()), await core.client.ask(Agents())
    decided = await core.client.ask(DecidedApprovals())
    if "opened" in acks:
        assert core.workspace_id == acks["opened"]
    if "created" in acks:
        assert acks["created"] in agents
    if "published" in acks:
        assert agents[acks["created"]].published_hash == acks["published"]
    if "started" in acks:
        assert acks["started"] in runs
    if "answered" in acks:
        assert decided[acks["answered"]].state == "approved"
    if "succeeded" in acks:
        assert runs[acks["succeeded"]].status == "succeeded"


async def _effects_have_intents(core: Core, world: World, happened_before: int) -> str:
    """No effect without an intent on disk; an intent without outcome is in doubt and was not repeated."""
    facts = await all_facts(core)
    doubts = await core.client.ask(InDoubt())
    if happened_before:
        assert any(fact.name == "action.dispatched" for fact in facts), "an effect without a durable intent"
    if doubts:
        assert world.counts.total() == happened_before, "what is in doubt was repeated"
        (run,) = (await core.client.ask(Runs())).values()
        assert run.status == "in_doubt"
        return "in doubt, happened" if happened_before else "in doubt, did not happen"
    runs = list((await core.client.ask(Runs())).values())
    return runs[0].status if runs else "nothing begun"


async def _bring_to_an_end(core: Core, world: World) -> None:
    """Do what a person would: say what became of what is in doubt, and answer what waits."""
    for key in await core.client.ask(InDoubt()):
        await core.client.send(SettleDoubt(key, "happened" if world.counts else "do_it"))
    await core.settled()
    for key in await core.client.ask(PendingApprovals()):
        await core.client.send(ApproveAction(key))
    await core.settled()


async def _ends_well(core: Core, world: World) -> None:
    runs = list((await core.client.ask(Runs())).values())
    assert all(run.status in FINAL for run in runs), [(run.status, run.reason) for run in runs]
    assert all(count == 1 for count in world.counts.values()), world.counts
    succeeded = sum(run.status == "succeeded" for run in runs)
    assert world.counts.total() == succeeded
    spent = [fact.body["approval_id"] for fact in await all_facts(core) if fact.name == "approval.spent"]
    assert len(spent) == len(set(spent)), "an approval was consumed twice"


async def all_facts(core: Core) -> list[Recorded]:
    return await core.kernel.look(
        core.kernel.system(core.workspace_id),
        lambda ctx: journal.read(ctx.connection, ctx.workspace_id, 0, limit=100_000),
    )
