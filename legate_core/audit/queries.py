"""Searching the journal and verifying it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, func, or_, select

from legate_core.audit.notary import Notary
from legate_core.audit.report import Report
from legate_core.audit.verify import verify
from legate_core.audit.walks import WATCHES, Walk, Walks
from legate_core.errors import Invalid, LegateError
from legate_core.identity.permissions import MATRIX, Cell
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.journal import entries
from legate_core.kernel.messages import EVERYTHING, Command, LiveQuery, Query, Recorded, Reread, TickStream
from legate_core.kernel.registry import command, query, ticks

MAX_PAGE = 500
RUN_CREATED = "run.created"
END = "end"
HASH_DIGITS = 64


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
    hash: str = ""


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries, the newest first. `before` asks for the page after this one; 0 where this is the last."""

    entries: tuple[JournalEntry, ...]
    before: int


@dataclass(frozen=True, slots=True)
class JournalEntries(Query[JournalPage]):
    """Entries of the journal, the newest first. Every filter that is given must hold; `text` stands anywhere in them.

    `what` is a part of the event's name, `who` of the actor, `about` of anything the entry names, `hash` the beginning of
    its hash. Who may see only what is their own sees their own acts and the runs they started.
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
    what: str = ""
    who: str = ""
    about: str = ""
    hash: str = ""


@query(JournalEntries, permission="audit.view", route="GET /audit/entries")
def journal_entries(ctx: ReadContext, message: JournalEntries) -> JournalPage:
    if not 1 <= message.limit <= MAX_PAGE:
        raise Invalid(
            f"A page has 1 to {MAX_PAGE} entries, not {message.limit}. Ask for as many, then for the next page."
        )
    statement = (
        select(entries.c.seq, entries.c.run_id, entries.c.entry, entries.c.hash)
        .where(entries.c.workspace_id == ctx.workspace_id, *_conditions(ctx, message), *visible_to(ctx))
        .order_by(entries.c.seq.desc())
        .limit(message.limit + 1)
    )
    found = [entry_from(*row) for row in ctx.connection.execute(statement).tuples()]
    has_more = len(found) > message.limit
    page = tuple(found[: message.limit])
    return JournalPage(page, page[-1].seq if has_more else 0)


@dataclass(frozen=True, slots=True)
class JournalEndRow:
    """Where the journal ends for its reader. `is_all`: they see every entry, so the seqs below have no gap."""

    id: str
    seq: int
    is_all: bool


@dataclass(frozen=True)
class JournalEnd(LiveQuery[JournalEndRow]):
    """The last entry that the reader may see, live: for who looks at the journal while it grows."""

    listens: ClassVar[frozenset[str]] = EVERYTHING
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, JournalEndRow], event: Recorded) -> Mapping[str, JournalEndRow] | Reread:
        # A reader elsewhere is not told an event's place, so nobody counts from it.
        return Reread(frozenset({END}))


@query(JournalEnd, permission="audit.view", route="GET /audit/end")
def journal_end(ctx: ReadContext, message: JournalEnd) -> dict[str, JournalEndRow]:
    if message.ids is not None and END not in message.ids:
        return {}
    statement = select(func.max(entries.c.seq)).where(entries.c.workspace_id == ctx.workspace_id, *visible_to(ctx))
    last = ctx.connection.execute(statement).scalar_one()
    return {END: JournalEndRow(END, int(last or 0), sees_everything(ctx))}


@dataclass(frozen=True, slots=True)
class VerifyJournal(Query[Report]):
    """Is the journal intact, is it complete, and who wrote it. Reads all of it, and with `bodies` opens every body too.

    With a `watch`, an id of the asker's own choosing that begins with `vrf_`, progress comes as ticks under that id, and
    `StopVerifying` ends it.
    """

    watch: str = ""
    bodies: bool = False


async def _watched(ports: Ports, actor: Actor, message: VerifyJournal) -> Walk | None:
    return ports.get(Walks).begin(message.watch) if message.watch else None


@query(VerifyJournal, permission="audit.verify", route="GET /audit/verify", before=_watched)
def verify_journal(ctx: ReadContext, message: VerifyJournal, walk: Walk | None = None) -> Report:
    notary = ctx.port(Notary)
    outside, why = None, ""
    try:
        outside = notary.outside(ctx.workspace_id)
    except LegateError as error:
        # A locked keyring must not stop a verification; the report says what could not be looked at.
        why = f"The checkpoint outside the database cannot be read: {error.message}"
    try:
        return verify(
            ctx.connection,
            ctx.workspace_id,
            bodies=ctx.bodies,
            outside=outside,
            public_key=notary.public_key,
            why_none_outside=why,
            progress=walk,
            open_every_body=message.bodies,
        )
    finally:
        if walk is not None:
            ctx.port(Walks).end(walk.watch_id)


@dataclass(frozen=True, slots=True)
class VerifyingTicks(TickStream):
    """How far a verification is that is watched under this id. It may be asked for before the verification begins."""

    prefix: ClassVar[str] = WATCHES
    watch: str


@ticks(VerifyingTicks, permission="audit.verify", route="GET /audit/verify/{watch}/ticks")
def verifying_ticks(ctx: ReadContext, message: VerifyingTicks) -> None:
    """Whoever may verify may watch: what is heard are numbers, under an id that its asker made up."""


@dataclass(frozen=True, slots=True)
class StopVerifying(Command[bool]):
    """End a verification that is watched under this id; False where none is on its way, as when it is over already."""

    watch: str


@command(StopVerifying, permission="audit.verify", route="POST /audit/verify/{watch}/stop")
def stop_verifying(ctx: Context, message: StopVerifying) -> bool:
    return ctx.port(Walks).stop(message.watch)


def visible_to(ctx: ReadContext) -> list[ColumnElement[bool]]:
    """What narrows the journal to what its reader may see."""
    return [] if sees_everything(ctx) else [_own(ctx)]


def sees_everything(ctx: ReadContext, permission: str = "audit.view") -> bool:
    """Whether the reader may see everybody's entries."""
    return ctx.actor.kind == "system" or MATRIX[permission].get(ctx.actor.role, Cell()).everything


