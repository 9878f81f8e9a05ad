"""Takes documents from *pending* to *ready*: read, embedded, indexed, and only then found; and builds indexes anew.

A document's passages are staged under a revision that nobody looks for, its vectors under a debt that takes them out again;
one commit at the end makes both count. Whatever a crash cuts off is therefore either whole or cleaned up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select

from legate_core.errors import LegateError
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import SWEEP_SECONDS, Kernel
from legate_core.kernel.messages import Tick
from legate_core.knowledge import store
from legate_core.knowledge.clean import Cleaner
from legate_core.knowledge.embed.base import Embedder, Kind
from legate_core.knowledge.embed.open import Embedders
from legate_core.knowledge.events import TO_DO, BaseChanged, DocumentChanged, DocumentClaimed, DocumentReady
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.model import Chunk, DocumentState, Reading
from legate_core.knowledge.originals import Originals
from legate_core.knowledge.parts import Parts
from legate_core.knowledge.readers import Readers
from legate_core.knowledge.rebuild import Rebuilder, embedded
from legate_core.knowledge.tables import bases, documents
from legate_core.vectors.base import Point, Vectors

log = logging.getLogger(__name__)

T = TypeVar("T")

PASSAGES_AT_ONCE = 64
RECOVERY = "the recovery of documents"
STRANGERS = "the look for originals that nobody has"
READING = "the reading of documents"
FAILURES = "noting documents that failed"
CLEANING = "the removal of documents"


class _Overtaken(Exception):
    """The document was cancelled, removed or changed while it was being read; this attempt stops without a word."""


@dataclass(frozen=True)
class Tools:
    """What ingestion works with."""

    originals: Originals
    vectors: Vectors
    embedders: Embedders
    readers: Readers


@dataclass(frozen=True)
class _Claim:
    """A document in one worker's hands: as it was claimed, its base, the index it goes into, and the debt on that."""

    document: Mapping[str, Any]
    base: Mapping[str, Any]
    index: str
    debt: str

    @property
    def attempt(self) -> int:
        return int(self.document["attempt"])


@dataclass(frozen=True)
class _Failure:
    """A document that could not be read, as it was then, and why."""

    document: Mapping[str, Any]
    kind: str
    reason: str


