"""Files in the agent's folders: list, read, search, create, write, move, trash, restore.

The effects, and why. Looking is *read*. `files.create` writes new names into the run's own folder and nothing else, so
it is the one *local* write; `files.write` changes a folder of the person's, so it asks. `files.trash` is a *write* and
not *destroy*: the thing is moved to `.legate-trash` in the same folder, Legate never empties it, and `files.restore`
brings it back; *destroy* is kept for what nothing brings back, and nothing here is of that kind.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated

from msgspec import Meta

from legate_core.connectors import keeping
from legate_core.connectors.base import CONTENT, RUN, Connector, safe, tool
from legate_core.connectors.keeping import MAX_FILE_BYTES, plainly
from legate_core.connectors.reading import Search, names_of, window
from legate_core.connectors.relative import in_words, parts_of
from legate_core.connectors.rooted import Directory, kind_of, open_root, opened
from legate_core.tools.spec import Effect, Invocation, Observation, ProbeResult, ToolFailed

MAX_LISTED = 500
MAX_MATCHES = 60
MAX_VERSIONS = 200

FolderName = Annotated[str, Meta(description="The folder's name, or 'run' for the run's own folder.", max_length=80)]
FilePath = Annotated[
    str, Meta(description="A path inside the folder, like reports/may.txt.", min_length=1, max_length=2_000)
]
Text = Annotated[str, Meta(description="The whole text of the file."), CONTENT]


class Files(Connector):
    """Files in chosen folders and in the run's own."""

    name = "files"

    @tool("files.list", effect=Effect.READ, title="list {folder} {path}", reach="Only this computer.")
    async def list_files(
        self,
        call: Invocation,
        folder: Annotated[str, Meta(description="The folder's name; empty shows the folders.", max_length=80)] = "",
        path: Annotated[str, Meta(description="A path inside it; empty is the folder itself.", max_length=2_000)] = "",
    ) -> Observation:
        """Show what is in one of your folders: names, kinds and sizes. Without a folder, show the folders."""
        if not folder:
            folders = {RUN: "the run's own folder", **dict.fromkeys(self.surroundings.documents, "a chosen folder")}
            lines = [f"{name}: {what}" for name, what in folders.items()]
            return Observation("\n".join(lines), "your folders", data={"folders": list(folders)})
        return await asyncio.to_thread(self._list, self._root(call, folder), folder, parts_of(path))

    @tool("files.read", effect=Effect.READ, title="read {path} in {folder}", reach="Only this computer.")
    async def read(
        self,
        call: Invocation,
        folder: FolderName,
        path: FilePath,
        offset: Annotated[int, Meta(description="The first byte to show.", ge=0, le=2**52)] = 0,
        limit: Annotated[int, Meta(description="How many bytes to show.", ge=1, le=48_000)] = 32_000,
    ) -> Observation:
        """Read a text file. Long files come in windows: the answer says at which offset to go on."""
        root, parts = self._root(call, folder), _file_parts(path)

        def look() -> Observation:
            with plainly(f"read {in_words(path)}"), _open(root, parts[:-1], f"read {in_words(path)}") as directory:
                seen = window(directory, parts[-1], offset, limit)
            note = "" if seen.is_last and not offset else f"\n[Bytes {seen.start}-{seen.end} of {seen.size_bytes}."
            note += "" if seen.is_last or not note else f" Go on with offset {seen.end}."
            data = {"start": seen.start, "end": seen.end, "size_bytes": seen.size_bytes}
            return Observation(seen.text + note + ("]" if note else ""), _source(folder, parts), data=data)

        return await asyncio.to_thread(look)

    @tool("files.search", effect=Effect.READ, title="search {folder} for {text}", reach="Only this computer.")
    async def search(
        self,
        call: Invocation,
        folder: FolderName,
        text: Annotated[str, Meta(description="What to look for; case does not matter.", min_length=1, max_length=200)],
        path: Annotated[str, Meta(description="Look only below this path.", max_length=2_000)] = "",
    ) -> Observation:
        """Find lines and file names that hold a text, in a folder and all folders below it."""
        root, parts = self._root(call, folder), parts_of(path)

        def look() -> Observation:
            search = Search(text, MAX_MATCHES)
            with plainly("search"), _open(root, parts, f"search {in_words(folder)}") as directory:
                matches = search.run(directory, "".join(f"{part}/" for part in parts))
            lines = [f"{_line(match.path)}:{match.line}: {match.text}" for match in matches]
            if search.is_cut:
                lines.append("[Not everything was searched or shown. Search below a path, or for a longer text.]")
            found = "\n".join(lines) or f"Nothing holds {in_words(text)}."
            paths = sorted({match.path for match in matches})
            source = _source(folder, (paths[0],)) if len(paths) == 1 else f"search in {folder}"
            return Observation(found, source, data={"matches": len(matches), "paths": paths})

        return await asyncio.to_thread(look)

    async def _created(self, call: Invocation) -> ProbeResult:
        root, parts, data = self._root(call, RUN), _file_parts(call.arguments["path"]), _bytes(call.arguments["text"])

        def look() -> ProbeResult:
            if not root.is_dir():
                return ProbeResult.DID_NOT_HAPPEN
            return _is_there(root, parts, data, versions=True)

        return await asyncio.to_thread(look)

    @tool(
        "files.create",
        effect=Effect.WRITE,
        local=True,
        title="save {path} in the run's own folder",
        reach="Only this run's own folder on this computer.",
        undo="The file is new and can be deleted; nothing was replaced.",
        probe=_created,
    )
    async def create(self, call: Invocation, path: FilePath, text: Text) -> Observation:
        """Save a new text file in the run's own folder. A name that is taken gets a number: summary (2).md."""
        root, parts, data = self._root(call, RUN), _file_parts(path), _bytes(text)

        def act() -> Observation:
            with plainly("make the run's own folder"):
                root.mkdir(parents=True, exist_ok=True)
            with _open(root, parts[:-1], f"save {in_words(path)}", create=True) as directory:
                for name in _versions(parts[-1]):
                    if _holds(directory, name, data):
                        return _saved(RUN, (*parts[:-1], name), data, "was there already with exactly this text")
                    if directory.status(name) is None and keeping.write_new(directory, name, data):
                        return _saved(RUN, (*parts[:-1], name), data, "is saved")
            raise ToolFailed(f"There are {MAX_VERSIONS} versions of {in_words(path)}. Choose another name.")

        return await asyncio.to_thread(act)

    async def _written(self, call: Invocation) -> ProbeResult:
        root, parts = self._root(call, call.arguments["folder"]), _file_parts(call.arguments["path"])
        return await asyncio.to_thread(_is_there, root, parts, _bytes(call.arguments["text"]))

    @tool(
        "files.write",
        effect=Effect.WRITE,
        title="write {path} in {folder}",
        reach="One file in a folder of yours, on this computer.",
        undo="Restore: an earlier version is kept in .legate-trash; a new file can be moved to the trash.",
        probe=_written,
    )
    async def write(
        self,
        call: Invocation,
        folder: FolderName,
        path: FilePath,
        text: Text,
        replace: Annotated[bool, Meta(description="May an existing file be replaced?"), safe(False)] = False,
    ) -> Observation:
        """Write a text file into a chosen folder. An existing one is replaced only if asked, the old one kept."""
        if folder == RUN:
            raise ToolFailed("Use files.create for the run's own folder.")
        root, parts, data = self._root(call, folder), _file_parts(path), _bytes(text)

        def act() -> Observation:
            with _open(root, parts[:-1], f"write {in_words(path)}", create=True) as directory:
                if _holds(directory, parts[-1], data):
                    return _saved(folder, parts, data, "was there already with exactly this text")
                if directory.status(parts[-1]) is None and keeping.write_new(directory, parts[-1], data):
                    return _saved(folder, parts, data, "is written")
            if not replace:
                raise ToolFailed(f"{in_words(path)} exists already. Choose another name, or ask to replace it.")
            with _at(root) as top:
                entry = keeping.write_over(top, parts, data, call.idempotency_key)
            return _saved(folder, parts, data, f"is written; the earlier version is kept as {entry.name}")

        return await asyncio.to_thread(act)

    async def _moved(self, call: Invocation) -> ProbeResult:
        root = self._root(call, call.arguments["folder"])
        source, target = _file_parts(call.arguments["path"]), _file_parts(call.arguments["new_path"])
        return await asyncio.to_thread(_has_moved, root, source, target)

    @tool(
        "files.move",
        effect=Effect.WRITE,
        title="move {path} in {folder} to {new_path}",
        reach="One file or folder, inside the same folder of yours.",
        undo="Move it back.",
        probe=_moved,
    )
    async def move(self, call: Invocation, folder: FolderName, path: FilePath, new_path: FilePath) -> Observation:
        """Move or rename a file or folder inside its folder. Nothing is replaced: the new name must be free."""
        root, source, target = self._root(call, folder), _file_parts(path), _file_parts(new_path)

        def act() -> Observation:
            if target[: len(source)] == source:
                raise ToolFailed(f"{in_words(new_path)} is the same place or inside it. Choose another place.")
            with _at(root) as top:
                keeping.move(top, source, target)
            return Observation(f"{_line(path)} is now {_line(new_path)}.", _source(folder, target))

        return await asyncio.to_thread(act)

    async def _trashed(self, call: Invocation) -> ProbeResult:
        root, parts = self._root(call, call.arguments["folder"]), _file_parts(call.arguments["path"])

        def look() -> ProbeResult:
            with _at(root) as top:
                if keeping.entry_for(top, call.idempotency_key) is not None:
                    return ProbeResult.HAPPENED
                return ProbeResult.DID_NOT_HAPPEN if _exists(top, parts) else ProbeResult.UNKNOWN

        return await asyncio.to_thread(look)

    @tool(
        "files.trash",
        effect=Effect.WRITE,
        title="move {path} in {folder} to the trash",
        reach="One file or folder of yours, on this computer.",
        undo="Restore it from the trash, where it stays.",
        probe=_trashed,
    )
    async def trash(self, call: Invocation, folder: FolderName, path: FilePath) -> Observation:
        """Move a file or folder to the trash. It can be brought back with files.restore and the name in the answer."""
        root, parts = self._root(call, folder), _file_parts(path)

        def act() -> Observation:
            with _at(root) as top:
                entry = keeping.trash(top, parts, call.idempotency_key)
            said = f"{_line(path)} is in the trash as {entry.name}."
            return Observation(said, _source(folder, parts), data={"entry": entry.name})

        return await asyncio.to_thread(act)

    @tool(
        "files.restore",
        effect=Effect.WRITE,
        title="restore {entry} from the trash of {folder}",
        reach="One file or folder of yours, on this computer.",
        undo="Move it to the trash again.",
    )
    async def restore(
        self,
        call: Invocation,
        folder: FolderName,
        entry: Annotated[str, Meta(description="The name that files.trash or files.write gave.", max_length=80)],
    ) -> Observation:
        """Bring something back from the trash to where it was. That place must be free."""
        root = self._root(call, folder)

        def act() -> Observation:
            with _at(root) as top:
                was_at = keeping.restore(top, entry)
            return Observation(f"{_line(was_at)} is back.", _source(folder, (was_at,)))

        return await asyncio.to_thread(act)

    def _root(self, call: Invocation, folder: str) -> Path:
        if folder == RUN and call.run_folder:
            return Path(call.run_folder)
        path = self.surroundings.documents.get(folder)
        if path is None:
            known = ", ".join([RUN, *self.surroundings.documents])
            raise ToolFailed(f"There is no folder {in_words(folder)}. The folders are: {known}.")
        return path

    def _list(self, root: Path, folder: str, parts: tuple[str, ...]) -> Observation:
        if folder == RUN and not parts and not root.exists():
            return Observation("Nothing is here yet.", f"the list of {folder}", data={"entries": []})
        lines: list[str] = []
        doing = f"list {in_words('/'.join(parts) or folder)}"
        with plainly(doing), _open(root, parts, doing) as directory:
            names, more = names_of(directory)
            for name in names[:MAX_LISTED]:
                if (found := directory.status(name)) is not None:
                    lines.append(_listed(name, found))
        if more or len(names) > MAX_LISTED:
            lines.append(f"[{len(names):,}{' or more' if more else ''} names; the first {MAX_LISTED} are shown.]")
        return Observation(
            "\n".join(lines) or "Nothing is here yet.", f"the list of {folder}", data={"entries": names[:MAX_LISTED]}
        )


