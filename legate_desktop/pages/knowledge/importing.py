"""Files and folders on their way into a base: counted, handed to the core a few at a time, and what was not taken. No widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.core_words import tr_core
from legate_desktop.notice import Notice
from legate_desktop.pages.knowledge import requests
from legate_desktop.pages.knowledge.aside import Aside
from legate_desktop.pages.knowledge.view import Job
from legate_desktop.words import counted, one_line, plural, tr

FILES_AT_ONCE = 50
"""So few that a cancel acts soon, and so many that ten thousand files are two hundred commands."""
REMOVED_AT_ONCE = 500
MOST_UPLOAD_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Import:
    """One import: `paths` is None until they are counted; `new` and `refused` grow as the core answers."""

    id: str
    base_id: str
    name: str
    paths: tuple[str, ...] | None = None
    taken: int = 0
    new: tuple[str, ...] = ()
    changed: int = 0
    known: int = 0
    refused: tuple[tuple[str, str], ...] = field(default=())
    is_over: bool = False
    is_cancelled: bool = False


class Imports(QObject):
    """One per window. With `is_far` the core runs elsewhere and is sent the bytes of each file."""

    changed = Signal()
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, is_far: Callable[[], bool], aside: Any = None) -> None:
        super().__init__()
        self._bridge = bridge
        self._is_far = is_far
        self._aside = aside or Aside()
        self._imports: dict[str, Import] = {}
        self._taken_back: set[str] = set()
        self._numbers = 0

    # Reading.

    def jobs(self, base_id: str) -> list[Job]:
        """What goes on in a base, and what was not taken and is still to be seen."""
        return [_job(item) for item in self._imports.values() if item.base_id == base_id]

    def refused(self, job_id: str) -> tuple[tuple[str, str], ...]:
        """The files of an import that were not taken, each with the reason."""
        return self._imports[job_id].refused if job_id in self._imports else ()

    # Doing.

    def begin(self, base_id: str, base: str, paths: Sequence[Path]) -> None:
        """Take these files, and of folders what can be read below them."""
        self._numbers += 1
        name = one_line(paths[0].name) if len(paths) == 1 else plural("%n file(s)", len(paths))
        item = Import(f"import-{self._numbers}", base_id, name)
        self._put(item)
        self.noticed.emit(
            Notice(
                tr("Adding {what} to {base}").format(what=name, base=one_line(base)),
                undo=lambda: self.take_back(item.id),
            )
        )
        self._aside.do(lambda: _found(paths), lambda found: self._counted(item.id, found))

    def cancel(self, job_id: str) -> None:
        """Hand over no more files; those the core has stay."""
        item = self._imports.get(job_id)
        if item is not None and not item.is_over:
            self._end(replace(item, is_cancelled=True))

    def take_back(self, job_id: str) -> None:
        """Cancel an import and take out again what it brought."""
        item = self._imports.get(job_id)
        if item is None:
            return
        self._taken_back.add(job_id)
        self._remove(item.base_id, item.new)
        self.dismiss(job_id)

    def dismiss(self, job_id: str) -> None:
        """It was seen."""
        if self._imports.pop(job_id, None) is not None:
            self.changed.emit()

    # One step after the other.

    def _counted(self, job_id: str, found: Sequence[str] | None) -> None:
        item = self._imports.get(job_id)
        if item is None or item.is_over:
            return
        if not found:
            self.noticed.emit(
                Notice(tr("There is nothing in {name} that can be read.").format(name=item.name), is_error=True)
            )
            self.dismiss(job_id)
            return
        self._put(replace(item, paths=tuple(found)))
        self._next(job_id)

    def _next(self, job_id: str) -> None:
        """Hand the next files over, or end."""
        item = self._imports.get(job_id)
        if item is None or item.is_over or item.paths is None:
            return
        if item.taken >= len(item.paths):
            self._end(item)
        elif self._is_far():
            self._upload(item, item.paths[item.taken])
        else:
            some = item.paths[item.taken : item.taken + FILES_AT_ONCE]
            self._send(item, requests.add_files(item.base_id, some), some)

    def _upload(self, item: Import, path: str) -> None:
        def then(read: bytes | str | None) -> None:
            if isinstance(read, bytes):
                self._send(item, requests.upload(item.base_id, Path(path).name, read), (path,))
            else:
                self._refuse(item.id, (path,), read or tr("It cannot be opened. Check its name and its rights."))

        self._aside.do(lambda: _bytes_of(path), then)

    def _send(self, item: Import, command: Any, some: Sequence[str]) -> None:
        def failed(message: str, is_away: bool) -> None:
            if is_away:
                # Nothing of the rest would arrive either; what is missing can be seen, and added once it is back.
                rest = (item.paths or ())[item.taken :]
                self._refuse(item.id, rest, message)
            else:
                self._refuse(item.id, some, message)

        self._bridge.send(command, lambda added: self._added(item.id, item.base_id, len(some), added), failed)

    def _added(self, job_id: str, base_id: str, count: int, added: Any) -> None:
        item = self._imports.get(job_id)
        if job_id in self._taken_back:
            # The core was still at it when the import was taken back.
            self._remove(base_id, added.new)
        if item is None:
            return
        refused = tuple((given.name, tr_core(given.reason)) for given in added.refused)
        item = replace(
            item,
            taken=item.taken + count,
            new=(*item.new, *added.new),
            changed=item.changed + len(added.changed),
            known=item.known + len(added.known),
            refused=(*item.refused, *refused),
        )
        self._put(item)
        self._next(job_id)

    def _refuse(self, job_id: str, some: Sequence[str], message: str) -> None:
        item = self._imports.get(job_id)
        if item is None:
            return
        refused = tuple((path, message) for path in some)
        self._put(replace(item, taken=item.taken + len(some), refused=(*item.refused, *refused)))
        self._next(job_id)

    def _end(self, item: Import) -> None:
        """It is over; only what a person must still see stays."""
        item = replace(item, is_over=True)
        self._put(item)
        if not item.is_cancelled:
            said = plural("%n document(s) added", len(item.new))
            if item.changed:
                said += f", {plural('%n changed', item.changed)}"
            if item.known:
                said += f", {plural('%n there already', item.known)}"
            self.noticed.emit(
                Notice(f"{said}.", undo=(lambda: self._remove(item.base_id, item.new)) if item.new else None)
            )
        if not item.refused:
            self.dismiss(item.id)

    def _remove(self, base_id: str, document_ids: Sequence[str]) -> None:
        for start in range(0, len(document_ids), REMOVED_AT_ONCE):
            some = document_ids[start : start + REMOVED_AT_ONCE]
            self._bridge.send(requests.remove(base_id, some), lambda _count: None, self._failed)

    def _put(self, item: Import) -> None:
        self._imports[item.id] = item
        self.changed.emit()

    def _failed(self, message: str, _is_away: bool) -> None:
        self.noticed.emit(Notice(message, is_error=True))


def _found(paths: Sequence[Path]) -> list[str]:
    """Every file that is meant, once and in order."""
    return list(dict.fromkeys(found for path in paths for found in requests.files_below(str(path))))


def _bytes_of(path: str) -> bytes | str:
    """A file's bytes, or the reason why not."""
    try:
        if Path(path).stat().st_size > MOST_UPLOAD_BYTES:
            return tr("It has more than 200 million bytes. Split it, or leave it out.")
        return Path(path).read_bytes()
    except OSError as error:
        return tr("It cannot be opened ({why}). Check its name and its rights.").format(why=error.strerror or error)


def _job(item: Import) -> Job:
    total = len(item.paths or ())
    if item.is_over:
        words = plural("%n file(s) of {name} not taken", len(item.refused)).format(name=item.name)
        return Job(item.id, words, "failed", verbs=("show", "dismiss"))
    if item.paths is None:
        return Job(item.id, tr("Looking through {name}").format(name=item.name), "processing", verbs=("cancel",))
    said = tr("Taking in {name}: {done} of {total} files")
    words = said.format(name=item.name, done=counted(item.taken), total=counted(total))
    return Job(item.id, words, "processing", item.taken, total, ("cancel",))
