"""What a handler is given: who asks, when, in which workspace, one open transaction, and the only way to write in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import Connection, Executable, Table

from legate_core.kernel import rows
from legate_core.kernel.messages import Event
from legate_core.kernel.payloads import Bodies

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `role` is the person's role in the workspace; the engine and agents hold no role.

    `authenticated_at` is when this actor last proved who it is, for permissions that need it fresh.
    """

    kind: Literal["person", "agent", "system"]
    id: str
    workspace_id: str
    role: str = ""
    authenticated_at: int = 0

    def __str__(self) -> str:
        return self.id


class Ports:
    """The adapters a process was composed with, found by their type."""

    def __init__(self) -> None:
        self._by_type: dict[type[Any], Any] = {}

    def add(self, kind: type[P], adapter: P) -> None:
        self._by_type[kind] = adapter

    def get(self, kind: type[P]) -> P:
        return cast(P, self._by_type[kind])


class ReadContext:
    """One consistent view of one workspace. Handlers of queries get this; it cannot change anything."""

    def __init__(
        self, connection: Connection, actor: Actor, workspace_id: str, now: int, ports: Ports, bodies: Bodies
    ) -> None:
        self.connection = connection
        self.actor = actor
        self.workspace_id = workspace_id
        self.now = now
        self._ports = ports
        self.bodies = bodies

    def port(self, kind: type[P]) -> P:
        """The adapter this process was composed with for a port."""
        return self._ports.get(kind)

    def rows(self, statement: Executable) -> list[Mapping[str, Any]]:
        """The rows of a statement, as mappings from column names."""
        return rows.fetch(self.connection, statement)

    def get(self, table: Table, key: str) -> Mapping[str, Any] | None:
        """The row with this key in this workspace, or None."""
        return rows.get(self.connection, table, self.workspace_id, key)


@dataclass(slots=True)
class Pending:
    """An event on its way into the journal, with the new state of the rows it accounts for."""

    event: Event
    run_id: str
    rows: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list[tuple[str, str, dict[str, Any]]])


class Context(ReadContext):
    """A `ReadContext` that may write. Every written row is accounted for by the next event emitted.

    The pattern in every handler: write the rows, then emit the fact. A transaction that wrote audited rows and emitted
    nothing is refused, so a change nobody can find in the journal cannot be committed.
    """

    def __init__(
        self,
        connection: Connection,
        actor: Actor,
        workspace_id: str,
        now: int,
        ports: Ports,
        bodies: Bodies,
        cause: str = "",
    ) -> None:
        super().__init__(connection, actor, workspace_id, now, ports, bodies)
        self.cause = cause
        self.pending: list[Pending] = []
        self.hints: set[str] = set()
        self.undoing: list[Callable[[], None]] = []
        self._changed: list[tuple[str, str, dict[str, Any]]] = []

    def hold(self, table: Table, key: str) -> Mapping[str, Any] | None:
        """The row with this key, or None; nobody else changes it before this transaction ends."""
        return rows.get(self.connection, table, self.workspace_id, key, lock=True)

    def insert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert one row into this workspace; columns left out are NULL."""
        full = rows.insert(self.connection, table, self.workspace_id, row)
        self._remember(table, full)

    def update(
        self,
        table: Table,
        key: str,
        changes: Mapping[str, Any],
        *,
        expect: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
    ) -> Mapping[str, Any] | None:
        """Change one row if it still is as expected (compare-and-set), counting up by `add`; the new row, or None where
        it was not. No count goes below zero."""
        row = rows.update(self.connection, table, self.workspace_id, key, changes, expect or {}, add or {})
        if row is not None:
            self._remember(table, dict(row))
        return row

    def emit(self, event: Event) -> None:
        """Announce a fact. It enters the journal in this transaction, with the rows written since the last fact."""
        self.pending.append(Pending(event, getattr(event, "run_id", "") or "", self._changed))
        self._changed = []

    def wake(self, run_id: str) -> None:
        """After the commit, hint to the transport that this run may have something to do."""
        self.hints.add(run_id)

    def undo(self, step: Callable[[], None]) -> None:
        """What takes back a change that lies outside of the database, done where this transaction does not commit."""
        self.undoing.append(step)

    def settle(self) -> list[Pending]:
        """What the journal must append. Rows written after the last event belong to that event."""
        if self._changed:
            if not self.pending:
                tables = ", ".join(sorted({table for table, _, _ in self._changed}))
                raise RuntimeError(f"rows of {tables} were changed without an event that accounts for them")
            self.pending[-1].rows.extend(self._changed)
            self._changed = []
        return self.pending

    def _remember(self, table: Table, row: dict[str, Any]) -> None:
        if table.info.get("audited"):
            # A plain string: the name is of a subclass, which would send each entry the slow way to its bytes.
            self._changed.append((str(table.name), row[table.info["key"]], rows.state(row)))
