"""The journal: one hash-chained list of facts per workspace, appended last in every transaction, never changed.

An entry's text is the canonical JSON (RFC 8785) of workspace, seq, name, body, rows, actor, cause and time;
`hash = SHA-256(previous hash | entry)`. Beside the chain an RFC 6962 tree grows over the same texts, of which only the
right edge is stored. `rows` names each row the fact changed with a salted commitment to its new state, so that `verify`
sees an edited row and not only an edited entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, String, Text, bindparam, select

from legate_core.crypto import bodies as sealing
from legate_core.crypto.canonical import canonical
from legate_core.crypto.merkle import Peaks
from legate_core.errors import Damaged
from legate_core.kernel.context import Context, Pending
from legate_core.kernel.messages import Recorded
from legate_core.kernel.payloads import WORKSPACE
from legate_core.storage.prepared import Prepared
from legate_core.storage.schema import metadata, workspace_table

GENESIS = bytes(32)
"""The hash before the first entry."""

entries = workspace_table(
    "journal",
    Column("name", String(60), nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("actor", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("entry", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    audited=False,
    key="seq",
    key_type=BigInteger(),
)
Index("ix_journal_run", entries.c.workspace_id, entries.c.run_id)

heads = workspace_table(
    "journal_head",
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("format", Integer, nullable=False),
    audited=False,
    key="chain",
)
"""One row per workspace; on PostgreSQL it is locked last, and no other row lock is taken after it, so that append order
is commit order without a deadlock."""

CHAIN = "main"
FORMAT = 1

_HEAD = select(heads.c.seq, heads.c.hash, heads.c.peaks).where(
    heads.c.workspace_id == bindparam("workspace_id"), heads.c.chain == CHAIN
)
_MOVE_HEAD = Prepared(
    heads.update()
    .where(heads.c.workspace_id == bindparam("k_workspace"), heads.c.chain == CHAIN)
    .values(seq=bindparam("v_seq"), hash=bindparam("v_hash"), peaks=bindparam("v_peaks"))
)
_READ_HEAD = Prepared(_HEAD)
# SQLite leaves the words out: its one writer already holds everything.
_LOCK_HEAD = Prepared(_HEAD.with_for_update())
_APPEND = Prepared(entries.insert(), entries.c.keys())


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the last seq, its hash, and the tree's right edge."""

    seq: int
    hash: bytes
    peaks: Peaks


def open_chain(connection: Connection, workspace_id: str) -> None:
    """Start a workspace's chain."""
    row = {"workspace_id": workspace_id, "chain": CHAIN, "seq": 0, "hash": GENESIS, "peaks": Peaks().to_bytes()}
    connection.execute(heads.insert(), row | {"format": FORMAT})


def head(connection: Connection, workspace_id: str, *, lock: bool = False) -> Head:
    """The end of a workspace's chain."""
    row = (_LOCK_HEAD if lock else _READ_HEAD).first(connection, {"workspace_id": workspace_id})
    if row is None:
        raise Damaged("This workspace has no journal. Run 'legate doctor' and restore the latest backup.")
    return Head(row["seq"], bytes(row["hash"]), Peaks.from_bytes(bytes(row["peaks"])))


def append(ctx: Context, pending: Sequence[Pending]) -> int:
    """Append facts at the end of the chain, in this transaction; the last seq. Called by the dispatcher, after all else."""
    last = head(ctx.connection, ctx.workspace_id, lock=True)
    seq, digest, peaks = last.seq, last.hash, last.peaks
    fresh: list[dict[str, Any]] = []
    for item in pending:
        seq += 1
        text = canonical(_entry(ctx, item, seq))
        digest = hashlib.sha256(digest + text).digest()
        peaks.append(text)
        fresh.append(
            {
                "workspace_id": ctx.workspace_id,
                "seq": seq,
                "name": item.event.name,
                "run_id": item.run_id,
                "actor": ctx.actor.id,
                "at": ctx.now,
                "entry": text.decode(),
                "hash": digest,
            }
        )
    _APPEND.run(ctx.connection, *fresh)
    _MOVE_HEAD.run(
        ctx.connection,
        {"k_workspace": ctx.workspace_id, "v_seq": seq, "v_hash": digest, "v_peaks": peaks.to_bytes()},
    )
    return seq


def _entry(ctx: Context, item: Pending, seq: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "workspace": ctx.workspace_id,
        "seq": seq,
        "name": item.event.name,
        "body": item.event.body(),
        "actor": ctx.actor.id,
        "cause": ctx.cause,
        "time": ctx.now,
        "rows": [],
    }
    salts: dict[str, bytes | None] = {}
    for table, key, row in item.rows:
        scope = salt_scope(table, item.run_id)
        if scope not in salts:
            salts[scope] = ctx.bodies.salt(scope, seq)
        salt = salts[scope]
        if salt is not None:
            entry["rows"].append([table, key, sealing.commitment(salt, row)])
    return entry


def salt_scope(table: str, run_id: str) -> str:
    """Whose key salts the commitment to a row of this table in a fact of this run; with that key the salt is gone."""
    known = metadata.tables.get(table)
    return run_id if run_id and known is not None and known.info.get("of_run") else WORKSPACE


def read(
    connection: Connection,
    workspace_id: str,
    after: int,
    *,
    names: frozenset[str] | None = None,
    run_id: str | None = None,
    limit: int = 500,
) -> list[Recorded]:
    """Entries after a seq, in order; only those named, only those of one run."""
    statement = (
        select(entries.c.seq, entries.c.entry)
        .where(entries.c.workspace_id == workspace_id, entries.c.seq > after)
        .order_by(entries.c.seq)
        .limit(limit)
    )
    if names is not None:
        statement = statement.where(entries.c.name.in_(sorted(names)))
    if run_id is not None:
        statement = statement.where(entries.c.run_id == run_id)
    return [recorded(seq, text) for seq, text in connection.execute(statement)]


def place(
    connection: Connection, workspace_id: str, run_id: str, name: str, field: str, value: str
) -> tuple[int, str] | None:
    """Seq and hash (hexadecimal) of a run's first fact of this name about one thing."""
    statement = (
        select(entries.c.seq, entries.c.hash, entries.c.entry)
        .where(entries.c.workspace_id == workspace_id, entries.c.run_id == run_id, entries.c.name == name)
        .order_by(entries.c.seq)
    )
    for seq, digest, text in connection.execute(statement):
        if json.loads(text)["body"].get(field) == value:
            return seq, bytes(digest).hex()
    return None


def recorded(seq: int, text: str) -> Recorded:
    """An entry's text as its readers see it."""
    entry = json.loads(text)
    return Recorded(seq, entry["name"], entry["body"], entry["actor"], entry["cause"], entry["time"])
