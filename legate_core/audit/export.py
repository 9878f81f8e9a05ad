"""The journal as a file that a stranger can check: JSON lines with the checkpoints first, then every entry as it was hashed.

The first line says whose journal it is, how many entries follow and which key signed. Then comes a line for each
checkpoint, and then one for each entry: its hash, and its text byte for byte. `file.py` reads them back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select

from legate_core.audit.checkpoint import continue_last
from legate_core.audit.notary import Notary
from legate_core.audit.queries import sees_everything
from legate_core.audit.tables import checkpoints
from legate_core.errors import Forbidden, Invalid
from legate_core.kernel import journal
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import Command, Query
from legate_core.kernel.registry import command, query
from legate_core.storage import dialect

FORMAT = 1
MAX_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class SignJournal(Command[int]):
    """Sign the journal as it stands, so that a checkpoint covers all of it; answers with how many entries it covers.

    Raises `Damaged` where the journal does not continue what was signed before, and signs nothing then.
    """


def _outside(ports: Ports, actor: Actor, message: SignJournal) -> str | None:
    return ports.get(Notary).outside(actor.workspace_id)


@command(SignJournal, permission="audit.export", route="POST /audit/checkpoints", before=_outside)
def sign_journal(ctx: Context, message: SignJournal, outside: str | None) -> int:
    _require_everything(ctx)
    notary = ctx.port(Notary)
    signed = continue_last(ctx.connection, ctx.workspace_id, notary, outside)
    if signed is not None:
        row = {"workspace_id": ctx.workspace_id, "size": signed.checkpoint.size, "note": signed.note}
        dialect.insert_or_ignore(ctx.connection, checkpoints, [row | {"peaks": signed.peaks, "at": ctx.now}])
        # The keyring is asked inside the transaction; its adapter gives up after seconds. What was signed is committed
        # long since, so the note holds whatever becomes of this transaction.
        notary.keep(ctx.workspace_id, signed.note)
    return journal.head(ctx.connection, ctx.workspace_id).seq


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Lines of the file, in order. `after` and `until` ask for the page after this one; `after` is 0 where this is the last."""

    lines: tuple[str, ...]
    after: int
    until: int


@dataclass(frozen=True, slots=True)
class ExportJournal(Query[ExportPage]):
    """A part of the file. The first one, without `until`, begins with what stands before the entries and fixes their number.

    Entries never change, so that parts which are read one after the other make one journal.
    """

    after: int = 0
    until: int = 0
    limit: int = 500


@query(ExportJournal, permission="audit.export", route="GET /audit/export")
def export_journal(ctx: ReadContext, message: ExportJournal) -> ExportPage:
    _require_everything(ctx)
    if not 1 <= message.limit <= MAX_PAGE:
        raise Invalid(
            f"A part has 1 to {MAX_PAGE} entries, not {message.limit}. Ask for as many, then for the next part."
        )
    until = message.until or journal.head(ctx.connection, ctx.workspace_id).seq
    lines = [] if message.until else _head_lines(ctx, until)
    statement = (
        select(entries.c.seq, entries.c.hash, entries.c.entry)
        .where(entries.c.workspace_id == ctx.workspace_id, entries.c.seq > message.after, entries.c.seq <= until)
        .order_by(entries.c.seq)
        .limit(message.limit)
    )
    last = until
    for seq, digest, text in ctx.connection.execute(statement):
        last = seq
        lines.append(entry_line(bytes(digest), text))
    return ExportPage(tuple(lines), last if last < until and lines else 0, until)


def entry_line(digest: bytes, text: str) -> str:
    """The line of an entry. Its text stands there as it was hashed, for it is JSON of one line already."""
    return f'{{"hash":"{digest.hex()}","entry":{text}}}'


def _head_lines(ctx: ReadContext, until: int) -> list[str]:
    head = {
        "legate_journal": FORMAT,
        "workspace": ctx.workspace_id,
        "entries": until,
        "key": ctx.port(Notary).verifier_key(ctx.workspace_id),
        "exported_at": ctx.now,
    }
    statement = (
        select(checkpoints.c.note)
        .where(checkpoints.c.workspace_id == ctx.workspace_id, checkpoints.c.size <= until)
        .order_by(checkpoints.c.size)
    )
    notes = ctx.connection.execute(statement).scalars()
    return [json.dumps(line, ensure_ascii=False) for line in (head, *({"checkpoint": note} for note in notes))]


def _require_everything(ctx: ReadContext) -> None:
    if not sees_everything(ctx, "audit.export"):
        raise Forbidden(
            "The journal with its proof holds everybody's entries, and is exported by Owner or Admin. Ask one of them."
        )
