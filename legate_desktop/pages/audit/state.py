"""What the Audit page knows and can do: entries by the block, one entry's place, verifying, exporting. No widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice, monotonic_ms, wall_ms
from legate_desktop.paged import BLOCK, PagedModel
from legate_desktop.pages.audit import requests
from legate_desktop.pages.audit.export import Exporter
from legate_desktop.pages.audit.view import (
    EntryRow,
    Filters,
    Place,
    ReportView,
    cell,
    column_names,
    entry_sentence,
    speed_words,
)
from legate_desktop.words import moment, tr

MOST_ASKED = 3
"""Blocks asked for at one time. Of a fast scroll the newest are fetched and the others forgotten."""
MOST_GROWN = 200


class AuditState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ticks`, `ask`, `send`."""

    rows_changed = Signal()
    selection_changed = Signal()
    verifying_changed = Signal()
    exporting_changed = Signal()
    judged = Signal(str)
    asked_to_verify = Signal()
    noticed = Signal(object)

    def __init__(
        self, bridge: Any, *, clock: Callable[[], int] = monotonic_ms, wall_clock: Callable[[], int] = wall_ms
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._clock = clock
        self.now = wall_clock
        self.model: PagedModel[EntryRow] = PagedModel(
            column_names(),
            lambda row, column: cell(row, column, moment(row.at, self.now())),
            lambda row: entry_sentence(row, moment(row.at, self.now())),
        )
        self.model.wanted.connect(self._want)
        self.filters = Filters()
        self.is_loading = True
        self.is_at_top = True
        self.end = 0
        self.is_all = True
        self.problem = ""
        self.selected_seq = 0
        self.place: Place | None = None
        self.report: ReportView | None = None
        self.progress = ""
        self.share = 0.0
        self.export_words = ""
        self._shown_to = 0
        self._agents: Mapping[str, str] = {}
        self._people: Mapping[str, str] = {}
        self._round = 0
        self._cursors: list[int] = [0]
        self._queue: list[int] = []
        self._asked = 0
        self._is_growing = False
        self._watch_id = ""
        self._tick_watch: Any = None
        self._began_at = 0
        self._exporter: Exporter | None = None
        self._is_open = False

    # Reading.

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter is set."""
        return self.filters != Filters()

    @property
    def _names(self) -> dict[str, str]:
        return {"engine": tr("Engine"), **self._people, **self._agents}

    @property
    def new_count(self) -> int:
        """How many entries came that are not in the table yet."""
        return max(0, self.end - self._shown_to)

    @property
    def is_verifying(self) -> bool:
        """Whether a verification is on its way."""
        return bool(self._watch_id)

    def position_of(self, seq: int) -> int:
        """Where an entry stands in the table, or -1."""
        if self.model.is_whole:
            return self.model.count - seq if 0 < seq <= self.model.count else -1
        return next((position for position, row in self.model.loaded() if row.seq == seq), -1)

    def why_not_verify(self) -> str:
        """Why it cannot begin now; nothing if it can."""
        return tr("It is being verified") if self.is_verifying else ""

    def why_not_stop(self) -> str:
        """Why there is nothing to stop; nothing if there is."""
        return "" if self.is_verifying or self._exporter is not None else tr("Nothing is being verified or exported")

    def why_not_export(self) -> str:
        """Why it cannot be exported now; nothing if it can."""
        if self._exporter is not None:
            return tr("It is being exported")
        return "" if self.is_all else tr("Needs Owner or Admin, for it holds everybody's entries")

    def why_not_run(self) -> str:
        """Why no run can be opened; nothing if one can."""
        return "" if self.place is not None and self.place.row.run_id else tr("It belongs to no run")

    def why_not_approval(self) -> str:
        """Why no approval can be opened; nothing if one can."""
        return "" if self.place is not None and self.place.row.approval_id else tr("It belongs to no approval")

    def why_not_copy(self) -> str:
        """Why there is no hash to copy; nothing if there is."""
        return "" if self.place is not None else tr("Choose an entry")

    # Doing.

    def open(self) -> None:
        """The page was visited and the core is there: begin to watch."""
        if not self._is_open:
            self._is_open = True
            self._bridge.watch(requests.agents_query(), self._take_agents, self._failed)
            # Who may not see the members sees their ids, and everything else.
            self._bridge.ask(requests.members_query(), self._take_members, lambda _message, _is_away: self._follow())

    def narrow(self, filters: Filters) -> None:
        """Show what fits these filters."""
        if filters != self.filters:
            self.filters = filters
            self._show()

    def show_newest(self) -> None:
        """Show what came since."""
        self._show()

    def select(self, seq: int) -> None:
        """Choose an entry; its place in the chain is read."""
        if seq == self.selected_seq and self.place is not None:
            return
        self.selected_seq, self.place = seq, None
        self.selection_changed.emit()
        self._bridge.ask(requests.open_entry(seq), lambda found: self._take_place(seq, found), self._not_opened)

    def take_verdict(self, found: Any) -> None:
        """Keep what a verification said, this page's own or another's, and tell whether something is broken."""
        self.report = requests.report(found, self.now())
        self.judged.emit(self.report.headline if self.report.state == "broken" else "")
        self.selection_changed.emit()

    def show_report(self) -> None:
        """Show what the last verification said in the place of an entry."""
        self.selected_seq, self.place = 0, None
        self.selection_changed.emit()

    def go_to(self, seq: int) -> None:
        """Show an entry in the whole table."""
        if self.is_narrowed and self.position_of(seq) < 0:
            self.narrow(Filters())
        self.select(seq)

    def move(self, by: int) -> None:
        """The next entry, or the one before."""
        if not self.model.count:
            return
        at = self.position_of(self.selected_seq)
        there = max(0, min(self.model.count - 1, at + by if at >= 0 else 0))
        row = self.model.at(there)
        if row is not None:
            self.select(row.seq)
        elif self.model.is_whole:
            self.select(self.model.count - there)

    def verify(self) -> None:
        """Read the whole journal, and say how far it is."""
        if self.is_verifying:
            return
        self.asked_to_verify.emit()
        watch_id = self._watch_id = f"vrf_{uuid4().hex}"
        self._began_at = self._clock()
        self.progress, self.share = tr("Reading the journal…"), 0.0
        self._tick_watch = self._bridge.ticks(watch_id, lambda ticks: self._take_ticks(watch_id, ticks))
        self.verifying_changed.emit()
        self._bridge.ask(
            requests.verify(watch_id),
            lambda found: self._take_report(watch_id, found),
            lambda message, _is_away: self._not_verified(watch_id, message),
        )

    def stop(self) -> None:
        """End the verification or the export that is on its way; nothing is known from it."""
        if self.is_verifying:
            watch_id = self._end_verifying()
            self._bridge.send(requests.stop(watch_id), lambda _was_there: None, lambda _message, _is_away: None)
            self.noticed.emit(Notice(tr("Verifying was stopped. Nothing is known from it.")))
        if self._exporter is not None:
            self._exporter.stop()
            self._end_export()
            self.noticed.emit(Notice(tr("The export was stopped. No file was written.")))

    def export(self, path: Path) -> None:
        """Write everything with its proof into a file."""
        if self.why_not_export():
            return
        self._exporter = Exporter(self._bridge, path, self._take_exported, self._exported)
        self.export_words = tr("Signing the journal…")
        self.exporting_changed.emit()
        self._exporter.begin()

    # Blocks.

    def _show(self) -> None:
        """Begin the table anew."""
        self._round += 1
        self._queue, self._asked, self._cursors = [], 0, [0]
        self._shown_to = self.end
        self.problem = ""
        if self.is_all and not self.is_narrowed:
            self.model.set_whole(self.end)
        else:
            self.model.set_found()
        self.rows_changed.emit()

    def _want(self, block: int) -> None:
        self._queue.append(block)
        while len(self._queue) > MOST_ASKED:
            self.model.forget(self._queue.pop(0))
        self._ask_next()

    def _ask_next(self) -> None:
        while self._queue and self._asked < MOST_ASKED:
            block = self._queue.pop()
            query = self._query(block)
            if query is None:
                self.model.forget(block)
                continue
            self._asked += 1
            at = self._round
            self._bridge.ask(
                query,
                lambda found, block=block, at=at: self._take_block(at, block, found),
                lambda message, _is_away, block=block, at=at: self._no_block(at, block, message),
            )

    def _query(self, block: int) -> Any:
        if self.model.is_whole:
            first = block * BLOCK
            return requests.page(Filters(), after=first, before=min(first + BLOCK, self.model.count) + 1, limit=BLOCK)
        if block >= len(self._cursors):
            return None
        # Without new entries of the meantime, which would move every page.
        before = self._cursors[block] or (self._shown_to + 1 if self._shown_to else 0)
        return requests.page(self.filters, before=before, limit=BLOCK)

    def _take_block(self, at: int, block: int, found: Any) -> None:
        if at != self._round:
            return
        self._asked -= 1
        rows = [requests.entry(given, self._names) for given in found.entries]
        if self.model.is_whole:
            self.model.put(block, rows[::-1])
        else:
            if found.before and block + 1 == len(self._cursors):
                self._cursors.append(found.before)
            self.model.put(block, rows, has_more=bool(found.before))
        self.is_loading = False
        self.rows_changed.emit()
        self._ask_next()

    def _no_block(self, at: int, block: int, message: str) -> None:
        if at != self._round:
            return
        self._asked -= 1
        self.model.forget(block)
        self.is_loading = False
        self.problem = message
        self.rows_changed.emit()

    # What comes back.

    def _take_members(self, members: Iterable[Any]) -> None:
        self._people = {member.id: member.name or tr("You") for member in members}
        self._follow()

    def _follow(self) -> None:
        """The names are known as far as they ever will be: list what happened."""
        self._bridge.watch(requests.end_query(), self._take_end, self._failed)

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        self._agents = {agent.id: agent.name for agent in rows.values()}

    def _take_end(self, rows: Mapping[str, Any]) -> None:
        is_first = self._shown_to == 0
        self.end, self.is_all = requests.end(rows)
        if is_first or self.end < self._shown_to:
            self.is_loading = self.is_loading and self.end > 0
            self._show()
        elif self.model.is_whole and self.is_at_top:
            self._grow()
        self.rows_changed.emit()

    def _grow(self) -> None:
        """New entries come on top while somebody looks there; many at once are a new beginning."""
        if self._is_growing or not self.new_count:
            return
        if self.new_count > MOST_GROWN:
            self._show()
            return
        self._is_growing = True
        at = self._round
        query = requests.page(Filters(), after=self._shown_to, before=self.end + 1, limit=MOST_GROWN)
        self._bridge.ask(query, lambda found: self._take_new(at, found), lambda _message, _is_away: self._not_grown())

    def _take_new(self, at: int, found: Any) -> None:
        self._is_growing = False
        if at != self._round:
            return
        rows = [requests.entry(given, self._names) for given in reversed(found.entries)]
        self.model.grow(rows)
        self._shown_to = self.model.count
        self.rows_changed.emit()
        self._grow()

    def _not_grown(self) -> None:
        self._is_growing = False

    def _take_place(self, seq: int, found: Any) -> None:
        if seq == self.selected_seq:
            self.place = requests.place(found, self._names)
            self.selection_changed.emit()

    def _not_opened(self, message: str, _is_away: bool) -> None:
        self._failed(message)

    def _take_ticks(self, watch_id: str, ticks: list[Any]) -> None:
        if watch_id == self._watch_id and ticks:
            last = ticks[-1]
            self.share = last.done / last.total if last.total else 0.0
            self.progress = speed_words(last.done, last.total, self._clock() - self._began_at)
            self.verifying_changed.emit()

    def _take_report(self, watch_id: str, found: Any) -> None:
        if watch_id == self._watch_id:
            self._end_verifying()
            self.take_verdict(found)
            self.show_report()
            self.verifying_changed.emit()

    def _not_verified(self, watch_id: str, message: str) -> None:
        # What was stopped by hand ends with an error too, and was told already.
        if watch_id == self._watch_id:
            self._end_verifying()
            self._failed(message)

    def _end_verifying(self) -> str:
        watch_id, self._watch_id = self._watch_id, ""
        if self._tick_watch is not None:
            self._tick_watch.close()
            self._tick_watch = None
        self.progress, self.share = "", 0.0
        self.verifying_changed.emit()
        return watch_id

    def _take_exported(self, done: int, total: int) -> None:
        self.export_words = speed_words(done, total, 0)
        self.exporting_changed.emit()

    def _exported(self, path: str, problem: str, unsigned: str) -> None:
        self._end_export()
        if problem:
            self._failed(problem)
            return
        self.noticed.emit(Notice(tr("The journal is in {path}. “legate verify --file” checks it.").format(path=path)))
        if unsigned:
            self._failed(tr("Its end is not signed. {why}").format(why=unsigned))

    def _end_export(self) -> None:
        self._exporter, self.export_words = None, ""
        self.exporting_changed.emit()

    def _failed(self, message: str) -> None:
        self.is_loading = False
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()
