"""What the builder knows and can do with one agent's draft: parts, saving by itself, tools, versions, publishing. No widget.

Every change is kept a moment after it was made; what the core refuses stays on the screen with the reason, and is kept as
soon as it can be. What somebody else changed meanwhile is never overwritten: the person chooses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_core.errors import LegateError
from legate_desktop.core_words import tr_core
from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice
from legate_desktop.pages.agents import requests
from legate_desktop.pages.agents.view import (
    Difference,
    Draft,
    Knowledge,
    Mode,
    ModelChoice,
    Part,
    ToolRow,
    Version,
)
from legate_desktop.words import tr

KEPT_AFTER_MS = 600
STAYS: Mapping[Mode, tuple[str, ...]] = {"never": ("ask", "deny"), "ask": ("ask",), "allow": ("allow",)}
"""Which rules about a tool may stay when it is set so; the others would say something else."""


class BuilderState(QObject):
    """One per page; `show` opens an agent. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`."""

    draft_changed = Signal()
    saving_changed = Signal()
    tools_changed = Signal()
    versions_changed = Signal()
    choices_changed = Signal()
    part_changed = Signal()
    noticed = Signal(object)
    previewed = Signal(object)
    proof_wanted = Signal(object)

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self.agent_id = ""
        self.part: Part = "purpose"
        self.draft: Draft | None = None
        self.tools: list[ToolRow] = []
        self.versions: list[Version] = []
        self.difference = Difference()
        self.knowledge: list[Knowledge] = []
        self.models: list[ModelChoice] = []
        self.problem = ""
        self.is_conflict = False
        self._wrong: dict[str, str] = {}
        self._hash = ""
        self._is_dirty = False
        self._is_saving = False
        self._after_saving: list[Callable[[], None]] = []
        self._watches: list[Any] = []
        self._timer = QTimer(self, interval=KEPT_AFTER_MS, singleShot=True)
        self._timer.timeout.connect(self.save)

    # Reading.

    @property
    def is_kept(self) -> bool:
        """Whether everything on the screen is in the core."""
        return not (self._is_dirty or self._is_saving or self.fault)

    @property
    def fault(self) -> str:
        """Why something on the screen is not in the core: a field that is wrong, or what the core refused."""
        return next(iter(self._wrong.values()), "") or self.problem

    @property
    def current(self) -> Version | None:
        """The version that runs are started with."""
        return next((version for version in self.versions if version.is_current), None)

    @property
    def is_changed(self) -> bool:
        """Whether the draft differs from what is published."""
        return bool(self.difference.changes) or self.current is None

    def why_not_publish(self) -> str:
        """Why the draft cannot be published now; nothing if it can."""
        if self.draft is None:
            return tr("Open an agent")
        if self.fault:
            return self.fault
        return "" if self.is_changed else tr("Nothing has changed since it was published")

    # Moving.

    def show(self, agent_id: str) -> None:
        """Open an agent's draft; what was not kept yet of the one before is kept first."""
        self.save()
        for watch in self._watches:
            watch.close()
        self._watches = []
        self._timer.stop()
        self.agent_id, self.draft, self._hash = agent_id, None, ""
        self.tools, self.versions, self.difference = [], [], Difference()
        self.problem, self.is_conflict, self._is_dirty, self._is_saving = "", False, False, False
        self._wrong = {}
        self._after_saving = []
        self.draft_changed.emit()
        self.saving_changed.emit()
        if agent_id:
            self.reload()
            self._watches = [
                self._bridge.watch(requests.knowledge_query(), self._take_knowledge, self._failed),
                self._bridge.watch(requests.models_query(), self._take_models, self._failed),
            ]

    def reload(self) -> None:
        """Read the draft as the core has it; what was not kept is dropped."""
        self._timer.stop()
        self._is_dirty, self.problem, self.is_conflict = False, "", False
        self._wrong = {}
        self._ask(requests.draft_query(self.agent_id), self._take_draft)
        self._read_around()

    def set_part(self, part: Part) -> None:
        """Turn to another part."""
        if part != self.part:
            self.part = part
            self.part_changed.emit()

    # Editing.

    def edit(self, **changes: Any) -> None:
        """Change fields of the draft; kept a moment later."""
        if self.draft is None:
            return
        draft = dataclasses.replace(self.draft, **changes)
        if draft != self.draft:
            self.draft, self._is_dirty = draft, True
            self._timer.start()
            self.saving_changed.emit()

    def say_wrong(self, field: str, sentence: str) -> None:
        """What is wrong with what stands in a field, so that it is no part of the draft; nothing where it is right."""
        if self._wrong.get(field, "") != sentence:
            self._wrong.pop(field, None)
            self._wrong |= {field: sentence} if sentence else {}
            self.saving_changed.emit()

    def edit_limits(self, **changes: int) -> None:
        """Change limits."""
        if self.draft is not None:
            self.edit(limits=dataclasses.replace(self.draft.limits, **changes))

    def set_knowledge(self, base_id: str, *, is_on: bool) -> None:
        """Give the agent a knowledge base, or take it away."""
        if self.draft is not None:
            rest = tuple(known for known in self.draft.knowledge if known != base_id)
            self.edit(knowledge=(*rest, base_id) if is_on else rest)

    def set_folder(self, name: str, path: str) -> None:
        """Give the agent a folder under a name; an empty path takes it away."""
        if self.draft is not None:
            folders = {known: where for known, where in self.draft.folders.items() if known != name}
            self.edit(folders=folders | {name: path} if path else folders)
            self.draft_changed.emit()

    def save(self) -> None:
        """Keep what was changed, now."""
        self._timer.stop()
        if self.draft is None or not self._is_dirty or self._is_saving or self.is_conflict:
            return
        agent_id, draft = self.agent_id, self.draft
        try:
            command = requests.edit(agent_id, draft, self._hash)
        except LegateError as error:
            # What cannot even be said to the core; the sentence is the core's own.
            self._not_saved(agent_id, tr_core(error.message), is_away=False)
            return
        self._is_dirty, self._is_saving = False, True
        self.saving_changed.emit()
        self._bridge.send(
            command,
            lambda _result: self._saved(agent_id, command.definition.hash),
            lambda message, is_away: self._not_saved(agent_id, message, is_away=is_away),
        )

    def when_saved(self, call: Callable[[], None]) -> None:
        """Do something once everything on the screen is kept; where something cannot be, say so and do nothing."""
        if self._wrong:
            self.noticed.emit(Notice(self.fault, is_error=True))
        else:
            self._once_kept(call)

    def _once_kept(self, call: Callable[[], None]) -> None:
        """The same for what does not concern a field that is wrong."""
        self.save()
        if self._is_saving:
            self._after_saving.append(call)
        elif self.problem:
            self.noticed.emit(Notice(self.problem, is_error=True))
        else:
            call()

    # Tools.

    def set_mode(self, tool: ToolRow, mode: Mode) -> None:
        """Never, ask or allow. Where that takes a rule, the rule is made or deleted by the policy's own commands.

        To allow what is asked by default widens: that is previewed first, and kept by `allow`.
        """
        if self.draft is None or mode == tool.mode:
            return
        needs_rule = mode != "never" and (mode == "allow") != tool.is_free and tool.rule_verdict != mode
        if needs_rule and mode == "allow":
            # Until the rule is there, nothing changes: who goes back has changed nothing.
            self._mark(tool, tool.mode)
            self._once_kept(lambda: self.preview(tool))
            return
        self._give(tool, is_on=mode != "never")
        self._mark(tool, mode)
        if needs_rule:
            made = requests.rule(self.agent_id, self.draft.name, tool, "ask")
            self._once_kept(lambda: self.keep_rule(made))
        elif tool.rule_id and tool.rule_verdict not in STAYS[mode]:
            self._once_kept(lambda: self._change_rule(requests.delete_rule(tool.rule_id)))
        else:
            self.save()

    def _give(self, tool: ToolRow, *, is_on: bool) -> None:
        """Give the agent a tool, or take it away; kept a moment later."""
        if self.draft is not None and (tool.name in self.draft.tools) != is_on:
            rest = tuple(name for name in self.draft.tools if name != tool.name)
            self.edit(tools=(*rest, tool.name) if is_on else rest)

    def preview(self, tool: ToolRow) -> None:
        """Ask what a rule that allows a tool would do; `previewed` comes with the tool and the answer."""
        if self.draft is not None:
            made = requests.rule(self.agent_id, self.draft.name, tool, "allow")
            self._ask(requests.preview_rule(made), lambda answer: self.previewed.emit((tool, requests.preview(answer))))

    def allow(self, tool: ToolRow, *, ends_at: int = 0, uses: int = 0) -> None:
        """Keep a rule that allows a tool, until a time, for so many times, or until it is deleted; then give the tool."""
        if self.draft is None:
            return
        agent_id = self.agent_id

        def give() -> None:
            # The agent may no longer be open; its rule then waits for the tool.
            if agent_id == self.agent_id:
                self._give(tool, is_on=True)
                self.save()

        made = requests.rule(agent_id, self.draft.name, tool, "allow", ends_at=ends_at, uses=uses)
        self._change_rule(requests.add_rule(made), give)

    def keep_rule(self, made: Any) -> None:
        """Keep a rule about a tool; where the core wants to know who is asking, `proof_wanted` comes first."""
        self._change_rule(requests.add_rule(made))

    def prove(self, passphrase: str, then: Callable[[], None]) -> None:
        """Say who is asking, then do what wanted to know."""
        self._bridge.send(
            requests.prove(passphrase), lambda _result: then(), lambda message, _is_away: self._failed(message)
        )

    # Versions.

    def publish(self, note: str) -> None:
        """Keep everything, then make it the version that runs are started with; `proof_wanted` may come first."""

        def failed(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self.proof_wanted.emit(send)
            else:
                self._failed(message)

        def send() -> None:
            self._bridge.send(requests.publish(self.agent_id, note), lambda _hash: self._published(), failed)

        self.when_saved(send)

    def compare(self, before: str, after: str, then: Callable[[Difference], None]) -> None:
        """What differs between two versions; an empty `after` is the draft."""
        self.when_saved(
            lambda: self._ask(
                requests.changes_query(self.agent_id, before=before, after=after),
                lambda answer: then(requests.difference(answer)),
            )
        )

    def take_version(self, version: Version) -> None:
        """Make an old version the draft again; publishing it is another step."""

        def take(given: Any) -> None:
            was = self.draft
            if was is None:
                return
            self.edit(**{field.name: getattr(requests.draft(given), field.name) for field in dataclasses.fields(Draft)})
            self.draft_changed.emit()
            self.save()

            def undo() -> None:
                self.edit(**{field.name: getattr(was, field.name) for field in dataclasses.fields(Draft)})
                self.draft_changed.emit()
                self.save()

            self.noticed.emit(Notice(tr("The draft is version {n} again").format(n=version.number), undo=undo))

        self._ask(requests.version_query(version.hash), take)

    # What comes back.

    def _ask(self, query: Any, then: Callable[[Any], None]) -> None:
        agent_id = self.agent_id

        def take(answer: Any) -> None:
            # An answer about an agent that is no longer open.
            if agent_id == self.agent_id:
                then(answer)

        self._bridge.ask(query, take, lambda message, _is_away: self._failed(message))

    def _read_around(self) -> None:
        self._ask(requests.tools_query(self.agent_id), self._take_tools)
        self._ask(requests.versions_query(self.agent_id), self._take_versions)
        self._ask(requests.changes_query(self.agent_id), self._take_difference)

    def _take_draft(self, given: Any) -> None:
        self.draft, self._hash = requests.draft(given), given.hash
        self.draft_changed.emit()
        self.saving_changed.emit()

    def _take_tools(self, given: Any) -> None:
        self.tools = [requests.tool_row(tool) for tool in given]
        self.tools_changed.emit()

    def _take_versions(self, given: Any) -> None:
        self.versions = [requests.version(version) for version in given]
        self.versions_changed.emit()

    def _take_difference(self, given: Any) -> None:
        self.difference = requests.difference(given)
        self.versions_changed.emit()

    def _take_knowledge(self, rows: Mapping[str, Any]) -> None:
        self.knowledge = requests.knowledge(rows)
        self.choices_changed.emit()

    def _take_models(self, rows: Mapping[str, Any]) -> None:
        self.models = requests.model_choices(rows)
        self.choices_changed.emit()

    def _saved(self, agent_id: str, definition_hash: str) -> None:
        if agent_id != self.agent_id:
            return
        self._hash, self._is_saving, self.problem = definition_hash, False, ""
        waiting, self._after_saving = self._after_saving, []
        if self._is_dirty:
            # Typed on while it was being kept.
            self._after_saving = waiting
            self.save()
            return
        self.saving_changed.emit()
        self._read_around()
        for call in waiting:
            call()

    def _not_saved(self, agent_id: str, message: str, *, is_away: bool) -> None:
        if agent_id != self.agent_id:
            self._failed(message)
            return
        self._is_saving, self._is_dirty, self.problem = False, True, message
        self.is_conflict = getattr(message, "code", "") == "conflict"
        if self._after_saving:
            # Somebody waited for it to be kept.
            self._failed(message)
        self._after_saving = []
        self.saving_changed.emit()
        if is_away:
            self._timer.start()

    def _mark(self, tool: ToolRow, mode: Mode) -> None:
        """Show the choice at once; what the rules then say comes from the core."""
        self.tools = [dataclasses.replace(row, mode=mode) if row.name == tool.name else row for row in self.tools]
        self.tools_changed.emit()

    def _change_rule(self, command: Any, then: Callable[[], None] | None = None) -> None:
        def changed(_result: Any) -> None:
            if then is not None:
                then()
            self._ask(requests.tools_query(self.agent_id), self._take_tools)

        def failed(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self.proof_wanted.emit(lambda: self._change_rule(command, then))
            else:
                self._failed(message)
            self._ask(requests.tools_query(self.agent_id), self._take_tools)

        self._bridge.send(command, changed, failed)

    def _published(self) -> None:
        self.noticed.emit(Notice(tr("Published. New runs use it; runs that are open keep their version.")))
        self._read_around()

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
