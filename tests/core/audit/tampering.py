"""What somebody with the database in their hands may do to a journal: each function is one way."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa

from legate_core.audit.tables import checkpoints
from legate_core.crypto.canonical import canonical
from legate_core.crypto.merkle import Peaks
from legate_core.kernel.journal import GENESIS, entries, heads
from legate_core.storage.schema import metadata
from tests.core.audit.house import WORKSPACE

Snapshot = dict[str, list[dict[str, Any]]]


def texts(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every entry as it is stored, in order."""
    found = connection.execute(sa.select(entries).order_by(entries.c.seq)).mappings()
    return [dict(row) for row in found]


def recompute(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write these entries as the whole journal, with hashes, tree and head to fit: everything but a signature."""
    digest, peaks = GENESIS, Peaks()
    for row in rows:
        text = row["entry"].encode()
        digest = row["hash"] = hashlib.sha256(digest + text).digest()
        peaks.append(text)
    connection.execute(entries.delete())
    if rows:
        connection.execute(entries.insert(), rows)
    connection.execute(heads.update().values(seq=len(rows), hash=digest, peaks=peaks.to_bytes()))


def reword(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An entry that says something else, in canonical form, filed accordingly."""
    entry = json.loads(row["entry"]) | changes
    return row | {"entry": canonical(entry).decode(), "actor": entry["actor"], "at": entry["time"], "seq": entry["seq"]}


def cut_tail(connection: sa.Connection, count: int) -> None:
    """Take the last entries away so that the rest fits itself."""
    recompute(connection, texts(connection)[:-count])


def change_one_byte(connection: sa.Connection, seq: int) -> None:
    """Another digit in an entry's time."""
    text: str = connection.execute(sa.select(entries.c.entry).where(entries.c.seq == seq)).scalar_one()
    at = text.index('"time":') + len('"time":') + 3
    digit = "1" if text[at] != "1" else "2"
    connection.execute(entries.update().where(entries.c.seq == seq).values(entry=text[:at] + digit + text[at + 1 :]))


def swap(connection: sa.Connection, one: int, two: int) -> None:
    """Exchange two entries with all that belongs to them but their numbers."""
    rows = {row["seq"]: row for row in texts(connection)}
    for here, there in ((one, two), (two, one)):
        values = {name: value for name, value in rows[there].items() if name != "seq"}
        connection.execute(entries.update().where(entries.c.seq == here).values(**values))


def copy_of(connection: sa.Connection) -> Snapshot:
    """Everything in the database."""
    return {
        table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
        for table in metadata.sorted_tables
    }


def put_back(connection: sa.Connection, snapshot: Snapshot) -> None:
    """An old copy in the place of the database."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
    for table in metadata.sorted_tables:
        if snapshot[table.name]:
            connection.execute(table.insert(), snapshot[table.name])


def drop_checkpoints(connection: sa.Connection) -> None:
    """Take the checkpoints of the workspace out of the database."""
    connection.execute(checkpoints.delete().where(checkpoints.c.workspace_id == WORKSPACE))
