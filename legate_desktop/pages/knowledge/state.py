"""What the Knowledge page knows and can do: bases, the documents of the chosen one, jobs, removal with undo. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.core_words import tr_core
from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.knowledge import requests
from legate_desktop.pages.knowledge.importing import Imports
from legate_desktop.pages.knowledge.leaving import Leaving
from legate_desktop.pages.knowledge.view import Base, Document, Job, in_words_of, model_words, with_progress
from legate_desktop.words import counted, one_line, plural, tr

MANY = 400
GATHERED_FOR_MS = 250
"""A long list is made anew at most so often while it is read in: a thousand events cost the window four lists a second."""


class KnowledgeState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`, `ticks`."""

    bases_changed = Signal()
    selection_changed = Signal()
    documents_changed = Signal()
    jobs_changed = Signal()
    noticed = Signal(object)

    def __init__(
        self,
        bridge: Any,
        *,
        wall_clock: Callable[[], int] = wall_ms,
        is_far: Callable[[], bool] = lambda: False,
        aside: Any = None,
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.is_far = is_far
        self.imports = Imports(bridge, is_far=is_far, aside=aside)
        self.imports.changed.connect(self.jobs_changed)
        self.imports.noticed.connect(self.noticed)
        self.leaving = Leaving()
        self.leaving.changed.connect(self._rebuild_all)
        self.is_loading = True
        self.is_reading = True
        self.selected_id = ""
        self._expected = ""
        self.filter_text = ""
        self.bases: list[Base] = []
        self.documents: list[Document] = []
        self.index_progress = (0, 0)
        self._given_bases: Mapping[str, Any] = {}
        self._readers: dict[str, list[tuple[str, str]]] = {}
        self._given: Mapping[str, Any] = {}
        self._made: dict[str, tuple[Any, Document]] = {}
        self._progress: dict[str, tuple[int, int]] = {}
        self._batch: set[str] = set()
        self._watches: list[Any] = []
        self._gathering = QTimer(self, interval=GATHERED_FOR_MS, singleShot=True)
        self._gathering.timeout.connect(self._rebuild)

    # Reading.

    @property
    def selected(self) -> Base | None:
        """The chosen base."""
        return self.find(self.selected_id)

    def find(self, base_id: str) -> Base | None:
        """A base by its id."""
        return next((base for base in self.bases if base.id == base_id), None)

    def document(self, document_id: str) -> Document | None:
        """A document of the chosen base, filtered or not."""
        given = self._given.get(document_id)
        return self._document(document_id, given) if given is not None else None

    def jobs(self) -> list[Job]:
        """What goes on in the chosen base, and what went wrong in it."""
        base = self.selected
        if base is None:
            return []
        jobs = self.imports.jobs(base.id)
        unread = [given for given in self._given.values() if str(given.state) in ("pending", "processing")]
        if unread:
            done, total = len(self._batch) - len(unread), len(self._batch)
            said = tr("Reading: {done} of {total} documents").format(done=counted(done), total=counted(total))
            jobs.append(Job("reading", said, "processing", done, total, ("cancel_all",)))
        failed = sum(str(given.state) == "failed" for given in self._given.values())
        if failed:
            jobs.append(
                Job("failed", plural("%n document(s) not read", failed), "failed", verbs=("failed", "retry_all"))
            )
        if base.is_rebuilding:
            jobs.append(self._index_job(base))
        return jobs

    def _index_job(self, base: Base) -> Job:
        done, total = self.index_progress
        if base.hindrance:
            said = tr("The second index cannot be built now; the first answers. {reason}")
            return Job("index", said.format(reason=one_line(tr_core(base.hindrance))), "failed")
        said = tr("A second index is built with {model}; the first answers until it is whole.")
        return Job(
            "index", said.format(model=model_words(base.next_embedder or base.embedder)), "processing", done, total
        )

    def why_not_use(self, base: Base | None) -> str:
        """Why nothing can be done with it; nothing if it can."""
        return "" if base is not None else tr("Choose a knowledge base")

    def why_not_remove(self, rows: Sequence[Document]) -> str:
        """Why documents cannot be taken out: what lies in a folder that the base follows would be read again at once."""
        if not rows:
            return tr("Choose a document")
        base = self.selected
        folders = [f"{folder.rstrip('/')}/" for folder in (base.folders if base is not None else ())]
        if any(
            row.origin.replace("\\", "/").startswith(folder.replace("\\", "/")) for row in rows for folder in folders
        ):
            return tr("The base follows its folder: delete the file there, or follow the folder no longer")
        return ""

    def why_not_name(self, name: str, but: str = "") -> str:
        """Why a base cannot be called so."""
        if not name.strip():
            return tr("Give it a name.")
        if any(base.name == " ".join(name.split()) and base.id != but for base in self.bases):
            return tr("There is one of this name already.")
        return ""

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._bridge.watch(requests.bases_query(), self._take_bases, self._never_opened)
        self._bridge.watch(requests.agents_query(), self._take_agents, self._failed_watch)

    def select(self, base_id: str) -> None:
        """Choose a base, and watch its documents."""
        if base_id == self.selected_id:
            return
        for watch in self._watches:
            watch.close()
        self.selected_id, self._watches = base_id, []
        self._given, self._made, self._progress, self._batch = {}, {}, {}, set()
        self.documents, self.is_reading, self.index_progress = [], bool(base_id), (0, 0)
        self.selection_changed.emit()
        self.documents_changed.emit()
        if base_id:
            query = requests.documents_query(base_id)
            self._watches = [
                self._bridge.watch(query, lambda rows: self._take_documents(base_id, rows), self._failed_watch),
                self._bridge.ticks(base_id, self._take_ticks),
            ]

    def move(self, by: int) -> None:
        """The next base, or the one before."""
        if self.bases:
            at = next((at for at, base in enumerate(self.bases) if base.id == self.selected_id), -1)
            self.select(self.bases[max(0, min(len(self.bases) - 1, at + by))].id)

    def set_filter(self, text: str) -> None:
        """Show only documents in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def create(self, name: str, then: Callable[[str], None] = lambda _base_id: None) -> None:
        """A new, empty base; it is chosen."""

        def made(base_id: str) -> None:
            # The list that has it comes a moment later.
            self._expected = base_id if self.find(base_id) is None else ""
            self.select(base_id)
            then(base_id)

        self._bridge.send(requests.create(name), made, self._failed)

    def rename(self, base: Base, name: str) -> None:
        """Another name; that can be undone."""
        said = tr("Renamed: {name}").format(name=one_line(name))

        def then(_result: Any) -> None:
            self.noticed.emit(Notice(said, undo=lambda: self._send(requests.rename(base.id, base.name))))

        self._bridge.send(requests.rename(base.id, name), then, self._failed)

    def reindex(self, base: Base, embedder: Mapping[str, Any]) -> None:
        """Build a second index; the first answers until it is whole."""
        self._send(requests.reindex(base.id, embedder))

    def retry(self, document_ids: Sequence[str] = ()) -> None:
        """Read documents again; without ids all that failed."""
        self._send(requests.retry(self.selected_id, document_ids))

    def cancel(self, document_ids: Sequence[str] = ()) -> None:
        """Read documents no further; without ids all that wait."""
        self._send(requests.cancel(self.selected_id, document_ids))

    def watch_folder(self, base_id: str, base: str, folder: str) -> None:
        """Keep a base in step with a folder; `base` is its name."""
        said = Notice(
            tr("{base} follows {folder}").format(base=one_line(base), folder=one_line(folder)),
            undo=lambda: self._send(requests.unwatch(base_id, folder)),
        )
        self._bridge.send(requests.watch(base_id, folder), lambda _id: self.noticed.emit(said), self._failed)

    def unwatch(self, base: Base, folder: str) -> None:
        """Follow a folder no longer; its documents stay, and that can be undone."""
        said = Notice(
            tr("{base} follows {folder} no longer; its documents stay.").format(
                base=one_line(base.name), folder=one_line(folder)
            ),
            undo=lambda: self._send(requests.watch(base.id, folder)),
        )
        self._bridge.send(requests.unwatch(base.id, folder), lambda _none: self.noticed.emit(said), self._failed)

    def remove(self, rows: Sequence[Document]) -> None:
        """Take documents out; for six seconds that can be undone."""
        base_id, ids = self.selected_id, [row.id for row in rows]
        if not ids:
            return
        said = tr("Removed: {name}").format(name=one_line(rows[0].name))
        words = said if len(ids) == 1 else plural("Removed %n document(s)", len(ids))
        self._hold(ids, words, lambda: self._send(requests.remove(base_id, ids)))

    def remove_base(self, base: Base) -> None:
        """Take a base out with all that is in it; for six seconds that can be undone."""
        said = tr("Removed: {name}").format(name=one_line(base.name))
        self._hold(
            [base.id], said, lambda: self._send(requests.remove_base(base.id)), back=lambda: self.select(base.id)
        )

    def finish(self) -> None:
        """The window ends: what was removed is removed now."""
        self.leaving.finish()

    # What comes back.

    def _hold(
        self, ids: Sequence[str], words: str, send: Callable[[], None], back: Callable[[], None] = lambda: None
    ) -> None:
        bring_back = self.leaving.hold(ids, send)

        def undo() -> None:
            if bring_back():
                back()
            else:
                self.noticed.emit(Notice(tr("It is gone already. Add the files again."), is_error=True))

        self.noticed.emit(Notice(words, undo=undo))

    def _take_bases(self, rows: Mapping[str, Any]) -> None:
        self._given_bases, self.is_loading = rows, False
        self._rebuild_bases()

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        self._readers = requests.readers(rows)
        self._rebuild_bases()

    def _take_documents(self, base_id: str, rows: Mapping[str, Any]) -> None:
        if base_id != self.selected_id:
            return
        unread = {row_id for row_id, row in rows.items() if str(row.state) in ("pending", "processing")}
        self._batch = (self._batch & rows.keys()) | unread if unread else set()
        self._given, was_reading, self.is_reading = rows, self.is_reading, False
        self._progress = {row_id: done for row_id, done in self._progress.items() if row_id in unread}
        if was_reading or len(rows) < MANY:
            self._rebuild()
        elif not self._gathering.isActive():
            self._gathering.start()

    def _take_ticks(self, ticks: list[Any]) -> None:
        for tick in ticks:
            if tick.kind == "reading":
                self._progress[tick.text] = (tick.done, tick.total)
            elif tick.kind == "indexing":
                self.index_progress = (tick.done, tick.total)
        if not self._gathering.isActive():
            self._gathering.start()

    def _document(self, row_id: str, given: Any) -> Document:
        """The row, made once for as long as the core gives the same."""
        known = self._made.get(row_id)
        if known is None or known[0] is not given:
            known = self._made[row_id] = (given, requests.document(given))
        return with_progress(known[1], self._progress.get(row_id))

    def _rebuild(self) -> None:
        self._gathering.stop()
        leaving = self.leaving.ids
        rows = [self._document(row_id, given) for row_id, given in self._given.items() if row_id not in leaving]
        self.documents = in_words_of(rows, self.filter_text) if self.filter_text else rows
        self.documents_changed.emit()
        self.jobs_changed.emit()

    def _rebuild_bases(self) -> None:
        leaving = self.leaving.ids
        self.bases = [
            requests.base(given, (*self._readers.get(base_id, ()), *self._readers.get(given.name, ())))
            for base_id, given in sorted(self._given_bases.items(), key=lambda pair: (pair[1].name.casefold(), pair[0]))
            if base_id not in leaving
        ]
        if self.find(self.selected_id) is not None:
            self._expected = ""
        elif not self.is_loading and self.selected_id != (self._expected or None):
            self.select(self.bases[0].id if self.bases else "")
        self.bases_changed.emit()
        self.jobs_changed.emit()

    def _rebuild_all(self) -> None:
        self._rebuild_bases()
        self._rebuild()

    def _never_opened(self, message: str) -> None:
        self.is_loading = self.is_reading = False
        self._failed(message, False)
        self.bases_changed.emit()

    def _failed_watch(self, message: str) -> None:
        self.is_reading = False
        self._failed(message, False)
        self.documents_changed.emit()

    def _send(self, command: Any) -> None:
        self._bridge.send(command, lambda _result: None, self._failed)

    def _failed(self, message: str, _is_away: bool) -> None:
        self.noticed.emit(Notice(message, is_error=True))
