"""Which bases want another index, and its building: each in a task of its own, tried again later where it cannot be done now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select

from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.knowledge import store
from legate_core.knowledge.events import BaseChanged
from legate_core.knowledge.parts import Parts
from legate_core.knowledge.rebuild import Rebuilder
from legate_core.knowledge.tables import bases

TELLING = "telling what became of an index"

Wish = tuple[int, str]
"""Which index is wanted: since when, and by which embedder. A wish that is said again is another one."""


@dataclass(frozen=True, slots=True)
class _Build:
    task: asyncio.Task[None]
    wish: Wish


class Builds:
    """The indexes that are being built in one workspace. An embedder without an answer holds up its own base only."""

    def __init__(
        self, kernel: Kernel, workspace_id: str, rebuilder: Rebuilder, parts: Parts, on_end: Callable[[], None]
    ) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._rebuilder = rebuilder
        self._parts = parts
        self._on_end = on_end
        self._building: dict[str, _Build] = {}
        self._tried: dict[str, Wish] = {}
        self._outdated: set[str] = set()

    @property
    def bases(self) -> frozenset[str]:
        """The bases whose index is being built right now."""
        return frozenset(self._building)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that build."""
        return [build.task for build in self._building.values()]

    async def begin(self, busy: Collection[str]) -> frozenset[str]:
        """Begin to build what is wanted, but for bases that have documents in hand; the bases that read nothing before theirs
        is built. One whose index cannot be built now goes on reading into the one that answers."""
        wanting = {base["id"]: base for base in await self._kernel.look(self._system, wanting_rebuild)}
        self._forget(self._tried.keys() - wanting.keys() - self._building.keys())
        for base_id, build in self._building.items():
            if base_id not in wanting or _is_new(wanting[base_id], build.wish):
                # Nobody wants it any more, and its embedder may keep it waiting for long.
                build.task.cancel()
        for base_id, base in wanting.items():
            part = store.building(base_id)
            if self._parts.has_failed(part) and _is_new(base, self._tried.get(base_id)):
                self._parts.end(part)
                await self._tell(base_id)
        due = {base_id for base_id in wanting if not self._parts.rests(store.building(base_id))}
        for base_id in due - self._building.keys() - set(busy):
            self._start(wanting[base_id])
        return frozenset(due | self._building.keys() | (self._outdated & wanting.keys()))

    def outdated(self, base_id: str) -> None:
        """The index of this base that answers is of another model than its embedder has now: nothing is read into it."""
        self._outdated.add(base_id)

    def _start(self, base: Mapping[str, Any]) -> None:
        base_id = str(base["id"])
        self._tried[base_id] = _wish_of(base)
        self._outdated.discard(base_id)
        work = self._parts.do(
            store.building(base_id), partial(self._rebuilder.rebuild, base), partial(self._tell, base_id)
        )
        task = asyncio.get_running_loop().create_task(_whole(work))
        self._building[base_id] = _Build(task, self._tried[base_id])
        task.add_done_callback(partial(self._ended, base_id))

    def _ended(self, base_id: str, task: asyncio.Task[None]) -> None:
        del self._building[base_id]
        self._on_end()

    def _forget(self, base_ids: Collection[str]) -> None:
        for base_id in base_ids:
            self._parts.end(store.building(base_id))
            self._outdated.discard(base_id)
            del self._tried[base_id]

    async def _tell(self, base_id: str) -> None:
        """Let whoever looks at the base look again: why its new index cannot be built stands in no row."""

        def tell(ctx: Any) -> None:
            ctx.emit(BaseChanged(base_id))

        await self._parts.do(TELLING, lambda: self._kernel.change(self._system, tell, "build an index"))

    @property
    def _system(self) -> Any:
        return self._kernel.system(self._workspace_id)


async def _whole(work: Any) -> None:
    await work


def wanting_rebuild(ctx: ReadContext) -> list[Mapping[str, Any]]:
    """The bases that want another index, or whose other index is not whole yet."""
    statement = select(bases.c.id).where(
        bases.c.workspace_id == ctx.workspace_id, bases.c.is_removed.is_(False), bases.c.next_fingerprint != ""
    )
    found = [ctx.get(bases, base_id) for base_id in ctx.connection.execute(statement.order_by(bases.c.id)).scalars()]
    return [row for row in found if row is not None]


def _wish_of(base: Mapping[str, Any]) -> Wish:
    return base["changed_at"], json.dumps(base["next_embedder"], sort_keys=True)


def _is_new(base: Mapping[str, Any], wish: Wish | None) -> bool:
    """Whether another index is wanted since, or the same once more."""
    return base["next_fingerprint"] == store.WANTED and _wish_of(base) != wish
