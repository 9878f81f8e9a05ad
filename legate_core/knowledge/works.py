"""Everything that makes knowledge bases work in one process, put together: readers, embedders, vectors, originals."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.troubles import in_words
from legate_core.knowledge.bucket import open_originals
from legate_core.knowledge.clean import Cleaner
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

log = logging.getLogger(__name__)

FORGET_SECONDS = 3_600.0
FORGETTING = "deleting originals of earlier versions"


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
        self._reading: asyncio.Task[None] | None = None
        self._cleaner = Cleaner(kernel, workspace_id, kept, self._vectors)
        kernel.ports.add(Originals, kept)
        kernel.ports.add(Searcher, self.searcher)
        kernel.ports.add(PageImages, PageImages(kernel, kept, self._readers))

    def start(self) -> None:
        """Read what is pending and follow the watched folders, from now on."""
        self._kernel.start(self._read(), "documents")
        self._kernel.start(self.watcher.run(), "watched folders")
        self._kernel.start(self._forget(), "originals")

    def for_agent(self, bases: Sequence[str]) -> AgentSearch | None:
        """The search of an agent that was given these bases; None where it was given none."""
        return AgentSearch(self.searcher, self._workspace_id, tuple(bases)) if bases else None

    async def _read(self) -> None:
        self._reading = asyncio.current_task()
        await self.ingester.run()

    async def _forget(self) -> None:
        """Delete every hour the originals that no document has any more, such as those of earlier versions."""
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            try:
                await self._cleaner.forget_strangers()
                self._kernel.troubles.over(self._workspace_id, FORGETTING)
            except Exception as error:
                if self._kernel.troubles.say(self._workspace_id, FORGETTING, error):
                    log.warning("%s fails, trying again in an hour: %s", FORGETTING, in_words(error))

    async def finish(self) -> None:
        """Read no more, and take out whatever is left of removed documents; for a process that ends soon. What cannot be taken
        out now stays owed."""
        if self._reading is None:
            return
        # Alone, because what is being built could put in again what is taken out of it.
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        try:
            while await self._cleaner.clean():
                pass
        except Exception as error:
            log.info("what was removed is cleaned up later: %s", in_words(error))

    async def close(self) -> None:
        """End every process. Call it once the kernel is closed and asks for nothing any more."""
        await self._readers.close()
        await self._embedders.close()
        await self._vectors.close()
        self._originals.close()
