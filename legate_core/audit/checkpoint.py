"""Writes checkpoints: at the end of each run, every 1,000 entries, and on quit; never one that contradicts the last.

A checkpoint is signed only after the entries since the last one were hashed again and led from that one's root to
today's. So a journal that was tampered with is never signed, and the good checkpoint outside is never overwritten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from legate_core.audit.notary import Notary, origin_of
from legate_core.audit.tables import checkpoints
from legate_core.crypto.merkle import Peaks
from legate_core.crypto.signing import Checkpoint, open_checkpoint
from legate_core.errors import Damaged, LegateError
from legate_core.kernel import journal
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.troubles import in_words
from legate_core.storage import dialect

log = logging.getLogger(__name__)

EVERY = 1_000
RUN_FINISHED = "run.finished"
"""The end of a run, known here by its name: runs live in a higher room."""

DEBOUNCE_SECONDS = 0.25
"""How long entries gather before the journal is looked at again, so that a busy run does not pay for each step."""

SWEEP_SECONDS = 60.0
PART = "signing the journal"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that was just signed, on its way into the database and out of it."""

    checkpoint: Checkpoint
    note: str
    peaks: bytes


async def checkpoint_now(kernel: Kernel, workspace_id: str) -> Checkpoint | None:
    """Sign the journal as it stands; None where nothing came since the last checkpoint.

    Raises `Damaged` where the journal does not continue the last checkpoint, and signs nothing then.
    """
    notary = kernel.ports.get(Notary)
    actor = kernel.system(workspace_id)
    outside = await asyncio.to_thread(notary.outside, workspace_id)

    def prepare(ctx: ReadContext) -> Signed | None:
        return continue_last(ctx.connection, workspace_id, notary, outside)

    signed = await kernel.look(actor, prepare)
    if signed is None:
        return None

    def keep(ctx: Context) -> None:
        row = {"workspace_id": workspace_id, "size": signed.checkpoint.size, "note": signed.note}
        dialect.insert_or_ignore(ctx.connection, checkpoints, [row | {"peaks": signed.peaks, "at": ctx.now}])

    await kernel.change(actor, keep, "checkpoint")
    await asyncio.to_thread(notary.keep, workspace_id, signed.note)
    return signed.checkpoint


class Checkpointer:
    """Keeps the checkpoints of some workspaces up to date. Where one of them is not, the troubles of the kernel say why."""

    def __init__(
        self, kernel: Kernel, workspaces: Sequence[str], *, debounce_seconds: float = DEBOUNCE_SECONDS
    ) -> None:
        self._kernel = kernel
        self._workspaces = list(workspaces)
        self._debounce_seconds = debounce_seconds

    async def run(self) -> None:
        """Follow the journals until cancelled."""
        await asyncio.gather(*(self._follow(workspace_id) for workspace_id in self._workspaces))

    async def close(self) -> None:
        """Sign what is not signed yet. Called on quit, before the database is closed."""
        for workspace_id in self._workspaces:
            await self._attempt(workspace_id)

    async def look(self, workspace_id: str) -> int:
        """Sign where it is time to; the last seq that was looked at."""

        def due(ctx: ReadContext) -> tuple[int, bool]:
            return _is_due(ctx.connection, workspace_id)

        seq, is_due = await self._kernel.look(self._kernel.system(workspace_id), due)
        if is_due:
            await self._attempt(workspace_id)
        return seq

    async def _follow(self, workspace_id: str) -> None:
        seq = 0
        while True:
            try:
                seq = await self.look(workspace_id)
            except Exception as error:
                # Whatever it is: the next entry may be signed again, and nobody else would look.
                self._failed(workspace_id, error)
                seq = max(seq, self._kernel.wake.known(workspace_id))
            await self._kernel.wake.wait(workspace_id, seq, SWEEP_SECONDS)
            await asyncio.sleep(self._debounce_seconds)

    async def _attempt(self, workspace_id: str) -> None:
        try:
            await checkpoint_now(self._kernel, workspace_id)
        except Exception as error:
            self._failed(workspace_id, error)
        else:
            self._kernel.troubles.over(workspace_id, PART)

    def _failed(self, workspace_id: str, error: Exception) -> None:
        if self._kernel.troubles.say(workspace_id, PART, error):
            trace = None if isinstance(error, LegateError) else error
            log.error("no checkpoint of %s: %s", workspace_id, in_words(error), exc_info=trace)


