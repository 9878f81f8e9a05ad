"""What the Agents page shows: rows, the draft in parts, tools, versions, changes; free of the core's types and of Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from legate_desktop.words import long_age, money, one_line, tr

Part = Literal["purpose", "instructions", "model", "tools", "knowledge", "limits"]
Mode = Literal["never", "ask", "allow"]

PARTS: tuple[tuple[Part, str, str], ...] = (
    ("purpose", "Purpose", "flag"),
    ("instructions", "Instructions", "file-text"),
    ("model", "Model", "cpu"),
    ("tools", "Tools", "wrench"),
    ("knowledge", "Knowledge", "book-open"),
    ("limits", "Limits", "gauge"),
)
MODES: tuple[tuple[Mode, str], ...] = (("never", "Never"), ("ask", "Ask"), ("allow", "Allow"))


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent of the list. `version` is 0 where none is published; cost in millionths, of this week."""

    id: str
    name: str
    purpose: str
    model: str
    tools: tuple[str, ...] = ()
    version: int = 0
    is_changed: bool = False
    is_deleted: bool = False
    changed_at: int = 0
    last_run_id: str = ""
    last_state: str = ""
    last_waiting_for: str = ""
    last_at: int = 0
    cost_micros: int = 0
    tokens: int = 0
    runs: int = 0

    @property
    def haystack(self) -> str:
        """What the filter looks in."""
        return f"{self.name} {self.purpose} {self.model} {' '.join(self.tools)} {self.id}".casefold()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use at most. Money in millionths, 0 for no limit."""

    steps: int = 60
    tokens: int = 400_000
    wall_clock_seconds: int = 3_600
    cost_micros: int = 0
    transcript_tokens: int = 24_000
    malformed_replies: int = 3


@dataclass(frozen=True)
class Draft:
    """A definition as the builder holds it, part by part."""

    name: str
    purpose: str = ""
    instructions: str = ""
    model: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tools: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    folders: Mapping[str, str] = field(default_factory=dict[str, str])
    sender: str = ""
    knowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool and what it may do for this agent. `is_free` says that the safe default lets it through."""

    name: str
    description: str
    effect: str
    mode: Mode = "never"
    rule_id: str = ""
    rule_verdict: str = ""
    rule_words: str = ""
    rule_ends: str = ""
    may_allow: bool = True
    is_free: bool = False
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version."""

    hash: str
    number: int
    note: str
    published_by: str
    published_at: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two definitions. `lines` show a changed text whole."""

    part: str
    field: str
    before: str
    after: str
    lines: tuple[str, ...] = ()
    wider: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, and the addresses and links that the later definition names."""

    changes: tuple[Change, ...] = ()
    literals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A knowledge base that an agent may be given."""

    id: str
    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model to choose from: whose it is, and the settings that an agent's definition gets."""

    who: str
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do before it is kept: its problems, its conditions, its class, and an example in words."""

    problems: tuple[str, ...] = ()
    conditions: str = ""
    change: str = ""
    words: str = ""


def agent_sentence(row: AgentRow, now: int) -> str:
    """An agent's accessible name."""
    parts = [row.name, version_words(row), row.purpose]
    if row.last_at:
        parts.append(tr("last run {age} ago").format(age=long_age(now - row.last_at)))
    if row.cost_micros:
        parts.append(tr("{cost} this week").format(cost=money(row.cost_micros)))
    return one_line(", ".join(part for part in parts if part))


def version_words(row: AgentRow) -> str:
    """v3, v3 and changes, or a draft that was never published."""
    if row.is_deleted:
        return tr("Deleted")
    if not row.version:
        return tr("Draft")
    return tr("v{n}, changed").format(n=row.version) if row.is_changed else tr("v{n}").format(n=row.version)


def change_words(change: Change) -> str:
    """One change in a line: what was added, removed, or became what."""
    what = _FIELDS.get(change.field.partition(".")[0], change.field)
    name = change.field.partition(".")[2]
    said = f"{tr(what)} {name.replace('_', ' ')}".strip()
    if change.lines:
        return tr("{what}: reworded").format(what=said)
    if not change.before:
        return tr("{what}: {after} added").format(what=said, after=one_line(change.after))
    if not change.after:
        return tr("{what}: {before} removed").format(what=said, before=one_line(change.before))
    return tr("{what}: {before} became {after}").format(
        what=said, before=one_line(change.before), after=one_line(change.after)
    )


_FIELDS: Mapping[str, str] = {
    "name": "Name",
    "purpose": "Purpose",
    "instructions": "Instructions",
    "model": "Model",
    "tools": "Tool",
    "folders": "Folder",
    "sender": "Sender",
    "knowledge": "Knowledge",
    "limits": "Limit",
}


CLASSES: Mapping[str, str] = {
    "narrowing": "Narrows: it only asks or forbids more.",
    "widening": "Widens: something is allowed that was asked before.",
    "incomparable": "Widens in one place and narrows in another.",
    "same": "Changes nothing.",
}
"""What the class of an edit of the rules means."""