class Ingester:
    """Reads what is pending in one workspace, several documents at a time, for as long as it runs.

    What goes wrong with a document ends that document, what goes wrong elsewhere is told and tried again; nothing ends the rest.
    """

    def __init__(self, kernel: Kernel, workspace_id: str, tools: Tools, *, at_once: int = 0) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self.tools = tools
        self._at_once = at_once or 2 * max(1, os.cpu_count() or 1)
        self._cleaner = Cleaner(kernel, workspace_id, tools.originals, tools.vectors)
        self._rebuilder = Rebuilder(kernel, workspace_id, tools.vectors, tools.embedders)
        self._parts = Parts(kernel, workspace_id)
        self._at_start = {RECOVERY: self._recover, STRANGERS: self._forget_strangers}
        self._failures: list[_Failure] = []
        self._working: set[asyncio.Task[None]] = set()
        self._ended = 0
        self._rested = asyncio.Event()

    async def run(self) -> None:
        """Recover what the last process left behind, then work until cancelled."""
        try:
            while True:
                known, ended = self._kernel.wake.known(self._workspace_id), self._ended
                # What ended during the round may leave something to clean or to build that the round looked for too early.
                if await self._parts.do(READING, self._round) or ended != self._ended:
                    continue
                if not self._working:
                    self._rested.set()
                await self._wait(known)
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until every document has been read or has failed, and everything is cleaned up."""
        while True:
            # Cleared before the look, so that a rest which comes after it is not missed.
            self._rested.clear()
            if await self._look(_is_settled):
                return
            await self._rested.wait()

    async def _wait(self, known: int) -> None:
        """Until there may be something to begin or to try again, or a document is done."""
        times = [seconds for seconds in (SWEEP_SECONDS, self._parts.seconds_left()) if seconds is not None]
        waiting = asyncio.ensure_future(
            self._kernel.wake.wait(self._workspace_id, known, min(times, default=None), hears=TO_DO)
        )
        try:
            await asyncio.wait({waiting, *self._working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _round(self) -> bool:
        """Clean up, build, and read as many documents as may be read at once; whether there is more to clean or to build."""
        await self._begin_work()
        if RECOVERY in self._at_start:
            # What seems to be read by somebody may be what the last process left.
            return False
        await self._parts.do(FAILURES, self._note_failures)
        worked = bool(await self._parts.do(CLEANING, self._cleaner.clean))
        if not self._working and (base := await self._look(_wants_rebuild)) is not None:
            part = f"the new index of {base['id']}"
            worked = bool(await self._parts.do(part, partial(self._rebuilder.rebuild, base))) or worked
        while free := max(0, self._at_once - len(self._working)):
            found = await self._look(lambda ctx, free=free: _next_pending(ctx, free))
            found = [item for item in found if not self._has_failed(item[0]["id"])]
            for document, base in found:
                await self._begin(document, base)
            if len(found) < free:
                break
        return worked

    async def _begin_work(self) -> None:
        """What is done once at the start, until it has been done."""
        for part, work in list(self._at_start.items()):
            if await self._parts.do(part, work):
                del self._at_start[part]

    async def _recover(self) -> bool:
        await self._change(_recover, "knowledge recovery")
        return True

    async def _forget_strangers(self) -> bool:
        await self._cleaner.forget_strangers()
        return True

    async def _begin(self, document: Mapping[str, Any], base: Mapping[str, Any]) -> None:
        """Claim a document and read it in a task of its own, unless it cannot be claimed or its embedder cannot be used."""
        try:
            embedder = self.tools.embedders.get(base["embedder"])
            kind = await embedder.kind()
        except Exception as error:
            await self._fail(document, error, "embedder")
            return
        try:
            claim = await self._change(lambda ctx: _claim(ctx, document["id"], kind), "read documents")
        except LegateError:
            # The database is away or full, which is no fault of this document.
            raise
        except Exception as error:
            await self._fail(document, error)
            return
        if claim is None:
            return
        task = asyncio.get_running_loop().create_task(self._see_through(claim, embedder, kind))
        self._working.add(task)
        task.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._ended += 1

    async def _see_through(self, claim: _Claim, embedder: Embedder, kind: Kind) -> None:
        """Take one document to its end; no fault of it reaches the others."""
        try:
            reading = await self._read(claim, kind)
            await self._index(claim, reading, embedder)
            await self._change(lambda ctx: _finish(ctx, claim, reading), "read documents")
        except _Overtaken:
            return
        except Exception as error:
            await self._fail(claim.document, error)

    async def _read(self, claim: _Claim, kind: Kind) -> Reading:
        row = claim.document
        self._tick(claim, 0, 0)
        path = await asyncio.to_thread(self.tools.originals.path, row["content"])
        return await self.tools.readers.read(str(path), row["kind"], row["size_bytes"], kind)

    async def _index(self, claim: _Claim, reading: Reading, embedder: Embedder) -> None:
        """Embed and stage every passage. While one batch is written, the next is embedded."""
        total = len(reading.chunks)
        writing: asyncio.Task[None] | None = None
        try:
            for first in range(0, total, PASSAGES_AT_ONCE):
                some = reading.chunks[first : first + PASSAGES_AT_ONCE]
                vectors = await embedded(embedder, [(store.heading_of(item.anchor), item.text) for item in some])
                if writing is not None:
                    await writing
                writing = asyncio.get_running_loop().create_task(self._stage(claim, first, some, vectors))
                self._tick(claim, first + len(some), total)
            if writing is not None:
                await writing
        finally:
            if writing is not None:
                writing.cancel()

    async def _stage(self, claim: _Claim, first: int, some: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        def write(ctx: Context) -> list[int]:
            _check_mine(ctx, claim)
            return store.add_chunks(ctx, claim.document, claim.attempt, first, some)

        numbers = await self._change(write, "read documents")
        key = store.key_of(claim.document["id"], claim.attempt)
        points = [Point(number, key, vector) for number, vector in zip(numbers, vectors, strict=True)]
        await self.tools.vectors.upsert(claim.index, points)

    async def _fail(self, document: Mapping[str, Any], error: Exception, kind: str = "") -> None:
        """End a document with what went wrong. Where that cannot be written now, it is written later."""
        if isinstance(error, Unreadable):
            failure = _Failure(document, kind or "unreadable", str(error))
        elif isinstance(error, LegateError):
            failure = _Failure(document, kind or error.code, error.message)
        else:
            log.error("document %s could not be read", document["id"], exc_info=error)
            reason = f"Something went wrong inside Legate ({type(error).__name__}). Try again."
            failure = _Failure(document, "internal", reason)
        self._failures.append(failure)
        await self._parts.do(FAILURES, self._note_failures)

    def _has_failed(self, document_id: str) -> bool:
        return any(failure.document["id"] == document_id for failure in self._failures)

    async def _note_failures(self) -> None:
        """Write down which documents failed. One that cannot be written stays, and why is raised once the others are."""
        faults: list[Exception] = []
        for failure in tuple(self._failures):
            try:
                await self._change(partial(_note, failure=failure), "read documents")
            except Exception as fault:
                faults.append(fault)
            else:
                self._failures = [other for other in self._failures if other is not failure]
        if faults:
            raise faults[0]

    def _tick(self, claim: _Claim, done: int, total: int) -> None:
        self._kernel.ticks.publish(Tick(claim.base["id"], "reading", claim.document["id"], done, total))

    async def _change(self, work: Callable[[Context], T], cause: str) -> T:
        return await self._kernel.change(self._kernel.system(self._workspace_id), work, cause)

    async def _look(self, work: Callable[[ReadContext], T]) -> T:
        return await self._kernel.look(self._kernel.system(self._workspace_id), work)


def _recover(ctx: Context) -> None:
    """What was being read when the last process ended waits again; its debts clean up after it."""
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id, documents.c.state == DocumentState.PROCESSING.value
    )
    for row in ctx.rows(statement):
        changes = {"state": DocumentState.PENDING.value, "changed_at": ctx.now}
        if ctx.update(documents, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]}):
            ctx.emit(DocumentChanged(row["base_id"], row["id"], row["content"]))


def _is_settled(ctx: ReadContext) -> bool:
    waits = select(documents.c.id).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.state.in_([DocumentState.PENDING.value, DocumentState.PROCESSING.value]),
    )
    return not ctx.rows(waits.limit(1)) and _wants_rebuild(ctx) is None and not store.payable(ctx, 1)


def _next_pending(ctx: ReadContext, limit: int) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The documents that have waited longest in bases that are not being built anew, each with its base."""
    statement = (
        select(documents)
        .join(bases, (bases.c.workspace_id == documents.c.workspace_id) & (bases.c.id == documents.c.base_id))
        .where(
            documents.c.workspace_id == ctx.workspace_id,
            documents.c.state == DocumentState.PENDING.value,
            bases.c.next_fingerprint == "",
        )
        .order_by(documents.c.changed_at, documents.c.id)
        .limit(limit)
    )
    rows = ctx.rows(statement)
    theirs = {base_id: ctx.get(bases, base_id) for base_id in {row["base_id"] for row in rows}}
    return [(row, base) for row in rows if (base := theirs[row["base_id"]]) is not None]