def _is_due(connection: Connection, workspace_id: str) -> tuple[int, bool]:
    """The end of the journal, and whether a run ended or many entries came since the last checkpoint."""
    size = select(func.coalesce(func.max(checkpoints.c.size), 0)).where(checkpoints.c.workspace_id == workspace_id)
    last = int(connection.execute(size).scalar_one())
    seq = journal.head(connection, workspace_id).seq
    if seq - last >= EVERY:
        return seq, True
    finished = journal.read(connection, workspace_id, last, names=frozenset({RUN_FINISHED}), limit=1)
    return seq, bool(finished)


def continue_last(connection: Connection, workspace_id: str, notary: Notary, outside: str | None) -> Signed | None:
    """The next checkpoint, after the entries since the last one led from its root to the journal's own."""
    last = _last(connection, workspace_id, notary, outside)
    head = journal.head(connection, workspace_id)
    if last is not None and last.size > head.seq:
        raise Damaged(
            f"The journal ends at entry {head.seq}, and {last.size} were signed. Nothing is signed any more; "
            "run 'legate verify'."
        )
    peaks = _peaks_at(connection, workspace_id, last)
    for seq, text in _texts(connection, workspace_id, peaks.size):
        if seq != peaks.size + 1:
            raise _does_not_continue(peaks.size + 1)
        peaks.append(text.encode("utf-8", "surrogatepass"))
        if last is not None and peaks.size == last.size and peaks.root() != last.root:
            raise _does_not_continue(last.size)
    if peaks.to_bytes() != head.peaks.to_bytes():
        raise _does_not_continue(peaks.size)
    if head.seq == (last.size if last is not None else 0):
        return None
    checkpoint = Checkpoint(origin_of(workspace_id), peaks.size, peaks.root())
    return Signed(checkpoint, notary.sign(workspace_id, peaks.size, checkpoint.root), peaks.to_bytes())


def _last(connection: Connection, workspace_id: str, notary: Notary, outside: str | None) -> Checkpoint | None:
    """The last checkpoint this device signed. One in the database that it did not sign counts for nothing here."""
    statement = (
        select(checkpoints.c.note)
        .where(checkpoints.c.workspace_id == workspace_id)
        .order_by(checkpoints.c.size.desc())
        .limit(1)
    )
    notes = [*connection.execute(statement).scalars(), *([outside] if outside is not None else [])]
    found: list[Checkpoint] = []
    for note in notes:
        try:
            found.append(open_checkpoint(note, origin_of(workspace_id), notary.public_key))
        except Damaged as error:
            log.warning("a checkpoint of %s is not this device's: %s", workspace_id, error.message)
    return max(found, key=lambda checkpoint: checkpoint.size, default=None)


def _peaks_at(connection: Connection, workspace_id: str, last: Checkpoint | None) -> Peaks:
    """The tree at the last checkpoint, where what is stored of it hashes to the signed root; otherwise an empty one,
    and everything is read again."""
    if last is None:
        return Peaks()
    statement = select(checkpoints.c.peaks).where(
        checkpoints.c.workspace_id == workspace_id, checkpoints.c.size == last.size
    )
    stored = connection.execute(statement).scalar_one_or_none()
    if stored is None:
        return Peaks()
    try:
        peaks = Peaks.from_bytes(bytes(stored))
    except ValueError:
        return Peaks()
    return peaks if peaks.size == last.size and peaks.root() == last.root else Peaks()


def _texts(connection: Connection, workspace_id: str, after: int) -> Iterator[tuple[int, str]]:
    table = journal.entries
    statement = (
        select(table.c.seq, table.c.entry)
        .where(table.c.workspace_id == workspace_id, table.c.seq > after)
        .order_by(table.c.seq)
        .execution_options(yield_per=EVERY)
    )
    with connection.execute(statement) as found:
        yield from found.tuples()


def _does_not_continue(seq: int) -> Damaged:
    return Damaged(
        f"The journal does not continue what was signed, at entry {seq}. Nothing is signed any more; "
        "run 'legate verify'."
    )
