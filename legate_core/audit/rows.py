"""Every audited row against the journal's last word about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from legate_core.audit.chain import BATCH, Chain, Commitment
from legate_core.crypto import bodies as sealing
from legate_core.errors import Damaged, NotFound
from legate_core.kernel import rows as kept
from legate_core.kernel.journal import salt_scope
from legate_core.kernel.payloads import StoredKeys
from legate_core.storage.schema import metadata

Place = tuple[str, str]


@dataclass(slots=True)
class Rows:
    """What the rows of a workspace said when they were held against the journal."""

    checked: int = 0
    erased: int = 0
    unchecked: int = 0
    changed: list[tuple[Place, int]] = field(default_factory=list[tuple[Place, int]])
    missing: list[tuple[Place, int]] = field(default_factory=list[tuple[Place, int]])
    unaccounted: list[Place] = field(default_factory=list[Place])
    keyless: dict[str, int] = field(default_factory=dict[str, int])
    damaged_keys: dict[str, int] = field(default_factory=dict[str, int])
    bodiless: list[tuple[Place, int]] = field(default_factory=list[tuple[Place, int]])
    changed_bodies: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    opened: int = 0

    @property
    def are_of_another_time(self) -> bool:
        """Whether rows do not fit the journal, as when one of the two was put back and the other was not."""
        return bool(self.changed or self.missing or self.unaccounted)


def hold_against(connection: Connection, chain: Chain, keys: StoredKeys | None) -> Rows:
    """Compare every audited row of the workspace. Without `keys`, and so without salts, only that rows exist.

    The salt of an erased run is gone, so what is left of its rows cannot be compared with anything any more. That is
    what erasing means; a missing key that no entry accounts for is something else.
    """
    found = Rows()
    tables = audited_tables()
    for table in tables:
        # Plain text: SQLAlchemy's name is a subclass, which no front end could be sent.
        name = str(table.name)
        spoken_of = dict(chain.committed.get(name, {}))
        for key, row in _rows_of(connection, table, chain.workspace_id):
            commitment = spoken_of.pop(key, None)
            if commitment is None:
                found.unaccounted.append((name, key))
            else:
                _compare(found, chain, keys, (name, key), commitment, row)
        found.missing += [((name, key), seq) for key, (_, seq, _) in spoken_of.items()]
    # Tables of features that this version does not have.
    unknown = chain.committed.keys() - {table.name for table in tables}
    found.unchecked += sum(len(chain.committed[name]) for name in unknown)
    return found


def audited_tables() -> list[Table]:
    """The tables whose rows the journal accounts for."""
    return [table for table in metadata.sorted_tables if table.info.get("audited") and table.info.get("tenant")]


def _compare(
    found: Rows, chain: Chain, keys: StoredKeys | None, place: Place, commitment: Commitment, row: dict[str, Any]
) -> None:
    digest, seq, run_id = commitment
    scope = salt_scope(place[0], run_id)
    if scope in chain.erased:
        found.erased += 1
        return
    if keys is None:
        found.unchecked += 1
        return
    try:
        salt = keys.salt(scope, seq)
    except NotFound:
        found.keyless.setdefault(scope, seq)
        return
    except Damaged:
        found.damaged_keys.setdefault(scope, seq)
        return
    found.checked += 1
    try:
        is_it = sealing.commitment(salt, row) == digest
    except ValueError:
        # A value that canonical JSON cannot hold was never committed to.
        is_it = False
    if not is_it:
        found.changed.append((place, seq))


def _rows_of(connection: Connection, table: Table, workspace_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The key and the state of every row of a table, as its commitment was made from."""
    statement = select(table).where(table.c.workspace_id == workspace_id).execution_options(yield_per=BATCH)
    # Plain text: SQLAlchemy's names are a subclass, which costs canonical JSON a second look at each.
    names, key = tuple(str(column.name) for column in table.c), table.info["key"]
    with connection.execute(statement) as result:
        for part in result.partitions():
            for values in part:
                row = kept.state_of(names, values)
                yield row[key], row
