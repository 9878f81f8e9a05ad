"""Shows what a verification is worth: one byte of a copy of the journal is changed, and the copy is verified.

The journal itself is only read. On PostgreSQL there is no cheap copy, so this is for the database in one file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, create_engine, func, select, update
from sqlalchemy.pool import StaticPool

from legate_core.audit.notary import Notary
from legate_core.audit.report import Report
from legate_core.audit.verify import verify
from legate_core.errors import Invalid
from legate_core.kernel.context import ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query

MOST_BYTES = 64 * 1024 * 1024
AROUND = 24


@dataclass(frozen=True, slots=True)
class ChangedCopy:
    """Which byte of which entry was changed, with some of what stands around it, and what the verification said."""

    seq: int
    name: str
    before: str
    after: str
    report: Report


@dataclass(frozen=True, slots=True)
class VerifyChangedCopy(Query[ChangedCopy]):
    """Change one byte on a copy in memory, verify the copy, and say what was found. The journal stays as it is."""


@query(VerifyChangedCopy, permission="audit.verify", route="GET /audit/changed-copy")
def verify_changed_copy(ctx: ReadContext, message: VerifyChangedCopy) -> ChangedCopy:
    raw = ctx.connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise Invalid("A copy to change is made of a database in one file only. Verify the journal itself instead.")
    _small_enough(raw)
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as copy:
        raw.backup(copy)
        with _connection(copy) as connection:
            seq, name, before, after = _change(connection, ctx.workspace_id)
            report = verify(
                connection,
                ctx.workspace_id,
                bodies=None,
                outside=None,
                public_key=ctx.port(Notary).public_key,
            )
    return ChangedCopy(seq, name, before, after, report)


def _small_enough(raw: sqlite3.Connection) -> None:
    pages = cast("int", raw.execute("PRAGMA page_count").fetchone()[0])
    page = cast("int", raw.execute("PRAGMA page_size").fetchone()[0])
    if pages * page > MOST_BYTES:
        raise Invalid("This journal is too large to copy into memory. Try it in the practice workspace.")


@contextmanager
def _connection(copy: sqlite3.Connection) -> Generator[Connection]:
    engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose(close=False)


def _change(connection: Connection, workspace_id: str) -> tuple[int, str, str, str]:
    """One letter in the middle of the middle entry becomes the next one of the alphabet."""
    mine = entries.c.workspace_id == workspace_id
    count = connection.execute(select(func.count()).select_from(entries).where(mine)).scalar_one()
    if not count:
        raise Invalid("The journal has no entry yet. Let something happen first.")
    middle = select(entries.c.seq, entries.c.name, entries.c.entry).where(mine).order_by(entries.c.seq)
    seq, name, text = connection.execute(middle.offset(count // 2).limit(1)).one()
    at = next(at for at in [*range(len(text) // 2, len(text)), *range(len(text) // 2)] if "a" <= text[at] < "z")
    changed = text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :]
    connection.execute(update(entries).where(mine, entries.c.seq == seq).values(entry=changed))
    around = slice(max(0, at - AROUND), at + AROUND)
    return seq, name, text[around], changed[around]
