"""Takes out what no longer counts: vectors, staged passages, originals. Every step may be repeated, so a crash costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from legate_core.errors import Unavailable
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

    async def clean(self) -> bool:
        """Pay some debts; whether there were any that could be paid."""
        found = await self._look(lambda ctx: store.payable(ctx, 200))
        by_index: dict[str, list[str]] = {}
        for row in found:
            if row["document"]:
                by_index.setdefault(row["index"], []).append(row["document"])
        try:
            for index, keys in by_index.items():
                await self._vectors.delete(index, keys)
            for row in found:
                if not row["document"]:
                    await self._vectors.delete(row["index"])
        except Unavailable:
            # The store of vectors is away; nothing of this is found meanwhile, and the debts stay.
            return False
        for document_id in {row["document"].rpartition(":")[0] for row in found if row["document"]}:
            await self._clean_document(document_id)
        if found:
            await self._change(lambda ctx: store.forgive(ctx, [row["id"] for row in found]))
        return bool(found)

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