def _wants_rebuild(ctx: ReadContext) -> Mapping[str, Any] | None:
    statement = select(bases).where(
        bases.c.workspace_id == ctx.workspace_id, bases.c.is_removed.is_(False), bases.c.next_fingerprint != ""
    )
    return next(iter(ctx.rows(statement.order_by(bases.c.id).limit(1))), None)


def _claim(ctx: Context, document_id: str, kind: Kind) -> _Claim | None:
    """Take a document in hand; None where it was taken, removed, or where its base needs another index first."""
    row = ctx.get(documents, document_id)
    base = ctx.get(bases, row["base_id"]) if row is not None else None
    if row is None or base is None or row["state"] != DocumentState.PENDING.value or base["next_fingerprint"]:
        return None
    if not base["fingerprint"]:
        changes = {"fingerprint": store.numbered(kind.fingerprint, 1), "changed_at": ctx.now}
        base = ctx.update(bases, base["id"], changes, expect={"fingerprint": ""})
        ctx.emit(BaseChanged(row["base_id"]))
    elif store.embedder_of(base["fingerprint"]) != kind.fingerprint:
        # The model behind the same settings is another one now, as after an update.
        ctx.update(bases, base["id"], {"next_fingerprint": store.WANTED, "next_embedder": base["embedder"]})
        ctx.emit(BaseChanged(row["base_id"]))
        return None
    changes = {"state": DocumentState.PROCESSING.value, "attempt": row["attempt"] + 1, "reason": ""}
    claimed = ctx.update(documents, document_id, changes, expect={"state": row["state"], "attempt": row["attempt"]})
    if base is None or claimed is None:
        return None
    ctx.emit(DocumentClaimed(row["base_id"], document_id, claimed["attempt"]))
    index = store.index_of(base["id"], base["fingerprint"])
    debt = store.owe(ctx, index, store.key_of(document_id, claimed["attempt"]))
    return _Claim(claimed, base, index, debt)


def _note(ctx: Context, failure: _Failure) -> None:
    store.fail_document(ctx, failure.document, failure.kind, failure.reason)


def _check_mine(ctx: Context, claim: _Claim) -> None:
    row = ctx.get(documents, claim.document["id"])
    if row is None or (row["state"], row["attempt"]) != (DocumentState.PROCESSING.value, claim.attempt):
        raise _Overtaken


def _finish(ctx: Context, claim: _Claim, reading: Reading) -> None:
    """The one commit that makes a document found, and what it was before no longer found."""
    row = claim.document
    changes = {
        "state": DocumentState.READY.value,
        "reason": " ".join(reading.notes)[:600],
        "revision": claim.attempt,
        "chunks": len(reading.chunks),
        "pages": reading.pages,
        "about": {**reading.about, **({"title": reading.title} if reading.title else {})},
        "changed_at": ctx.now,
    }
    expect = {"state": DocumentState.PROCESSING.value, "attempt": claim.attempt}
    if ctx.update(documents, row["id"], changes, expect=expect) is None:
        raise _Overtaken
    ctx.emit(DocumentReady(row["base_id"], row["id"], claim.attempt, len(reading.chunks)))
    store.forgive(ctx, [claim.debt])
    if row["revision"]:
        store.owe(ctx, claim.index, store.key_of(row["id"], row["revision"]))
