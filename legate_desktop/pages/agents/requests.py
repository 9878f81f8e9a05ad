"""Between the Agents page's words and the core's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import legate_core as core
from legate_desktop.pages.agents.view import (
    AgentRow,
    Change,
    Difference,
    Draft,
    Knowledge,
    Limits,
    ModelChoice,
    Preview,
    ToolRow,
    Version,
)
from legate_desktop.words import tr


def agents_query(*, deleted: bool = False) -> Any:
    """The agents, or those that were deleted, live."""
    return core.Agents(deleted=deleted)


def activities_query(since: int) -> Any:
    """What each agent did since a time, live."""
    return core.AgentActivities(since=since)


def draft_query(agent_id: str) -> Any:
    """An agent's draft."""
    return core.AgentDraft(agent_id)


def tools_query(agent_id: str) -> Any:
    """Every tool with what it may do for this agent."""
    return core.AgentTools(agent_id)


def catalog_query() -> Any:
    """Every tool."""
    return core.Tools()


def versions_query(agent_id: str) -> Any:
    """The published versions."""
    return core.AgentVersions(agent_id)


def version_query(definition_hash: str) -> Any:
    """One published version whole."""
    return core.VersionDefinition(definition_hash)


def changes_query(agent_id: str, *, before: str = "", after: str = "") -> Any:
    """What changed since the published version, or between two."""
    return core.AgentChanges(agent_id, before=before, after=after)


def knowledge_query() -> Any:
    """The knowledge bases, live."""
    return core.KnowledgeBases()


def models_query() -> Any:
    """Where models come from, live."""
    return core.ModelCatalogue()


def run_query(run_id: str) -> Any:
    """One run with its task and its answer."""
    return core.Run(run_id)


def create(draft: Draft) -> Any:
    """A new agent."""
    return core.CreateAgent(definition(draft))


def edit(agent_id: str, draft: Draft, was: str) -> Any:
    """The draft as it is now, in place of the one that was looked at."""
    return core.EditAgent(agent_id, definition(draft), was=was)


def publish(agent_id: str, note: str) -> Any:
    """Make the draft a version."""
    return core.PublishAgent(agent_id, note=note)


def delete(agent_id: str) -> Any:
    """Take an agent out of use."""
    return core.DeleteAgent(agent_id)


def restore(agent_id: str) -> Any:
    """Bring it back."""
    return core.RestoreAgent(agent_id)


def export(agent_id: str) -> Any:
    """The agent as a file."""
    return core.ExportAgent(agent_id)


def import_file(text: str) -> Any:
    """An agent from a file."""
    return core.ImportAgent(text)


def start(agent_id: str, task: str) -> Any:
    """Run the published version."""
    return core.StartRun(agent_id, task)


def try_draft(agent_id: str, task: str, after: str) -> Any:
    """Run the draft, or go on talking with it."""
    return core.StartDraft(agent_id, task, after=after)


def cancel(run_id: str) -> Any:
    """End a run."""
    return core.CancelRun(run_id)


def rule(
    agent_id: str, agent: str, tool: ToolRow, verdict: Literal["allow", "ask"], *, ends_at: int = 0, uses: int = 0
) -> Any:
    """A rule about this agent and this tool and nothing else. Without end and count it holds until it is deleted."""
    said = {
        "allow": tr("{agent} may use {tool} without asking."),
        "ask": tr("{agent} asks before it uses {tool}."),
    }[verdict]
    words = said.format(agent=agent, tool=tool.name)
    return core.Rule(
        id="",
        name=words[:200],
        verdict=verdict,
        words=words[:1000],
        tools=(tool.name,),
        agents=(agent_id,),
        ends_at=ends_at or None,
        uses_left=uses or None,
        always=verdict == "allow" and not ends_at and not uses,
    )


def preview_rule(made: Any) -> Any:
    """What keeping a rule would do."""
    return core.PreviewRule(made)


def add_rule(made: Any) -> Any:
    """Keep a rule."""
    return core.AddRule(made)


def delete_rule(rule_id: str) -> Any:
    """Take a rule out of force."""
    return core.DeleteRule(rule_id)


def prove(passphrase: str) -> Any:
    """Show who is asking."""
    return core.Prove(passphrase)


def definition(draft: Draft) -> Any:
    """A draft in the core's form. Raises the core's `Invalid` for one that cannot be kept."""
    fields = {name.name: getattr(draft, name.name) for name in dataclasses.fields(draft) if name.name != "limits"}
    return core.AgentDefinition(**fields, limits=core.Limits(**dataclasses.asdict(draft.limits)))


def draft(given: Any) -> Draft:
    """A definition as the builder holds it."""
    limits = {name.name: getattr(given.limits, name.name) for name in dataclasses.fields(Limits)}
    return Draft(
        name=given.name,
        purpose=given.purpose,
        instructions=given.instructions,
        model=dict(given.model),
        tools=tuple(given.tools),
        limits=Limits(**limits),
        folders=dict(given.folders),
        sender=given.sender,
        knowledge=tuple(given.knowledge),
    )


def agent_row(given: Any, activity: Any | None) -> AgentRow:
    """An agent as the list shows it."""
    row = AgentRow(
        id=given.id,
        name=given.name,
        purpose=given.purpose,
        model=given.model,
        tools=tuple(given.tools),
        version=given.version,
        is_changed=given.has_unpublished_changes,
        is_deleted=given.deleted_at > 0,
        changed_at=given.changed_at,
    )
    if activity is None:
        return row
    return dataclasses.replace(
        row,
        last_run_id=activity.last_run_id,
        last_state=str(activity.last_status),
        last_waiting_for=str(activity.last_waiting_for),
        last_at=activity.last_at,
        cost_micros=activity.cost_micros,
        tokens=activity.tokens,
        runs=activity.runs,
    )


def tool_row(given: Any) -> ToolRow:
    """A tool with what it may do for an agent."""
    return ToolRow(
        name=given.tool.name,
        description=given.tool.description,
        effect=str(given.tool.effect),
        mode=given.mode,
        rule_id=given.rule_id,
        rule_verdict=given.rule_verdict,
        rule_words=given.rule_words,
        rule_ends=given.rule_ends,
        may_allow=given.may_allow,
        is_free=given.is_free,
        connector=given.tool.connector,
    )


def effects(given: Any) -> dict[str, str]:
    """The effect of each tool by name."""
    return {tool.name: str(tool.effect) for tool in given}


def version(given: Any) -> Version:
    """A published version."""
    return Version(given.hash, given.number, given.note, given.published_by, given.published_at, given.is_current)


def difference(given: Any) -> Difference:
    """What differs between two definitions."""
    return Difference(
        tuple(
            Change(change.part, change.field, change.before, change.after, tuple(change.lines), change.wider)
            for change in given.changes
        ),
        tuple(given.literals),
    )


def knowledge(rows: Mapping[str, Any]) -> list[Knowledge]:
    """The knowledge bases by name."""
    found = [Knowledge(row.id, row.name, row.documents) for row in rows.values()]
    return sorted(found, key=lambda base: base.name.casefold())


def model_choices(rows: Mapping[str, Any]) -> list[ModelChoice]:
    """Every model that can be chosen, by whose it is."""
    return [
        ModelChoice(source.who, offer.name, {**source.settings, "model": offer.name})
        for source in sorted(rows.values(), key=lambda source: source.who.casefold())
        if source.is_there
        for offer in source.models
    ]


def preview(given: Any) -> Preview:
    """What a rule would do."""
    return Preview(tuple(given.problems), given.conditions, given.change, given.words)