@contextmanager
def _at(root: Path) -> Generator[Directory]:
    """The chosen folder, opened; a folder that is gone is said in words."""
    with plainly("open the folder"):
        top = open_root(root)
    with top:
        yield top


@contextmanager
def _open(root: Path, parts: tuple[str, ...], doing: str, *, create: bool = False) -> Generator[Directory]:
    """The directory at these names, opened."""
    with _at(root) as top, keeping.entered(top, parts, doing, create=create) as directory:
        yield directory


def _holds(directory: Directory, name: str, data: bytes) -> bool:
    """Does a file of that name hold exactly this?"""
    with plainly(f"compare {in_words(name)}"):
        return keeping.digest_of(directory, name) == hashlib.sha256(data).hexdigest()


def _file_parts(path: str) -> tuple[str, ...]:
    parts = parts_of(path)
    if not parts:
        raise ToolFailed("The path names the folder itself. Give the path of something in it.")
    return parts


def _bytes(text: str) -> bytes:
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise ToolFailed("The text contains a broken character. Write it in plain Unicode.") from None
    if len(data) > MAX_FILE_BYTES:
        raise ToolFailed(f"The text is {len(data):,} bytes, at most {MAX_FILE_BYTES:,} are written. Split it.")
    return data


def _versions(name: str) -> Iterator[str]:
    """The name, then name (2), name (3) and so on, before the ending."""
    pure = PurePosixPath(name)
    yield name
    for number in range(2, MAX_VERSIONS + 1):
        yield f"{pure.stem} ({number}){pure.suffix}"


