"""One entry of the journal with its place in the chain: what it says, word for word, and whether its hash is right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import func, select

from legate_core.audit.queries import JournalEntry, entry_from, visible_to
from legate_core.audit.tables import checkpoints
from legate_core.errors import NotFound
from legate_core.kernel.context import ReadContext
from legate_core.kernel.journal import GENESIS, entries
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """An entry where it stands. `text` is what was hashed, `before` the hash it follows; `fits` says that they give its own.

    `checkpoint` is the size of the first checkpoint that covers it, 0 where none does yet, and `signed_at` when that was
    signed. Whether the checkpoint is a good one is for a verification to say.
    """

    entry: JournalEntry
    text: str
    before: str
    fits: bool
    checkpoint: int
    signed_at: int
    entries: int


@dataclass(frozen=True, slots=True)
class OpenEntry(Query[EntryPlace]):
    """One entry and its place in the chain."""

    seq: int


@query(OpenEntry, permission="audit.view", route="GET /audit/entries/{seq}")
def open_entry(ctx: ReadContext, message: OpenEntry) -> EntryPlace:
    here = entries.c.workspace_id == ctx.workspace_id
    statement = select(entries.c.seq, entries.c.run_id, entries.c.entry, entries.c.hash)
    row = ctx.connection.execute(statement.where(here, entries.c.seq == message.seq, *visible_to(ctx))).one_or_none()
    if row is None:
        raise NotFound(f"There is no entry {message.seq} that you may see. Choose one of the list.")
    seq, run_id, text, digest = row
    previous = ctx.connection.execute(select(entries.c.hash).where(here, entries.c.seq == seq - 1)).scalar_one_or_none()
    before = bytes(previous) if previous is not None else GENESIS
    is_next = previous is not None or seq == 1
    size, signed_at = ctx.connection.execute(
        select(func.coalesce(func.min(checkpoints.c.size), 0), func.coalesce(func.min(checkpoints.c.at), 0)).where(
            checkpoints.c.workspace_id == ctx.workspace_id, checkpoints.c.size >= seq
        )
    ).one()
    last = ctx.connection.execute(select(func.max(entries.c.seq)).where(here, *visible_to(ctx))).scalar_one()
    return EntryPlace(
        entry=entry_from(seq, run_id, text, digest),
        text=text,
        before=before.hex(),
        fits=is_next and hashlib.sha256(before + text.encode("utf-8", "surrogatepass")).digest() == bytes(digest),
        checkpoint=int(size),
        signed_at=int(signed_at),
        entries=int(last),
    )
