"""Keeps bases in step with folders: what is new is added, what changed is read again, what is gone is removed.

A look at the folder decides, never the notice that something happened; so lost or repeated notices cost nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import select

from legate_core.errors import LegateError
from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.knowledge import store
from legate_core.knowledge.below import Seen, look
from legate_core.knowledge.commands import AddFiles, RemoveDocuments
from legate_core.knowledge.events import WATCHING
from legate_core.knowledge.model import DocumentState
from legate_core.knowledge.tables import documents

log = logging.getLogger(__name__)

FILES_AT_ONCE = 100
QUIET_MS = 400
LOOK_SECONDS = 600.0
"""How often a folder is looked at in any case; notices from network folders do not always come."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a look found to be done."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def difference(seen: Sequence[Seen], known: Sequence[Mapping[str, Any]]) -> Difference:
    """What makes the known documents of a folder what is seen of it. Pure."""
    by_origin = {row["origin"]: row for row in known}
    add = [
        item.path
        for item in seen
        if item.path not in by_origin
        or (by_origin[item.path]["size_bytes"], by_origin[item.path]["modified_us"])
        != (item.size_bytes, item.modified_us)
    ]
    there = {item.path for item in seen}
    return Difference(tuple(add), tuple(row["id"] for origin, row in by_origin.items() if origin not in there))


class Watcher:
    """Watches the folders of one workspace."""

    def __init__(self, kernel: Kernel, workspace_id: str) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id

    async def run(self) -> None:
        """Look at every watched folder now and whenever something happens in it, until cancelled."""
        while True:
            known = self._kernel.wake.known(self._workspace_id)
            folders = await self._kernel.look(self._system, store.watched_folders)
            for folder in folders:
                await self.step(folder)
            await self._something([folder["path"] for folder in folders], known)

    async def step(self, folder: Mapping[str, Any]) -> Difference:
        """Look at one folder once, and do what the look says. A folder that is not there is left as it was: an unplugged
        disk must not empty a knowledge base."""
        seen = await asyncio.to_thread(look, Path(folder["path"]))
        if seen is None:
            return Difference()
        known = await self._kernel.look(self._system, lambda ctx: _known(ctx, folder))
        found = difference(seen.files, known)
        try:
            for start in range(0, len(found.add), FILES_AT_ONCE):
                some = found.add[start : start + FILES_AT_ONCE]
                await self._kernel.send(self._system, AddFiles(folder["base_id"], some, folder["id"]), "watched folder")
            for start in range(0, len(found.remove), FILES_AT_ONCE):
                some = found.remove[start : start + FILES_AT_ONCE]
                await self._kernel.send(self._system, RemoveDocuments(folder["base_id"], some), "watched folder")
        except LegateError as error:
            log.warning("a watched folder could not be followed: %s", error.message)
        return found

    async def _something(self, paths: Sequence[str], known: int) -> None:
        """Until something happens in one of the folders, or others are watched, or it is time to look in any case."""
        tasks = [asyncio.ensure_future(self._others_are_watched(paths, known))]
        if paths:
            tasks.append(asyncio.ensure_future(_stirs(paths)))
        try:
            await asyncio.wait(tasks, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _others_are_watched(self, paths: Sequence[str], known: int) -> None:
        while True:
            await self._kernel.wake.wait(self._workspace_id, known, hears=WATCHING)
            known = self._kernel.wake.known(self._workspace_id)
            folders = await self._kernel.look(self._system, store.watched_folders)
            if [folder["path"] for folder in folders] != list(paths):
                return

    @property
    def _system(self) -> Any:
        return self._kernel.system(self._workspace_id)


def _known(ctx: ReadContext, folder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.folder_id == folder["id"],
        documents.c.state != DocumentState.REMOVED.value,
    )
    return list(ctx.rows(statement))


async def _stirs(paths: Sequence[str]) -> None:
    """Until the operating system says that something changed in one of these folders, and it has been quiet for a moment."""
    awatch: Any = import_module("watchfiles").awatch
    there = [path for path in paths if os.path.isdir(path)]
    if not there:
        await asyncio.sleep(LOOK_SECONDS)
        return
    async for _ in awatch(*there, debounce=1_600, step=QUIET_MS, recursive=True, yield_on_timeout=False):
        return