def _exists(top: Directory, parts: tuple[str, ...]) -> bool:
    try:
        with opened(top, parts[:-1]) as directory:
            return directory.status(parts[-1]) is not None
    except FileNotFoundError:
        return False


def _is_there(root: Path, parts: tuple[str, ...], data: bytes, *, versions: bool = False) -> ProbeResult:
    """Does a file with this very text stand there?"""
    wanted = hashlib.sha256(data).hexdigest()
    with _at(root) as top:
        try:
            with opened(top, parts[:-1]) as directory:
                for name in _versions(parts[-1]) if versions else (parts[-1],):
                    found = keeping.digest_of(directory, name)
                    if found == wanted:
                        return ProbeResult.HAPPENED
                    if directory.status(name) is None:
                        break
        except FileNotFoundError:
            pass
    return ProbeResult.DID_NOT_HAPPEN


def _has_moved(root: Path, source: tuple[str, ...], target: tuple[str, ...]) -> ProbeResult:
    with _at(root) as top:
        match _exists(top, source), _exists(top, target):
            case False, True:
                return ProbeResult.HAPPENED
            case True, False:
                return ProbeResult.DID_NOT_HAPPEN
            case _:
                return ProbeResult.UNKNOWN


def _saved(folder: str, parts: tuple[str, ...], data: bytes, how: str) -> Observation:
    path = "/".join(parts)
    return Observation(
        f"{_line(path)} {how} ({len(data):,} bytes).",
        _source(folder, parts),
        data={"folder": folder, "path": path, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
    )


def _source(folder: str, parts: tuple[str, ...]) -> str:
    return f"file {_line('/'.join(parts))} in {folder}"


def _line(name: str) -> str:
    """A name on one line, as it is where it is printable."""
    return name if name.isprintable() else in_words(name)


def _listed(name: str, found: os.stat_result) -> str:
    if stat.S_ISREG(found.st_mode):
        changed = time.strftime("%Y-%m-%d", time.gmtime(found.st_mtime))
        return f"{_line(name)}  {found.st_size:,} bytes, {changed}"
    return f"{_line(name)}{'/' if stat.S_ISDIR(found.st_mode) else ''}  {kind_of(found)}"
