"""One pass over a journal: hashes, tree, order, times and actors, and the last commitment to every row.

Nothing here decides anything; `verify` reads the outcome. The loop is one function because a call costs more than most
of its steps, and a journal of a million entries is read in a few seconds.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from legate_core import typed
from legate_core.crypto.merkle import Peaks
from legate_core.kernel.journal import GENESIS, entries

BATCH = 200
"""Few enough that the rows of a batch are gone before the garbage collector looks at them; that is a sixth of the time."""

CLOCK_TOLERANCE_MS = 60_000
"""Clocks are corrected by seconds, and the processes of a server differ by some; a minute back is a clock set back."""

Progress = Callable[[int, int], None]
"""Told how many entries of how many were read."""

Stored = tuple[int, str, str, str, int, str, bytes]
"""An entry as it is kept: seq, name, run, actor and time it is filed under, its text, and its hash."""


CURE = "Restore the latest backup."


class _Body(msgspec.Struct, gc=False):
    """The fields of facts that verification knows. They are of any type here: an entry may say anything."""

    run_id: Any = ""
    index: Any = None
    steps: Any = None


class _Entry(msgspec.Struct, gc=False):
    """An entry as its text says it."""

    workspace: str
    seq: int
    name: str
    body: _Body
    actor: str
    time: int
    rows: list[tuple[str, str, str]]


Commitment = tuple[str, int, str]
"""The last thing the journal said about a row: its salted hash, in which entry, under which run's key. A tuple, because
one is made for every row that an entry names."""

# Facts of runs are known here by their names alone, which are for ever: the runs live in a higher room.
_STEPPED, _FINISHED, _ERASED = "run.stepped", "run.finished", "run.erased"
_OF_RUNS = frozenset({_STEPPED, _FINISHED, _ERASED})


@dataclass(slots=True)
class Steps:
    """How many steps of a run the journal has, and how many its closing record says."""

    seen: int = 0
    last_index: int = -1
    closed_at: int = 0
    said: int = 0


@dataclass(slots=True)
class Chain:
    """What one pass over the entries found. `cure` is what to do about a fault, where they came from."""

    workspace_id: str
    cure: str = CURE
    size: int = 0
    hash: bytes = GENESIS
    peaks: Peaks = field(default_factory=Peaks)
    roots: dict[int, bytes] = field(default_factory=dict[int, bytes])
    gaps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    changed: list[int] = field(default_factory=list[int])
    moved: dict[int, int] = field(default_factory=dict[int, int])
    misfiled: list[int] = field(default_factory=list[int])
    set_back: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    actors: dict[str, int] = field(default_factory=dict[str, int])
    committed: dict[str, dict[str, Commitment]] = field(default_factory=lambda: defaultdict(dict))
    runs: dict[str, Steps] = field(default_factory=dict[str, Steps])
    erased: set[str] = field(default_factory=set[str])

    @property
    def accounted(self) -> int:
        """How many rows the journal has spoken of."""
        return sum(len(rows) for rows in self.committed.values())

    @property
    def is_whole(self) -> bool:
        """Whether the entries are the ones that were hashed, in that order."""
        return not (self.gaps or self.changed or self.moved)


def walk(connection: Connection, workspace_id: str, sizes: frozenset[int], progress: Progress | None) -> Chain:
    """Read every entry of a workspace's journal in order. `sizes` are those at which the tree's root is wanted."""
    total = count(connection, workspace_id) if progress is not None else 0
    return follow(Chain(workspace_id), _batches(connection, workspace_id), sizes, progress, total)


def follow(
    chain: Chain, batches: Iterable[Sequence[Stored]], sizes: frozenset[int], progress: Progress | None, total: int
) -> Chain:
    """Put entries to a chain that has none yet, in order.

    After a broken entry the pass goes on from the hash that is stored, and nothing that such an entry says is believed:
    so one fault is not reported as many.
    """
    workspace_id = chain.workspace_id
    decode = typed.decoder(_Entry)
    sha256, peaks, committed, actors = hashlib.sha256, chain.peaks, chain.committed, chain.actors
    previous, position, latest, size = GENESIS, 0, 0, 0
    for batch in batches:
        for seq, name, run_id, actor, at, text, digest in batch:
            position += 1
            if seq != position:
                chain.gaps.append((position, seq - 1))
                position = seq
            data = text.encode("utf-8", "surrogatepass")
            is_hashed = sha256(previous + data).digest() == digest
            previous = bytes(digest)
            peaks.append(data)
            size += 1
            if size in sizes:
                chain.roots[size] = peaks.root()
            try:
                entry = decode(data)
            except msgspec.DecodeError:
                chain.changed.append(seq)
                continue
            if entry.seq != seq:
                chain.moved[seq] = entry.seq
                continue
            if not is_hashed or entry.workspace != workspace_id:
                chain.changed.append(seq)
                continue
            body = entry.body
            about = body.run_id if type(body.run_id) is str else ""
            if name != entry.name or actor != entry.actor or at != entry.time or run_id != about:
                chain.misfiled.append(seq)
            if entry.time < latest - CLOCK_TOLERANCE_MS:
                chain.set_back.append((seq, latest - entry.time))
            if entry.time > latest:
                latest = entry.time
            if entry.actor not in actors:
                actors[entry.actor] = seq
            for table, key, commitment in entry.rows:
                committed[table][key] = (commitment, seq, about)
            if about and entry.name in _OF_RUNS:
                _follow_run(chain, entry, about)
        if progress is not None:
            progress(size, total)
    chain.size, chain.hash = size, previous
    return chain


def count(connection: Connection, workspace_id: str) -> int:
    """How many entries a workspace's journal has."""
    statement = select(func.count()).select_from(entries).where(entries.c.workspace_id == workspace_id)
    return int(connection.execute(statement).scalar_one())


def _follow_run(chain: Chain, entry: _Entry, run_id: str) -> None:
    if entry.name == _STEPPED:
        steps = chain.runs.setdefault(run_id, Steps())
        if isinstance(entry.body.index, int) and entry.body.index > steps.last_index:
            steps.last_index = entry.body.index
            steps.seen += 1
    elif entry.name == _FINISHED:
        steps = chain.runs.setdefault(run_id, Steps())
        steps.closed_at = entry.seq
        steps.said = entry.body.steps if isinstance(entry.body.steps, int) else -1
    else:
        chain.erased.add(run_id)


def _batches(connection: Connection, workspace_id: str) -> Iterator[Any]:
    statement = (
        select(
            entries.c.seq,
            entries.c.name,
            entries.c.run_id,
            entries.c.actor,
            entries.c.at,
            entries.c.entry,
            entries.c.hash,
        )
        .where(entries.c.workspace_id == workspace_id)
        .order_by(entries.c.seq)
        .execution_options(yield_per=BATCH)
    )
    with connection.execute(statement) as found:
        yield from found.partitions()
