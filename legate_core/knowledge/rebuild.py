"""Builds a second index beside the first, from passages that were read already, and swaps when it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.knowledge import store
from legate_core.knowledge.embed.base import Embedder
from legate_core.knowledge.embed.open import Embedders
from legate_core.knowledge.events import BaseChanged, BaseReindexed
from legate_core.knowledge.tables import bases
from legate_core.vectors.base import Point, Vectors

T = TypeVar("T")

AT_ONCE = 256


async def embedded(embedder: Embedder, passages: Sequence[tuple[str, str]]) -> list[bytes]:
    """A vector per (heading, text), by as many workers as the embedder has. Where a passage stands is part of its sense."""
    texts = [f"{heading}\n{text}" if heading and not text.startswith(heading) else text for heading, text in passages]
    parts = [texts[start : start + embedder.at_once] for start in range(0, len(texts), embedder.at_once)]
    found = await asyncio.gather(*(embedder.embed(part) for part in parts))
    return [vector for part in found for vector in part]


class Rebuilder:
    """Builds one index at a time. The old one answers until the new one is whole."""

    def __init__(self, kernel: Kernel, workspace_id: str, vectors: Vectors, embedders: Embedders) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._vectors = vectors
        self._embedders = embedders

    async def rebuild(self, base: Mapping[str, Any]) -> bool:
        """Build and swap; False where another index is wanted by now. Raises where the embedder or the vectors cannot be used
        now; the old index answers on."""
        embedder = self._embedders.get(base["next_embedder"])
        fingerprint = (await embedder.kind()).fingerprint
        name = await self._change(lambda ctx: _begin(ctx, base, fingerprint))
        if not name:
            return False
        index = store.index_of(base["id"], name)
        # Begun anew, not gone on with: what an interrupted build left there is of unknown age.
        await self._vectors.delete(index)
        many = await self._fill(base["id"], index, embedder)
        await self._change(lambda ctx: _swap(ctx, base["id"], name, many))
        return True

    async def _fill(self, base_id: str, index: str, embedder: Embedder) -> int:
        after = done = 0
        total = await self._look(lambda ctx: store.count_chunks(ctx, base_id))
        while some := await self._look(lambda ctx, after=after: store.next_unembedded(ctx, base_id, after, AT_ONCE)):
            vectors = await embedded(embedder, [(heading, text) for _, _, heading, text in some])
            points = [Point(item[0], item[1], vector) for item, vector in zip(some, vectors, strict=True)]
            await self._vectors.upsert(index, points)
            after, done = some[-1][0], done + len(some)
            self._kernel.ticks.publish(Tick(base_id, "indexing", "", done, max(done, total)))
        return done

    async def _change(self, work: Callable[[Context], T]) -> T:
        return await self._kernel.change(self._kernel.system(self._workspace_id), work, "build an index")

    async def _look(self, work: Callable[[ReadContext], T]) -> T:
        return await self._kernel.look(self._kernel.system(self._workspace_id), work)


def _begin(ctx: Context, base: Mapping[str, Any], fingerprint: str) -> str:
    """The name of the new index, empty where another embedder is wanted by now. A debt takes the index out again unless it
    becomes whole."""
    now = ctx.get(bases, base["id"])
    if now is None or now["is_removed"] or not now["next_fingerprint"] or now["next_embedder"] != base["next_embedder"]:
        return ""
    used = store.number_of(base["fingerprint"])
    name = store.numbered(fingerprint, used + 1)
    ctx.update(bases, base["id"], {"next_fingerprint": name, "changed_at": ctx.now})
    ctx.emit(BaseChanged(base["id"]))
    store.owe(ctx, store.index_of(base["id"], name))
    return name


def _swap(ctx: Context, base_id: str, name: str, many: int) -> None:
    """From this commit on the new index answers; the old one is taken out."""
    base = ctx.get(bases, base_id)
    if base is None or base["is_removed"] or base["next_fingerprint"] != name:
        # Removed, or told to use yet another embedder: the debt takes out what was built.
        return
    changes: dict[str, Any] = {
        "fingerprint": name,
        "embedder": base["next_embedder"],
        "next_fingerprint": "",
        "next_embedder": {},
        "changed_at": ctx.now,
    }
    ctx.update(bases, base_id, changes)
    ctx.emit(BaseReindexed(base_id, name, many))
    store.forgive_index(ctx, store.index_of(base_id, name))
    if base["fingerprint"]:
        store.owe(ctx, store.index_of(base_id, base["fingerprint"]))
