"""A library: a real kernel on both databases, one Owner, and knowledge bases without a process of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from legate_core.crypto.bodies import BodyKeyRing
from legate_core.identity.authorize import MatrixAuthorizer, Sessions
from legate_core.identity.bootstrap import create_personal_workspace
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import Actor
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.journal import read
from legate_core.kernel.messages import Recorded
from legate_core.kernel.payloads import BodyKeys
from legate_core.knowledge.commands import Added, AddFiles, CreateBase
from legate_core.knowledge.embed.base import Kind
from legate_core.knowledge.embed.open import Embedders
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.extract.read import Request, counter, passages_of
from legate_core.knowledge.ingest import Ingester, Tools
from legate_core.knowledge.model import DocumentRow, Found, Reading
from legate_core.knowledge.originals import FolderOriginals, Originals
from legate_core.knowledge.queries import Documents, SearchKnowledge
from legate_core.knowledge.readers import Readers, reading_of
from legate_core.knowledge.retrieve import Searcher
from legate_core.storage.engine import Database
from legate_core.vectors.base import Point
from legate_core.vectors.memory import MemoryVectors

WORKSPACE = "ws_test"
HASHING = {"provider": "hashing", "dimensions": 64}


class NearReaders(Readers):
    """Reads in this process. `before` may hold a file back, or break on it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.before: Callable[[str], Any] = lambda path: None
        self.read_paths: list[str] = []

    async def read(self, path: str, kind: str, size_bytes: int, embedder: Kind) -> Reading:
        self.read_paths.append(path)
        waits = self.before(path)
        if waits is not None:
            await waits
        try:
            return reading_of(passages_of(Request(path, kind, "", 60, 10), counter(embedder.tokenizer)))
        except Unreadable as error:
            raise Unreadable(str(error)) from None


class BrittleVectors(MemoryVectors):
    """Vectors whose next calls may be made to break."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: Callable[[str], None] = lambda method: None

    async def upsert(self, index: str, points: Any) -> None:
        self.fault("upsert")
        await super().upsert(index, points)

    async def delete(self, index: str, documents: Any = None) -> None:
        self.fault("delete")
        await super().delete(index, documents)

    async def search(self, index: str, vector: bytes, limit: int, documents: Any = None) -> Any:
        self.fault("search")
        return await super().search(index, vector, limit, documents)

    def points(self) -> list[tuple[str, Point]]:
        """Every point, with its index."""
        return [(index, point) for index, points in self._indexes.items() for point in points.values()]


def _no_road(base_url: str) -> Any:
    raise AssertionError("nothing here needs the network")


async def _no_key(secret_id: str, host: str) -> str:
    raise AssertionError("nothing here needs a key")


class Library:
    """One workspace with its knowledge bases; ingestion runs only while a test lets it."""

    def __init__(self, kernel: Kernel, clock: ManualClock, folder: Path) -> None:
        self.kernel = kernel
        self.clock = clock
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.owner = Actor("person", "per_ann", WORKSPACE, "owner")
        self.vectors = BrittleVectors()
        self.readers = NearReaders()
        self.embedders = Embedders(_no_road, _no_key)
        self.originals = FolderOriginals(folder / "originals")
        self.searcher = Searcher(kernel, self.vectors, self.embedders)
        kernel.ports.add(Originals, self.originals)
        kernel.ports.add(Searcher, self.searcher)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> Ingester:
        """Let a fresh ingester work, as after a start of Legate."""
        tools = Tools(self.originals, self.vectors, self.embedders, self.readers)
        self.ingester = Ingester(self.kernel, WORKSPACE, tools, at_once=2)
        self._task = asyncio.get_running_loop().create_task(self.ingester.run())
        return self.ingester

    async def stop(self) -> None:
        """Cut ingestion off, as when the process ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def read(self) -> None:
        """Let everything be read that waits, then rest."""
        await self.start().settled()
        await self.stop()

    async def base(self, name: str = "Shop", **embedder: Any) -> str:
        return await self.send(CreateBase(name, embedder or HASHING))

    def write(self, name: str, text: str | bytes) -> str:
        """A file; its path."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    async def add(self, base_id: str, *paths: str) -> Added:
        return await self.send(AddFiles(base_id, paths))

    async def send(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.send(actor or self.owner, message)

    async def ask(self, message: Any, actor: Actor | None = None) -> Any:
        return await self.kernel.ask(actor or self.owner, message)

    async def look(self, work: Any) -> Any:
        return await self.kernel.look(self.kernel.system(WORKSPACE), work)

    async def search(self, question: str, *bases: str, **more: Any) -> Found:
        return await self.ask(SearchKnowledge(question, bases, **more))

    async def found(self, question: str, *bases: str, **more: Any) -> list[str]:
        """The names of the documents found, best first."""
        return [hit.passage.document for hit in (await self.search(question, *bases, **more)).hits]

    async def rows(self, base_id: str) -> dict[str, DocumentRow]:
        """The documents of a base by name."""
        return {row.name: row for row in (await self.ask(Documents(base_id))).values()}

    async def facts(self, *names: str) -> list[Recorded]:
        found = await self.look(lambda ctx: read(ctx.connection, WORKSPACE, 0, limit=10_000))
        return [fact for fact in found if fact.name in names]


@pytest.fixture
async def library(database_url: str, tmp_path: Path) -> AsyncIterator[Library]:
    authorizer = MatrixAuthorizer(Sessions())
    clock = ManualClock()
    kernel = Kernel(Database(database_url), BodyKeys(BodyKeyRing(bytes(32))), authorizer, clock)
    kernel.ports.add(MatrixAuthorizer, authorizer)
    made = Library(kernel, clock, tmp_path)
    try:
        await kernel.change(
            kernel.system(WORKSPACE),
            lambda ctx: create_personal_workspace(ctx, "per_ann", "Ann", name="Test"),
            "test",
        )
        yield made
    finally:
        await made.stop()
        await kernel.close()
