"""A small house for tests of the vault and the audit: a real kernel, one workspace with people, keys in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from legate_core.crypto.bodies import BodyKeyRing
from legate_core.crypto.keys import BODIES, KeyPort, get_or_make
from legate_core.identity import bootstrap
from legate_core.identity.authorize import MatrixAuthorizer, Sessions
from legate_core.identity.events import MemberAdded
from legate_core.identity.tables import members
from legate_core.kernel import journal
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import Actor, Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Recorded
from legate_core.kernel.payloads import BodyKeys
from legate_core.storage.engine import Database
from legate_core.vault.keys import Vault

WORKSPACE = "ws_test"
OWNER = "per_ann"


@dataclass
class House:
    """One workspace, its Owner, and ways to act in it."""

    kernel: Kernel
    clock: ManualClock
    sessions: Sessions
    keys: KeyPort

    @property
    def owner(self) -> Actor:
        return bootstrap.owner_of(WORKSPACE, OWNER)

    @property
    def system(self) -> Actor:
        return self.kernel.system(WORKSPACE)

    async def person(self, name: str, role: str) -> Actor:
        """A new member."""

        def work(ctx: Context) -> None:
            ctx.insert(members, {"person_id": name, "name": name, "role": role, "created_at": ctx.now})
            ctx.emit(MemberAdded(name, role))

        await self.change(work)
        return Actor("person", name, WORKSPACE, role)

    def prove(self, actor: Actor | None = None) -> None:
        """A fresh proof of identity."""
        self.sessions.prove(actor or self.owner, self.clock.now())

    async def send(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.send(actor or self.owner, message)

    async def ask(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.ask(actor or self.owner, message)

    async def change(self, work: Callable[[Context], Any], cause: str = "test") -> Any:
        return await self.kernel.change(self.system, work, cause)

    async def look(self, work: Callable[[ReadContext], Any]) -> Any:
        return await self.kernel.look(self.system, work)

    async def facts(self, *names: str) -> list[Recorded]:
        found: list[Recorded] = await self.look(lambda ctx: journal.read(ctx.connection, WORKSPACE, 0))
        return [fact for fact in found if not names or fact.name in names]


async def open_house(url: str, keys: KeyPort, clock: ManualClock | None = None) -> House:
    """The house on a database, made where there is none yet. The caller closes its kernel."""
    if keys.is_locked:
        keys.unlock()
    database = Database(url)
    sessions = Sessions()
    authorizer = MatrixAuthorizer(sessions)
    ring = BodyKeyRing(get_or_make(keys, BODIES, may_make=True))
    kernel = Kernel(database, BodyKeys(ring), authorizer, clock or ManualClock())
    kernel.ports.add(MatrixAuthorizer, authorizer)
    kernel.ports.add(Vault, Vault.open(keys))
    house = House(kernel, kernel.clock, sessions, keys)  # type: ignore[arg-type] # a ManualClock by construction
    if await database.read(bootstrap.personal_workspace) is None:
        await house.change(lambda ctx: bootstrap.create_personal_workspace(ctx, OWNER, "Ann", name="Test"))
    return house


class Intruder:
    """Somebody with the database in their hands and none of the keys: writes past the kernel, as the tables' owner."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)

    def close(self) -> None:
        self.engine.dispose()

    def run(self, work: Callable[[sa.Connection], Any]) -> Any:
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # The owner of the tables turns the row-level security off that would bind it as well.
                for name in sa.inspect(connection).get_table_names():
                    connection.execute(sa.text(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY'))
            return work(connection)

    def execute(self, statement: sa.Executable) -> None:
        self.run(lambda connection: connection.execute(statement))
