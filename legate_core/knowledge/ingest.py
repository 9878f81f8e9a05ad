"""Takes documents from *pending* to *ready*: read, embedded, indexed, and only then found; and builds indexes anew.

A document's passages are staged under a revision that nobody looks for, its vectors under a debt that takes them out again;
one commit at the end makes both count. Whatever a crash cuts off is therefore either whole or cleaned up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select

from legate_core.errors import LegateError
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.kernel.wake import SWEEP_SECONDS
from legate_core.knowledge import store
from legate_core.knowledge.builds import Builds, wanting_rebuild
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
CLAIMING = "taking documents in hand"
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


@dataclass(slots=True)
class _Hand:
    """A document in hand, and its base as it was then. While it asks what its embedder is, nothing has begun yet."""

    document: Mapping[str, Any]
    base: Mapping[str, Any]
    is_asking: bool = True


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
        self._parts = Parts(kernel, workspace_id)
        rebuilder = Rebuilder(kernel, workspace_id, tools.vectors, tools.embedders)
        self._builds = Builds(kernel, workspace_id, rebuilder, self._parts, self._count_end)
        self._at_start = {RECOVERY: self._recover, STRANGERS: self._forget_strangers}
        self._failures: list[_Failure] = []
        self._working: dict[asyncio.Task[None], _Hand] = {}
        self._ended = 0
        self._rested = asyncio.Event()

    async def run(self) -> None:
        """Recover what the last process left behind, then work until cancelled."""
        try:
            while True:
                known, ended = self._kernel.wake.known(self._workspace_id), self._ended
                began = asyncio.get_running_loop().time()
                # What ended during the round may leave something to clean or to build that the round looked for too early.
                if await self._parts.do(READING, self._round) or ended != self._ended:
                    continue
                if not self._tasks:
                    self._rested.set()
                await self._wait(known, began)
        finally:
            tasks = self._tasks
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until every document has been read or has failed, and everything is cleaned up."""
        while True:
            # Cleared before the look, so that a rest which comes after it is not missed.
            self._rested.clear()
            if await self._look(_is_settled):
                return
            await self._rested.wait()

    @property
    def _tasks(self) -> list[asyncio.Task[None]]:
        return [*self._working, *self._builds.tasks]

    async def _wait(self, known: int, began: float) -> None:
        """Until there may be something to begin or to try again, or a document is done."""
        times = [seconds for seconds in (SWEEP_SECONDS, self._parts.seconds_left(began)) if seconds is not None]
        waiting = asyncio.ensure_future(
            self._kernel.wake.wait(self._workspace_id, known, min(times, default=None), hears=TO_DO)
        )
        try:
            await asyncio.wait({waiting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _round(self) -> bool:
        """Clean up, build, and read as many documents as may be read at once; whether there may be more to clean."""
        await self._begin_work()
        if RECOVERY in self._at_start:
            # What seems to be read by somebody may be what the last process left.
            return False
        await self._parts.do(FAILURES, self._note_failures)
        worked = await self._parts.do(CLEANING, partial(self._cleaner.clean, self._builds.bases))
        await self._begin_documents(await self._builds.begin({hand.base["id"] for hand in self._working.values()}))
        return bool(worked)

    async def _begin_documents(self, held: frozenset[str]) -> None:
        """Take in hand what has waited longest, as many as may be at once, and of a base with none in hand always one: so no
        base waits for the embedder of another. Bases that are *held* wait for their index."""
        await self._let_go(held)
        while not self._parts.rests(CLAIMING):
            free = self._at_once - len(self._working)
            busy = {str(hand.base["id"]) for hand in self._working.values()} if free <= 0 else set[str]()
            known = {hand.document["id"] for hand in self._working.values()}
            known |= {failure.document["id"] for failure in self._failures}
            found = await self._look(partial(_next_pending, limit=max(1, free), known=known, held=held | busy))
            for document, base in found:
                self._take(_Hand(document, base))
            if not found:
                break

    async def _let_go(self, held: frozenset[str]) -> None:
        """Whoever asks an embedder that is not wanted any more may wait for long, and its base for it."""
        asking = {task: hand for task, hand in self._working.items() if hand.is_asking}
        ids = {hand.base["id"] for hand in asking.values()}
        if not ids:
            return
        now = await self._look(lambda ctx: {base_id: ctx.get(bases, base_id) for base_id in ids})
        for task, hand in asking.items():
            base = now[hand.base["id"]]
            is_wanted = base is not None and not base["is_removed"] and base["embedder"] == hand.base["embedder"]
            if hand.is_asking and (hand.base["id"] in held or not is_wanted):
                task.cancel()

    def _take(self, hand: _Hand) -> None:
        task = asyncio.get_running_loop().create_task(self._see_through(hand))
        self._working[task] = hand
        task.add_done_callback(self._on_end)

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

    def _on_end(self, task: asyncio.Task[None]) -> None:
        del self._working[task]
        self._count_end()

    def _count_end(self) -> None:
        self._ended += 1

    async def _see_through(self, hand: _Hand) -> None:
        """Claim one document and take it to its end; no fault of it reaches the others."""
        try:
            embedder = self.tools.embedders.get(hand.base["embedder"])
            kind = await embedder.kind()
        except Exception as error:
            await self._fail(hand.document, error, "embedder")
            return
        hand.is_asking = False
        if hand.base["next_fingerprint"] and store.embedder_of(hand.base["fingerprint"]) != kind.fingerprint:
            self._builds.outdated(hand.base["id"])
            return
        claim = await self._parts.do(CLAIMING, partial(self._claimed, hand, kind))
        if claim is None:
            return
        try:
            reading = await self._read(claim, kind)
            await self._index(claim, reading, embedder)
            await self._change(lambda ctx: _finish(ctx, claim, reading), "read documents")
        except _Overtaken:
            return
        except Exception as error:
            await self._fail(claim.document, error)

    async def _claimed(self, hand: _Hand, kind: Kind) -> _Claim | None:
        try:
            return await self._change(partial(_claim, hand=hand, kind=kind), "read documents")
        except LegateError:
            # The database is away or full, which is no fault of this document.
            raise
        except Exception as error:
            await self._fail(hand.document, error)
            return None

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
    return not ctx.rows(waits.limit(1)) and not wanting_rebuild(ctx) and not store.payable(ctx, 1)


def _next_pending(
    ctx: ReadContext, limit: int, known: Collection[str], held: Collection[str]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The documents that have waited longest, each with its base; without those that are known and those of bases held."""
    statement = (
        select(documents)
        .where(
            documents.c.workspace_id == ctx.workspace_id,
            documents.c.state == DocumentState.PENDING.value,
            documents.c.id.not_in(known),
            documents.c.base_id.not_in(held),
        )
        .order_by(documents.c.changed_at, documents.c.id)
        .limit(limit)
    )
    rows = ctx.rows(statement)
    theirs = {base_id: ctx.get(bases, base_id) for base_id in {row["base_id"] for row in rows}}
    return [(row, base) for row in rows if (base := theirs[row["base_id"]]) is not None]


def _claim(ctx: Context, hand: _Hand, kind: Kind) -> _Claim | None:
    """Take a document in hand; None where it was taken, removed, or where its base has or needs another embedder."""
    document_id = hand.document["id"]
    row = ctx.get(documents, document_id)
    base = ctx.get(bases, row["base_id"]) if row is not None else None
    if row is None or base is None or row["state"] != DocumentState.PENDING.value:
        return None
    if base["embedder"] != hand.base["embedder"]:
        return None
    if not base["fingerprint"]:
        changes = {"fingerprint": store.numbered(kind.fingerprint, 1), "changed_at": ctx.now}
        base = ctx.update(bases, base["id"], changes, expect={"fingerprint": ""})
        if base is None:
            # Another document of this base was first; this one is looked at again.
            return None
        ctx.emit(BaseChanged(row["base_id"]))
    elif store.embedder_of(base["fingerprint"]) != kind.fingerprint:
        if not base["next_fingerprint"]:
            # The model behind the same settings is another one now, as after an update.
            ctx.update(bases, base["id"], {"next_fingerprint": store.WANTED, "next_embedder": base["embedder"]})
            ctx.emit(BaseChanged(row["base_id"]))
        return None
    changes = {"state": DocumentState.PROCESSING.value, "attempt": row["attempt"] + 1, "reason": ""}
    claimed = ctx.update(documents, document_id, changes, expect={"state": row["state"], "attempt": row["attempt"]})
    if claimed is None:
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
