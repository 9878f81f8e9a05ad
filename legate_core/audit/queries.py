"""Searching the journal and verifying it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from legate_core.audit.notary import Notary
from legate_core.audit.report import Report
from legate_core.audit.verify import verify
from legate_core.errors import Invalid, LegateError
from legate_core.identity.permissions import MATRIX, Cell
from legate_core.kernel.context import ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query

MAX_PAGE = 500
RUN_CREATED = "run.created"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One fact as it was written. `rows` are the table and key of each row it accounts for."""

    seq: int
    name: str
    body: Mapping[str, Any]
    actor: str
    cause: str
    at: int
    run_id: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries, the newest first. `before` asks for the page after this one; 0 where this is the last."""

    entries: tuple[JournalEntry, ...]
    before: int


@dataclass(frozen=True, slots=True)
class JournalEntries(Query[JournalPage]):
    """Entries of the journal, the newest first. Every filter that is given must hold; `text` stands anywhere in them.

    Who may see only what is their own sees their own acts and the runs they started.
    """

    before: int = 0
    after: int = 0
    names: tuple[str, ...] = ()
    actor: str = ""
    run_id: str = ""
    text: str = ""
    since: int = 0
    until: int = 0
    limit: int = 50


@query(JournalEntries, permission="audit.view", route="GET /audit/entries")
def journal_entries(ctx: ReadContext, message: JournalEntries) -> JournalPage:
    if not 1 <= message.limit <= MAX_PAGE:
        raise Invalid(
            f"A page has 1 to {MAX_PAGE} entries, not {message.limit}. Ask for fewer, then for the next page."
        )
    statement = (
        select(entries.c.seq, entries.c.run_id, entries.c.entry)
        .where(entries.c.workspace_id == ctx.workspace_id, *_conditions(ctx, message))
        .order_by(entries.c.seq.desc())
        .limit(message.limit + 1)
    )
    found = [_entry(seq, run_id, text) for seq, run_id, text in ctx.connection.execute(statement)]
    has_more = len(found) > message.limit
    page = tuple(found[: message.limit])
    return JournalPage(page, page[-1].seq if has_more else 0)


@dataclass(frozen=True, slots=True)
class VerifyJournal(Query[Report]):
    """Is the journal intact, is it complete, and who wrote it. Reads all of it."""


@query(VerifyJournal, permission="audit.verify", route="GET /audit/verify")
def verify_journal(ctx: ReadContext, message: VerifyJournal) -> Report:
    notary = ctx.port(Notary)
    outside, why = None, ""
    try:
        outside = notary.outside(ctx.workspace_id)
    except LegateError as error:
        # A locked keyring must not stop a verification; the report says what could not be looked at.
        why = f"The checkpoint outside the database cannot be read: {error.message}"
    return verify(
        ctx.connection,
        ctx.workspace_id,
        bodies=ctx.bodies,
        outside=outside,
        public_key=notary.public_key,
        why_none_outside=why,
    )


def _conditions(ctx: ReadContext, message: JournalEntries) -> list[ColumnElement[bool]]:
    given: list[tuple[object, ColumnElement[bool]]] = [
        (message.before, entries.c.seq < message.before),
        (message.after, entries.c.seq > message.after),
        (message.names, entries.c.name.in_(message.names)),
        (message.actor, entries.c.actor == message.actor),
        (message.run_id, entries.c.run_id == message.run_id),
        (message.text, entries.c.entry.icontains(message.text, autoescape=True)),
        (message.since, entries.c.at >= message.since),
        (message.until, entries.c.at < message.until),
    ]
    conditions = [condition for value, condition in given if value]
    if ctx.actor.kind != "system" and not MATRIX["audit.view"].get(ctx.actor.role, Cell()).everything:
        conditions.append(_own(ctx))
    return conditions


def _own(ctx: ReadContext) -> ColumnElement[bool]:
    started = entries.alias("started")
    runs = select(started.c.run_id).where(
        started.c.workspace_id == ctx.workspace_id,
        started.c.name == RUN_CREATED,
        started.c.actor == ctx.actor.id,
    )
    return or_(entries.c.actor == ctx.actor.id, entries.c.run_id.in_(runs))


def _entry(seq: int, run_id: str, text: str) -> JournalEntry:
    entry = json.loads(text)
    return JournalEntry(
        seq=seq,
        name=entry["name"],
        body=entry["body"],
        actor=entry["actor"],
        cause=entry["cause"],
        at=entry["time"],
        run_id=run_id,
        rows=tuple((table, key) for table, key, _ in entry["rows"]),
    )