def entry_from(seq: int, run_id: str, text: str, digest: bytes) -> JournalEntry:
    """An entry as it is stored, for its readers."""
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
        hash=bytes(digest).hex(),
    )


def _conditions(ctx: ReadContext, message: JournalEntries) -> list[ColumnElement[bool]]:
    given: list[tuple[object, ColumnElement[bool]]] = [
        (message.before, entries.c.seq < message.before),
        (message.after, entries.c.seq > message.after),
        (message.names, entries.c.name.in_(message.names)),
        (message.what, entries.c.name.icontains(message.what, autoescape=True)),
        (message.actor, entries.c.actor == message.actor),
        (message.who, entries.c.actor.icontains(message.who, autoescape=True)),
        (message.run_id, entries.c.run_id == message.run_id),
        (message.about, entries.c.entry.icontains(message.about, autoescape=True)),
        (message.text, entries.c.entry.icontains(message.text, autoescape=True)),
        (message.since, entries.c.at >= message.since),
        (message.until, entries.c.at < message.until),
    ]
    return [condition for value, condition in given if value] + _hash_condition(message.hash)


def _hash_condition(beginning: str) -> list[ColumnElement[bool]]:
    """A hash that begins so, as a range: databases compare bytes, and know no half of one."""
    if not beginning:
        return []
    digits = beginning.lower()
    if len(digits) > HASH_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise Invalid(f"{beginning[:80]!r} is no beginning of a hash. Give up to {HASH_DIGITS} digits of 0-9 and a-f.")
    lowest, highest = (bytes.fromhex(digits.ljust(HASH_DIGITS, filler)) for filler in "0f")
    return [entries.c.hash.between(lowest, highest)]


def _own(ctx: ReadContext) -> ColumnElement[bool]:
    started = entries.alias("started")
    runs = select(started.c.run_id).where(
        started.c.workspace_id == ctx.workspace_id,
        started.c.name == RUN_CREATED,
        started.c.actor == ctx.actor.id,
    )
    return or_(entries.c.actor == ctx.actor.id, entries.c.run_id.in_(runs))
