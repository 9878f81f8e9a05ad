"""The smallest life of Legate, in a process that may be killed at any moment: open, publish, ask, answer, act, end.

And the second life of a folder whose first one was cut off: open it again and bring what is there to its end. And a
change of passphrase. All are run by the zygote. What the core has acknowledged is noted in a file at once, so that the
judge can ask for it afterwards.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from legate_core.agents.commands import CreateAgent, PublishAgent
from legate_core.agents.model import AgentDefinition
from legate_core.app import Core, open_local
from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.queries import PendingApprovals
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import LegateError
from legate_core.identity.prove import SetPassphrase
from legate_core.runs.commands import StartRun
from legate_core.runs.doubt import DoubtAnswer, InDoubt, SettleDoubt
from legate_core.runs.queries import Run, Runs
from legate_core.settings import Settings, throw_away
from legate_core.vault.commands import StoreSecret
from tests.fakes.world import World

REFUSED = 3
"""The exit code of a life that ended by an error in plain words."""

OLD, NEW = "a few quiet words", "some other words"
HOST, VALUE = "api.example.com", "sk-canary-4711"

TURNS = [
    {
        "at": 0,
        "say": "I tell Kim.",
        "call": [{"tool": "world.send", "arguments": {"to": "kim@example.com", "text": "hello"}}],
    },
    {"at": 1, "say": "I told Kim."},
]


def settings_of(folder: Path) -> Settings:
    return throw_away(Settings(home=folder / "home"))


def deputy() -> AgentDefinition:
    return AgentDefinition(
        name="Deputy",
        purpose="Answer customers.",
        instructions="Answer what customers ask.",
        model={"provider": "scripted", "turns": TURNS},
        tools=("world.send",),
    )


async def open_core(folder: Path) -> tuple[Core, World]:
    world, settings = World(folder / "world"), settings_of(folder)
    # The same keys wherever the folder lies: what one life left is copied, so that many second lives can begin there.
    keys = MemoryKeys(b"the keys of the crash tests", is_throw_away=True, folder=settings.home)
    return await open_local(settings, keys=keys, extra_tools=world.tools()), world


class Acks:
    """What was acknowledged, one line each, written with one call to a file that outlives the process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "acks"

    def note(self, what: str, value: str = "") -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{what} {value}\n".encode())
        os.close(handle)

    def read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        lines = self.path.read_text().splitlines()
        return {what: value for what, _, value in (line.partition(" ") for line in lines)}


async def live(folder: Path) -> None:
    acks = Acks(folder)
    core, _ = await open_core(folder)
    acks.note("opened", core.workspace_id)
    agent_id = await core.client.send(CreateAgent(deputy()))
    acks.note("created", agent_id)
    acks.note("published", await core.client.send(PublishAgent(agent_id)))
    run_id = await core.client.send(StartRun(agent_id, "See what is new."))
    acks.note("started", run_id)
    await core.settled()
    for row in (await core.client.ask(PendingApprovals())).values():
        await core.client.send(ApproveAction(row.id))
        acks.note("answered", row.id)
    await core.settled()
    if (await core.client.ask(Run(run_id))).row.status == "succeeded":
        acks.note("succeeded", run_id)
    await core.close()
    acks.note("closed")


async def live_again(folder: Path) -> None:
    """What a person does after a crash: start again, say what became of what is in doubt, answer what waits."""
    acks = Acks(folder)
    core, world = await open_core(folder)
    acks.note("opened", core.workspace_id)
    await core.transport.sweep()
    await core.settled()
    for key in await core.client.ask(InDoubt()):
        answer: DoubtAnswer = "happened" if world.counts else "do_it"
        await core.client.send(SettleDoubt(key, answer))
        acks.note("settled", answer)
    await core.settled()
    for key in await core.client.ask(PendingApprovals()):
        await core.client.send(ApproveAction(key))
        acks.note("answered", key)
    await core.settled()
    for run in (await core.client.ask(Runs())).values():
        if run.status == "succeeded":
            acks.note("succeeded", run.id)
    await core.close()
    acks.note("closed")


async def keep(folder: Path) -> None:
    """A workspace whose keys lie under a passphrase, with a secret in its vault."""
    acks = Acks(folder)
    core = await open_under(folder, OLD)
    acks.note("kept", await core.client.send(StoreSecret("Key", Secret(VALUE), (HOST,))))
    await core.close()


async def change_passphrase(folder: Path) -> None:
    acks = Acks(folder)
    core = await open_under(folder, OLD)
    try:
        await core.client.send(SetPassphrase(NEW, old=OLD))
        acks.note("changed")
    finally:
        await core.close()
    acks.note("closed")


async def open_under(folder: Path, passphrase: str) -> Core:
    return await open_local(Settings(home=folder / "home", keys="passphrase", passphrase=passphrase), is_worker=False)


SCENES = {"live": live, "live_again": live_again}
KEY_SCENES = {"keep": keep, "change_passphrase": change_passphrase}


def main(name: str, folder: Path) -> int:
    """Play one scene; the exit code."""
    try:
        asyncio.run((SCENES | KEY_SCENES)[name](folder))
    except LegateError as error:
        Acks(folder).note("refused", f"{error.code}: {error.message}")
        return REFUSED
    return 0
