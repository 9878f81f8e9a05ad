"""What the list of agents knows and can do: agents with what they did lately, new, duplicate, delete, import. No widget."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.agents import requests
from legate_desktop.pages.agents.view import AgentRow, Draft
from legate_desktop.words import DAY, plural, tr

NAME_MOST = 80


class AgentsState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`."""

    rows_changed = Signal()
    selection_changed = Signal()
    opened = Signal(str)
    run_begun = Signal(str)
    exported = Signal(str, str)
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.is_loading = True
        self.shows_deleted = False
        self.filter_text = ""
        self.selected_id = ""
        self.effects: dict[str, str] = {}
        self._given: Mapping[str, Any] = {}
        self._deleted: Mapping[str, Any] = {}
        self._activities: Mapping[str, Any] = {}
        self._shown: list[AgentRow] = []
        self._watches_deleted = False

    # Reading.

    @property
    def rows(self) -> list[AgentRow]:
        """The agents by name, filtered."""
        return self._shown

    @property
    def agents(self) -> list[AgentRow]:
        """Every agent that is not deleted, by name."""
        return self._made(self._given)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._given)

    @property
    def selected(self) -> AgentRow | None:
        """The chosen agent."""
        return next((row for row in self._shown if row.id == self.selected_id), None)

    def find(self, agent_id: str) -> AgentRow | None:
        """An agent by its id, deleted or not."""
        given = self._given.get(agent_id) or self._deleted.get(agent_id)
        return requests.agent_row(given, self._activities.get(agent_id)) if given is not None else None

    def why_not_use(self, row: AgentRow | None) -> str:
        """Why nothing can be done with it; nothing if it can."""
        if row is None:
            return tr("Choose an agent")
        return tr("It is deleted: restore it first") if row.is_deleted else ""

    def why_not_run(self, row: AgentRow | None) -> str:
        """Why it cannot run; nothing if it can."""
        reason = self.why_not_use(row)
        if reason or row is None:
            return reason
        return "" if row.version else tr("It was never published: try its draft, or publish it")

    def why_not_restore(self, row: AgentRow | None) -> str:
        """Why there is nothing to restore; nothing if there is."""
        return "" if row is not None and row.is_deleted else tr("Choose a deleted agent")

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._bridge.watch(requests.agents_query(), self._take_agents, self._never_opened)
        since = self.now() - 7 * DAY
        self._bridge.watch(requests.activities_query(since), self._take_activities, self._failed)
        self._bridge.ask(requests.catalog_query(), self._take_tools, self._failed_to_ask)

    def set_filter(self, text: str) -> None:
        """Show only agents in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def show_deleted(self, *, shows: bool) -> None:
        """Show the deleted ones instead, which can be restored."""
        if shows == self.shows_deleted:
            return
        self.shows_deleted = shows
        if shows and not self._watches_deleted:
            self._watches_deleted = True
            self._bridge.watch(requests.agents_query(deleted=True), self._take_deleted, self._failed)
        self._rebuild()

    def select(self, agent_id: str) -> None:
        """Choose an agent."""
        if agent_id != self.selected_id:
            self.selected_id = agent_id
            self.selection_changed.emit()

    def move(self, by: int) -> None:
        """The next agent, or the one before."""
        if self._shown:
            at = next((at for at, row in enumerate(self._shown) if row.id == self.selected_id), -1)
            self.select(self._shown[max(0, min(len(self._shown) - 1, at + by))].id)

    def create(self, name: str) -> None:
        """A new agent with a name and nothing else; it is opened."""
        draft = Draft(name=self.free_name(name), model={"provider": "ollama", "model": ""})
        self._create(draft, tr("Made: {name}"))

    def duplicate(self, row: AgentRow) -> None:
        """A copy of an agent's draft under another name; it is opened. Rules about the first are not the copy's."""

        def then(given: Any) -> None:
            draft = requests.draft(given)
            name = self.free_name(tr("Copy of {name}").format(name=draft.name))
            self._create(dataclasses.replace(draft, name=name), tr("Duplicated as {name}"))

        self._bridge.ask(requests.draft_query(row.id), then, self._failed_to_ask)

    def free_name(self, wanted: str) -> str:
        """The name, with a number behind it where there is such an agent already."""
        taken = {given.name for given in self._given.values()}
        number, name = 2, wanted[:NAME_MOST]
        while name in taken:
            ending = f" {number}"
            name, number = wanted[: NAME_MOST - len(ending)] + ending, number + 1
        return name

    def run(self, row: AgentRow, task: str) -> None:
        """Run the published version on a task."""
        self._bridge.send(requests.start(row.id, task), self.run_begun.emit, self._failed_to_ask)

    def delete(self, row: AgentRow) -> None:
        """Take an agent out of use; that can be undone."""

        def then(_result: Any) -> None:
            text = tr("Deleted: {name}. What it began goes on.").format(name=row.name)
            self.noticed.emit(Notice(text, undo=lambda: self.restore(row)))

        self._bridge.send(requests.delete(row.id), then, self._failed_to_ask)

    def restore(self, row: AgentRow) -> None:
        """Bring a deleted agent back."""
        said = Notice(tr("Restored: {name}").format(name=row.name))
        self._bridge.send(requests.restore(row.id), lambda _result: self.noticed.emit(said), self._failed_to_ask)

    def export(self, row: AgentRow) -> None:
        """Ask for an agent as a file; `exported` comes with a name and the text."""
        name = "".join(char if char.isalnum() else "-" for char in row.name.casefold()).strip("-") or "agent"
        self._bridge.ask(
            requests.export(row.id),
            lambda text: self.exported.emit(f"{name}.legate-agent.json", text),
            self._failed_to_ask,
        )

    def import_file(self, text: str) -> None:
        """Make an agent from a file; it is opened as a draft, with a word about what is missing."""

        def then(imported: Any) -> None:
            parts = [tr("Imported as a draft. Look through it before you publish it.")]
            if imported.missing_tools:
                names = ", ".join(imported.missing_tools[:5])
                parts.append(plural("%n tool(s) are not here:", len(imported.missing_tools)) + f" {names}.")
            if imported.missing_folders:
                names = ", ".join(imported.missing_folders[:5])
                parts.append(tr("Choose its folders: {names}.").format(names=names))
            self.noticed.emit(Notice(" ".join(parts)))
            self.opened.emit(imported.agent_id)

        self._bridge.send(requests.import_file(text), then, self._failed_to_ask)

    # What comes back.

    def _create(self, draft: Draft, said: str) -> None:
        def then(agent_id: str) -> None:
            self.noticed.emit(Notice(said.format(name=draft.name)))
            self.opened.emit(agent_id)

        self._bridge.send(requests.create(draft), then, self._failed_to_ask)

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        self._given, self.is_loading = rows, False
        self._rebuild()

    def _take_deleted(self, rows: Mapping[str, Any]) -> None:
        self._deleted = rows
        self._rebuild()

    def _take_activities(self, rows: Mapping[str, Any]) -> None:
        self._activities = rows
        self._rebuild()

    def _take_tools(self, tools: Any) -> None:
        self.effects = requests.effects(tools)
        self.rows_changed.emit()

    def _made(self, given: Mapping[str, Any]) -> list[AgentRow]:
        rows = [requests.agent_row(row, self._activities.get(row_id)) for row_id, row in given.items()]
        return sorted(rows, key=lambda row: (row.name.casefold(), row.id))

    def _rebuild(self) -> None:
        words = self.filter_text.casefold().split()
        rows = self._made(self._deleted if self.shows_deleted else self._given)
        self._shown = [row for row in rows if all(word in row.haystack for word in words)]
        ids = [row.id for row in self._shown]
        if self.selected_id not in ids:
            self.select(ids[0] if ids else "")
        self.rows_changed.emit()

    def _never_opened(self, message: str) -> None:
        self.is_loading = False
        self._failed(message)

    def _failed_to_ask(self, message: str, _is_away: bool) -> None:
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()
