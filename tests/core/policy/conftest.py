"""A real kernel on both databases, with one Owner and the tools of the builders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from legate_core.crypto.bodies import BodyKeyRing
from legate_core.identity.authorize import MatrixAuthorizer, Sessions
from legate_core.identity.tables import members, workspaces
from legate_core.kernel import journal, payloads
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import Actor, Context
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Event, Recorded, event
from legate_core.storage.engine import Database
from legate_core.tools.catalog import Catalog
from tests.core.policy.builders import MONDAY, TOOLS, Registered

WORKSPACE = "wsp_test"


@event("test.peopled")
@dataclass(frozen=True, slots=True)
class Peopled(Event):
    """The test's workspace has its people."""


class House:
    """One workspace with people in it; what a test of stored policy needs."""

    def __init__(self, kernel: Kernel, sessions: Sessions, clock: ManualClock) -> None:
        self.kernel = kernel
        self.sessions = sessions
        self.clock = clock
        self.owner = self.person("ann", "owner")

    def person(self, name: str, role: str) -> Actor:
        return Actor("person", name, WORKSPACE, role)

    def prove(self, actor: Actor | None = None) -> None:
        """A fresh proof of identity."""
        self.sessions.prove(actor or self.owner, self.clock.now())

    async def join(self, actor: Actor) -> None:
        """Make somebody a member."""

        def work(ctx: Context) -> None:
            row = {"person_id": actor.id, "name": actor.id, "role": actor.role, "created_at": ctx.now}
            ctx.insert(members, row)
            ctx.emit(Peopled())

        await self.kernel.change(self.kernel.system(WORKSPACE), work, "test")

    async def send(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.send(actor or self.owner, message)

    async def ask(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.ask(actor or self.owner, message)

    async def change(self, work: Any) -> Any:
        """Run a plain function of a context as the engine."""
        return await self.kernel.change(self.kernel.system(WORKSPACE), work, "test")

    async def look(self, work: Any) -> Any:
        return await self.kernel.look(self.kernel.system(WORKSPACE), work)

    async def facts(self, *names: str) -> list[Recorded]:
        """The journal's entries of these names."""
        found = await self.look(lambda ctx: journal.read(ctx.connection, WORKSPACE, 0))
        return [fact for fact in found if fact.name in names]


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    clock, sessions = ManualClock(MONDAY), Sessions()
    authorizer = MatrixAuthorizer(sessions)
    kernel = Kernel(Database(database_url), payloads.BodyKeys(BodyKeyRing(bytes(32))), authorizer, clock)
    kernel.ports.add(MatrixAuthorizer, authorizer)
    kernel.ports.add(Catalog, Catalog(Registered(tool) for tool in TOOLS))
    made = House(kernel, sessions, clock)

    def found(ctx: Context) -> None:
        journal.open_chain(ctx.connection, WORKSPACE)
        ctx.bodies.open_scope(payloads.WORKSPACE)
        ctx.insert(workspaces, {"id": WORKSPACE, "name": "Test", "kind": "personal", "created_at": ctx.now})
        ctx.emit(Peopled())

    try:
        await made.change(found)
        await made.join(made.owner)
        yield made
    finally:
        await kernel.close()
