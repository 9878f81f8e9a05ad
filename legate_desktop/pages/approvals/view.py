"""What the Approvals page shows: frozen rows and one card, in its own words, free of the core's types and of Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from legate_desktop.words import long_age, one_line, tr

Tab = Literal["waiting", "decided", "rules"]
TABS: tuple[Tab, ...] = ("waiting", "decided", "rules")
GRAVE_EFFECTS = frozenset({"spend", "destroy", "grant"})
OriginKind = Literal["yours", "rule", "source", "agent"]
DoubtChoice = Literal["happened", "do_it", "give_up"]


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One line of the list. `state` is the approval's own, or *in_doubt* for an action nobody can vouch for."""

    id: str
    tool: str
    effect: str
    title: str
    agent: str
    run_id: str
    why: str
    state: str
    asked_at: int
    expires_at: int = 0
    decided_at: int = 0
    decided_by: str = ""
    outcome: str = ""

    @property
    def is_in_doubt(self) -> bool:
        return self.state == "in_doubt"

    @property
    def is_open(self) -> bool:
        """Whether a person is asked something."""
        return self.state in ("waiting", "in_doubt")

    @property
    def is_grave(self) -> bool:
        """MONEY, DESTROYS, GRANTS and whatever this window does not know: held to approve, no scopes."""
        return self.effect in GRAVE_EFFECTS or self.effect not in ("read", "write", "send")

    @property
    def haystack(self) -> str:
        """What the filter looks in."""
        return f"{self.tool} {self.agent} {self.run_id} {self.title} {self.why}".casefold()


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule made from an answer, in words."""

    id: str
    words: str
    effect: str
    verdict: str
    uses: int
    last_used_at: int = 0
    ends: str = ""
    is_built_in: bool = False
    conditions: str = ""
    is_used_up: bool = False
    made_at: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from, in words: *yours*, *a rule*, *from mail M by x@y*; `is_authority` says it steers."""

    kind: OriginKind
    words: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its name, its value as given, and its origin."""

    name: str
    value: Any
    origin: Origin
    is_authority: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what changes: `sign` is '+', '-' or a blank."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class StepBefore:
    """One of the last steps: its state, and what it was."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One way to approve more than once, offered as a choice: its id for the core and its words."""

    id: str
    words: str
    needs_amount: bool = False
    needs_end: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a person sees before answering, in the order it is shown."""

    row: ApprovalRow
    sentence: str
    why: str
    arguments: tuple[Argument, ...]
    run_title: str = ""
    changes: tuple[Change, ...] = ()
    reach: str = ""
    undo: str = ""
    cost: str = ""
    asked_because: str = ""
    rule_name: str = ""
    before: tuple[StepBefore, ...] = ()
    seq: int = 0
    entry_hash: str = ""
    digest: str = ""
    scopes: tuple[Scope, ...] = ()
    proposed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refusal: str = ""
    needs_proof: bool = False

    @property
    def id(self) -> str:
        return self.row.id


def outcome_words(state: str) -> str:
    """How it was decided, as a person says it."""
    words = {
        "approved": tr("Approved"),
        "edited": tr("Edited and approved"),
        "rejected": tr("Rejected"),
        "expired": tr("Expired, nothing ran"),
        "withdrawn": tr("Withdrawn with its run"),
    }
    return words.get(state, state)


def row_sentence(row: ApprovalRow | RuleRow, now: int) -> str:
    """A row's accessible name: a sentence."""
    if isinstance(row, RuleRow):
        return one_line(row.words)
    words = {"read": tr("reads"), "write": tr("writes"), "send": tr("sends"), "spend": tr("money")}
    words |= {"destroy": tr("destroys"), "grant": tr("grants")}
    state = tr("in doubt") if row.is_in_doubt else row.state
    return one_line(
        f"{row.tool}, {words.get(row.effect, row.effect)}, {tr('asked by')} {row.agent}, "
        f"{long_age(now - row.asked_at)} {tr('ago')}, {state}"
    )


def in_order(rows: Iterable[ApprovalRow], tab: Tab) -> list[ApprovalRow]:
    """Waiting: in doubt first, then by expiry (never last), oldest first. Decided: newest first."""
    if tab == "waiting":
        return sorted(rows, key=lambda row: (not row.is_in_doubt, row.expires_at or 2**62, row.asked_at, row.id))
    return sorted(rows, key=lambda row: (-row.decided_at, row.id))
