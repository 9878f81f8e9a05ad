"""Keeps bases in step with folders: what is new is added, what changed is read again, what is gone is removed.

A look at the folder decides, never the notice that something happened; so lost or repeated notices cost nothing. Only what a
look could have seen is ever taken for gone.
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

from legate_core.errors import LegateError, Unavailable
from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.troubles import in_words
from legate_core.knowledge import store
from legate_core.knowledge.below import LeftOut, Look, Seen, is_below, look
from legate_core.knowledge.commands import FollowFiles, RemoveDocuments
from legate_core.knowledge.events import WATCHING
from legate_core.knowledge.model import DocumentState
from legate_core.knowledge.tables import documents

log = logging.getLogger(__name__)

FILES_AT_ONCE = 100
QUIET_MS = 400
LOOK_SECONDS = 600.0
"""How often a folder is looked at in any case; notices from network folders do not always come."""
RETRY_SECONDS = 2.0
"""After how long a folder that could not be followed is looked at again; twice as long each time, up to the above."""
ALL = "finding the watched folders"
NOTICES = "listening to the watched folders"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a look found to be done, and of what it could say nothing."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def difference(
    seen: Sequence[Seen], known: Sequence[Mapping[str, Any]], left_out: Sequence[LeftOut] = ()
) -> Difference:
    """What makes the known documents of a folder what is seen of it. Of what was left out, nothing is known to be gone. Pure."""
    by_origin = {row["origin"]: row for row in known}
    add = [
        item.path
        for item in seen
        if item.path not in by_origin
        or (by_origin[item.path]["size_bytes"], by_origin[item.path]["modified_us"])
        != (item.size_bytes, item.modified_us)
    ]
    there = {item.path for item in seen}
    remove = [
        row["id"]
        for origin, row in by_origin.items()
        if origin not in there and not any(is_below(origin, item.place) for item in left_out)
    ]
    return Difference(tuple(add), tuple(remove), tuple(left_out))


def away(folder: str, found: Look, known: Sequence[Mapping[str, Any]], before: Mapping[str, int]) -> list[str]:
    """The places whose disk seems to be away: where none of the known documents is there, and another disk is than before.
    Without a before, as after a start, an empty folder is all that can be told from one that was emptied. Pure."""
    if folder in before:
        changed = [place for place in {**before, **found.disks} if before.get(place) != found.disks.get(place)]
    else:
        changed = [] if found.files else [folder]
    there = {item.path for item in found.files}
    lost: list[str] = []
    for place in changed:
        origins = [row["origin"] for row in known if is_below(row["origin"], place)]
        if origins and there.isdisjoint(origins):
            lost.append(place)
    return lost


class Watcher:
    """Watches the folders of one workspace. Where one of them cannot be followed, the troubles of the kernel say why, and the
    others are followed all the same."""

    def __init__(self, kernel: Kernel, workspace_id: str) -> None:
        self._kernel = kernel
        self._workspace_id = workspace_id
        self._disks: dict[str, Mapping[str, int]] = {}
        self._failures: dict[str, int] = {}

    async def run(self) -> None:
        """Look at every watched folder now and whenever something happens in it, until cancelled."""
        folders: Sequence[Mapping[str, Any]] = ()
        while True:
            known = self._kernel.wake.known(self._workspace_id)
            try:
                folders = await self._kernel.look(self._system, store.watched_folders)
                self._over(ALL)
            except Exception as error:
                self._failed(ALL, error)
            self._forget({ALL, NOTICES, *(_part(folder) for folder in folders)})
            # What went from one folder may lie in another that was looked at before it.
            if not any([await self._follow(folder) for folder in folders]):
                await self._something([folder["path"] for folder in folders], known)

    async def _follow(self, folder: Mapping[str, Any]) -> bool:
        """Look at one folder; whether documents were removed. Its failure is told and hinders no other."""
        part = _part(folder)
        try:
            found = await self.step(folder)
        except Exception as error:
            self._failed(part, error)
            return False
        if found.left_out:
            self._failed(part, _in_words(found.left_out))
        else:
            self._over(part)
        return bool(found.remove)

    def _failed(self, part: str, error: Exception) -> None:
        self._failures[part] = self._failures.get(part, 0) + 1
        if self._kernel.troubles.say(self._workspace_id, part, error):
            trace = None if isinstance(error, LegateError) else error
            log.warning("%s fails, trying again: %s", part, in_words(error), exc_info=trace)

    def _over(self, part: str) -> None:
        self._failures.pop(part, None)
        self._kernel.troubles.over(self._workspace_id, part)

    def _forget(self, parts: set[str]) -> None:
        """Of folders that are watched no longer there is no trouble."""
        for part in set(self._failures) - parts:
            self._over(part)

    def _pause(self) -> float:
        """How long to wait at most for something to happen; after failures not long at first."""
        least = min(self._failures.values(), default=0)
        return min(LOOK_SECONDS, RETRY_SECONDS * 2 ** min(least - 1, 20)) if least else LOOK_SECONDS

    async def step(self, folder: Mapping[str, Any]) -> Difference:
        """Look at one folder once, and do what the look says. A folder that is not there is left as it was, and one whose
        disk seems to be away: an unplugged disk must not empty a knowledge base."""
        path = folder["path"]
        seen = await asyncio.to_thread(look, Path(path))
        if seen is None:
            why = "It is not there. Plug in its disk, or stop watching it with 'legate kb unwatch'."
            return Difference(left_out=(LeftOut(path, why),))
        known = await self._kernel.look(self._system, lambda ctx: _known(ctx, folder))
        lost = self._lost(folder, seen, known)
        files = [item for item in seen.files if not any(is_below(item.path, place) for place in lost)]
        found = difference(files, known, [*seen.left_out, *(_away(place) for place in lost)])
        refused: list[LeftOut] = []
        moved: set[str] = set()
        for start in range(0, len(found.add), FILES_AT_ONCE):
            some = found.add[start : start + FILES_AT_ONCE]
            gone = tuple(document_id for document_id in found.remove if document_id not in moved)
            added = await self._kernel.send(
                self._system, FollowFiles(folder["base_id"], folder["id"], some, gone), "watched folder"
            )
            moved |= set(added.moved)
            refused += [LeftOut(item.name, item.reason) for item in added.refused]
        remove = tuple(document_id for document_id in found.remove if document_id not in moved)
        for start in range(0, len(remove), FILES_AT_ONCE):
            some = remove[start : start + FILES_AT_ONCE]
            await self._kernel.send(self._system, RemoveDocuments(folder["base_id"], some), "watched folder")
        return Difference(found.add, remove, (*found.left_out, *refused))

    def _lost(self, folder: Mapping[str, Any], found: Look, known: Sequence[Mapping[str, Any]]) -> list[str]:
        """The places whose disk seems to be away. The others' disks are remembered for the next look."""
        path = folder["path"]
        if path not in found.disks:
            return []
        before = self._disks.get(folder["id"], {})
        lost = away(path, found, known, before)
        if path in lost:
            return [path]
        kept = {place: disk for place, disk in before.items() if place in lost}
        self._disks[folder["id"]] = {place: disk for place, disk in found.disks.items() if place not in lost} | kept
        return lost

    async def _something(self, paths: Sequence[str], known: int) -> None:
        """Until something happens in one of the folders, or others are watched, or it is time to look in any case."""
        tasks = [asyncio.ensure_future(self._others_are_watched(paths, known))]
        if paths:
            tasks.append(asyncio.ensure_future(self._stirs(paths)))
        try:
            await asyncio.wait(tasks, timeout=self._pause(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _others_are_watched(self, paths: Sequence[str], known: int) -> None:
        while True:
            await self._kernel.wake.wait(self._workspace_id, known, hears=WATCHING)
            known = self._kernel.wake.known(self._workspace_id)
            try:
                folders = await self._kernel.look(self._system, store.watched_folders)
            except Exception as error:
                log.info("which folders are watched could not be asked: %s", in_words(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if [folder["path"] for folder in folders] != list(paths):
                return

    async def _stirs(self, paths: Sequence[str]) -> None:
        """Until the operating system says that something changed in one of these folders, and it has been quiet for a moment.
        Where it cannot say so, it is waited for the next look."""
        awatch: Any = import_module("watchfiles").awatch
        there = [path for path in paths if os.access(path, os.R_OK | os.X_OK) and os.path.isdir(path)]
        settings = {"debounce": 1_600, "step": QUIET_MS, "yield_on_timeout": False, "ignore_permission_denied": True}
        try:
            if there:
                async for _ in awatch(*there, **settings):
                    self._over(NOTICES)
                    return
        except asyncio.CancelledError:
            # It listened until now.
            self._over(NOTICES)
            raise
        except Exception as error:
            log.info("no notices of changes: %s", error)
            self._failed(
                NOTICES,
                Unavailable(
                    f"The system does not tell of changes ({type(error).__name__}), so they are noticed minutes later. Watch "
                    "fewer folders, or raise the system's limit of watched files."
                ),
            )
        await asyncio.sleep(LOOK_SECONDS)

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


def _part(folder: Mapping[str, Any]) -> str:
    """What a folder is called among the troubles; two bases may watch the same."""
    return f"following {folder['path']} for {folder['base_id']}"


def _away(place: str) -> LeftOut:
    return LeftOut(
        place,
        "It is empty or on another disk, and none of its documents is there, so they are kept. Plug in its disk, or take "
        "them out with 'legate kb remove'.",
    )


def _in_words(left_out: Sequence[LeftOut]) -> LegateError:
    """What a person is told of what could not be followed: the first of it, and how many others there are."""
    first, others = left_out[0], len(left_out) - 1
    if others:
        return Unavailable(f"{first.place} and {others} more are left out. {first.why}")
    return Unavailable(f"{first.place} is left out. {first.why}")
