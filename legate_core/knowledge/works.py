"""Everything that makes knowledge bases work in one process, put together: readers, embedders, vectors, originals."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from legate_core.kernel.dispatch import Kernel
from legate_core.knowledge.bucket import open_originals
from legate_core.knowledge.embed.open import Embedders
from legate_core.knowledge.ingest import Ingester, Tools
from legate_core.knowledge.originals import Originals
from legate_core.knowledge.pages import PageImages
from legate_core.knowledge.readers import Readers
from legate_core.knowledge.retrieve import Searcher
from legate_core.knowledge.tell import AgentSearch
from legate_core.knowledge.watch import Watcher
from legate_core.vectors.base import Vectors
from legate_core.vectors.open import open_vectors

if TYPE_CHECKING:
    import httpx


class Works:
    """The knowledge bases of one workspace at work. Nothing heavy is loaded and no process started before there is work."""

    def __init__(
        self,
        kernel: Kernel,
        workspace_id: str,
        home: Path,
        vectors: str,
        transport: Callable[[str], httpx.AsyncBaseTransport],
        lend: Callable[[str, str], Awaitable[str]],
        vectors_key: str = "",
        originals: str = "",
        originals_key: str = "",
        originals_region: str = "",
    ) -> None:
        cores = max(1, os.cpu_count() or 1)
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._vectors: Vectors = open_vectors(vectors, home / "vectors", vectors_key)
        self._embedders = Embedders(transport, lend, cores)
        self._readers = Readers(min(2, cores))
        kept = open_originals(originals, originals_key, originals_region, home / "originals", workspace_id)
        self._originals: Originals = kept
        self.searcher = Searcher(kernel, self._vectors, self._embedders)
        self.ingester = Ingester(kernel, workspace_id, Tools(kept, self._vectors, self._embedders, self._readers))
        self.watcher = Watcher(kernel, workspace_id)
        kernel.ports.add(Originals, kept)
        kernel.ports.add(Searcher, self.searcher)
        kernel.ports.add(PageImages, PageImages(kernel, kept, self._readers))

    def start(self) -> None:
        """Read what is pending and follow the watched folders, from now on."""
        self._kernel.start(self.ingester.run(), "documents")
        self._kernel.start(self.watcher.run(), "watched folders")

    def for_agent(self, bases: Sequence[str]) -> AgentSearch | None:
        """The search of an agent that was given these bases; None where it was given none."""
        return AgentSearch(self.searcher, self._workspace_id, tuple(bases)) if bases else None

    async def close(self) -> None:
        """End every process. Call it once the kernel is closed and asks for nothing any more."""
        await self._readers.close()
        await self._embedders.close()
        await self._vectors.close()
        self._originals.close()
