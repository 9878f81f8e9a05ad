"""Takes out what no longer counts: vectors, staged passages, originals. Every step may be repeated, so a crash costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.knowledge import store
from legate_core.knowledge.model import DocumentState
from legate_core.knowledge.originals import Originals
from legate_core.knowledge.tables import documents
from legate_core.vectors.base import Vectors

T = TypeVar("T")

YOUNG_SECONDS = 3_600.0
"""An original younger than this may belong to a document whose commit is on its way."""


class Cleaner:
    """Pays the debts of one workspace."""

    def __init__(self, kernel: Kernel, workspace_id: str, originals: Originals, vectors: Vectors) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._originals = originals
        self._vectors = vectors

    async def clean(self, building: Collection[str] = ()) -> bool:
        """Pay some debts; whether there were any. One that cannot be paid stays, and why is raised once the others are.

        A base whose index is being built waits: what is taken out of it now could be put in once more.
        """
        beginnings = tuple(store.index_of(base_id, "") for base_id in building)
        found = await self._look(lambda ctx: store.payable(ctx, 200))
        found = [row for row in found if not row["index"].startswith(beginnings)]
        by_index: dict[str, list[Mapping[str, Any]]] = {}
        for row in found:
            by_index.setdefault(row["index"], []).append(row)
        faults: list[Exception] = []
        for index, rows in by_index.items():
            try:
                await self._pay(index, rows)
            except Exception as fault:
                # A store is away, or one index is damaged; nothing of this is found meanwhile.
                faults.append(fault)
        if faults:
            raise faults[0]
        return bool(found)

    async def _pay(self, index: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take out of one index what must go, and after it the passages and originals of those documents."""
        keys = [row["document"] for row in rows if row["document"]]
        if keys:
            await self._vectors.delete(index, keys)
        if len(keys) < len(rows):
            await self._vectors.delete(index)
        for document_id in {key.rpartition(":")[0] for key in keys}:
            await self._clean_document(document_id)
        await self._change(lambda ctx: store.forgive(ctx, [row["id"] for row in rows]))

    async def forget_strangers(self) -> None:
        """Delete originals that no document has, as a crash between two steps leaves them."""
        known = await self._look(store.contents)
        await asyncio.to_thread(self._originals.keep_only, known, YOUNG_SECONDS)

    async def _clean_document(self, document_id: str) -> None:
        row = await self._look(lambda ctx: ctx.get(documents, document_id))
        if row is None:
            return
        while numbers := await self._look(lambda ctx: store.stale_chunks(ctx, row)):
            await self._change(lambda ctx, numbers=numbers: store.delete_chunks(ctx, numbers))
        if row["state"] == DocumentState.REMOVED.value and not await self._look(lambda ctx: _is_held(ctx, row)):
            await asyncio.to_thread(self._originals.discard, row["content"])

    async def _change(self, work: Callable[[Context], T]) -> T:
        return await self._kernel.change(self._kernel.system(self._workspace_id), work, "clean up")

    async def _look(self, work: Callable[[ReadContext], T]) -> T:
        return await self._kernel.look(self._kernel.system(self._workspace_id), work)


def _is_held(ctx: ReadContext, row: Mapping[str, Any]) -> bool:
    """Whether another document has the same bytes."""
    return row["content"] in store.contents(ctx)
