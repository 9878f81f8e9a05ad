"""The bodies that audited rows name: whether each is there, and, where that is wanted, whether it opens.

Presence costs the database a look into an index for each body. Opening reads and decrypts every one, which is why it is
asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Connection, Select, Table, exists, select

from legate_core.audit.chain import BATCH, Chain
from legate_core.audit.rows import Rows, audited_tables
from legate_core.errors import Damaged, NotFound
from legate_core.kernel.payloads import StoredKeys, body_keys, opened, payloads
from legate_core.storage.schema import key_of

REFERENCE = "_ref"
"""How the name of every column ends that names a body."""


def look_for_bodies(connection: Connection, chain: Chain, rows: Rows) -> None:
    """Note each body that a row names and that is not there, though its run's content was never erased.

    A scope without a key is left out: either it was erased, or the missing key is a finding of its own.
    """
    for table in audited_tables():
        name = str(table.name)
        spoken_of = chain.committed.get(name, {})
        for column in references(table):
            for key, scope in connection.execute(_missing(table, column, chain.workspace_id)).tuples():
                if scope not in chain.erased and key in spoken_of:
                    rows.bodiless.append(((name, key), spoken_of[key][1]))


def open_bodies(connection: Connection, chain: Chain, keys: StoredKeys, rows: Rows) -> None:
    """Note each body that does not open, or opens to something else than what its reference was made from."""
    for ref, scope, blob in _sealed(connection, chain.workspace_id):
        try:
            opened(keys.key(scope), ref, blob)
        except NotFound:
            continue
        except Damaged:
            if scope not in keys.damaged:
                rows.changed_bodies.append((ref, scope))
        else:
            rows.opened += 1


def references(table: Table) -> list[Column[str]]:
    """The columns of a table that name bodies."""
    return [column for column in table.c if str(column.name).endswith(REFERENCE)]


def scope_of(table: Table) -> Column[str]:
    """Whose key the bodies of a row lie under: its run's. The run itself is known by its own key."""
    return table.c["run_id"] if "run_id" in table.c else key_of(table)


def _missing(table: Table, column: Column[str], workspace_id: str) -> Select[tuple[str, str]]:
    scope = scope_of(table)
    is_there = exists().where(
        payloads.c.workspace_id == workspace_id, payloads.c.ref == column, payloads.c.scope_id == scope
    )
    has_key = exists().where(body_keys.c.workspace_id == workspace_id, body_keys.c.scope_id == scope)
    return select(key_of(table), scope).where(
        table.c.workspace_id == workspace_id, column.is_not(None), has_key, ~is_there
    )


def _sealed(connection: Connection, workspace_id: str) -> Iterator[tuple[str, str, bytes]]:
    statement = (
        select(payloads.c.ref, payloads.c.scope_id, payloads.c.blob)
        .where(payloads.c.workspace_id == workspace_id)
        # Scope by scope, so that each key is opened once.
        .order_by(payloads.c.scope_id)
        .execution_options(yield_per=BATCH)
    )
    with connection.execute(statement) as found:
        for part in found.tuples().partitions():
            yield from part
