"""What the Approvals page shows: frozen rows and one card, in its own words, free of the core's types and of Qt."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from legate_desktop.core_words import tr_core
from legate_desktop.words import long_age, number, one_line, plural, tr, value_text

Tab = Literal["waiting", "decided", "rules"]
TABS: tuple[Tab, ...] = ("waiting", "decided", "rules")
GRAVE_EFFECTS = frozenset({"spend", "destroy", "grant"})
FOLDS_FROM = 4
LIKE = "like/"
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
    like: str = ""
    snoozed_until: int = 0
    assigned_to: str = ""
    outline: str = ""

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
class GroupRow:
    """Several questions that ask the same of the same tool, folded into one line; unfolded they stand below it."""

    id: str
    rows: tuple[ApprovalRow, ...]
    is_unfolded: bool = False

    @property
    def first(self) -> ApprovalRow:
        return self.rows[0]

    @property
    def title(self) -> str:
        """What all of them want; where their content differs, without it."""
        is_same = all(row.title == self.first.title for row in self.rows)
        return tr_core(self.first.title if is_same else self.first.outline)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in words; or one that is only proposed, from so many alike approvals, and `proposal` is what to adopt."""

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
    approved: int = 0
    proposal: Any = None

    @property
    def is_proposed(self) -> bool:
        """Whether it is not in force, and only a person can put it there."""
        return self.proposal is not None


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
    before: tuple[str, ...] = ()
    seq: int = 0
    entry_hash: str = ""
    digest: str = ""
    scopes: tuple[Scope, ...] = ()
    proposed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    refusal: str = ""
    needs_proof: bool = False
    edited: Mapping[str, Any] | None = None
    risk: str = ""

    @property
    def id(self) -> str:
        return self.row.id


@dataclass(frozen=True, slots=True)
class Preview:
    """How far a scope would have reached among past questions to the same tool."""

    looked_at: int
    matched: int
    rejected: int
    newest: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in one or two sentences."""
        if not self.looked_at:
            return tr("Nobody asked for this tool before, so there is nothing to compare with.")
        text = plural("Of the last %n question(s) to this tool it would have answered {n} by itself.", self.looked_at)
        said = text.format(n=number(self.matched))
        no = tr("You rejected {n} of them.").format(n=number(self.rejected)) if self.rejected else ""
        return f"{said} {no}".rstrip()


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can be asked instead."""

    id: str
    name: str
    role: str
    may_decide: frozenset[str] = frozenset()


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


def row_sentence(row: ApprovalRow | GroupRow | RuleRow, now: int) -> str:
    """A row's accessible name: a sentence."""
    if isinstance(row, RuleRow):
        return f"{tr('Proposed')}: {one_line(tr_core(row.words))}" if row.is_proposed else one_line(tr_core(row.words))
    if isinstance(row, GroupRow):
        words = plural("%n like question(s)", len(row.rows))
        return one_line(f"{words}: {_asking(row.first)}, {row.title}")
    state = tr("in doubt") if row.is_in_doubt else row.state
    return one_line(f"{_asking(row)}, {long_age(now - row.asked_at)} {tr('ago')}, {state}")


def _asking(row: ApprovalRow) -> str:
    words = {"read": tr("reads"), "write": tr("writes"), "send": tr("sends"), "spend": tr("money")}
    words |= {"destroy": tr("destroys"), "grant": tr("grants")}
    return f"{row.tool}, {words.get(row.effect, row.effect)}, {tr('asked by')} {row.agent}"


def in_order(rows: Iterable[ApprovalRow], tab: Tab, now: int = 0) -> list[ApprovalRow]:
    """Waiting: in doubt first, then by expiry (never last), oldest first, what is for later last. Decided: newest first."""
    if tab == "waiting":
        return sorted(
            rows,
            key=lambda row: (
                row.snoozed_until > now,
                not row.is_in_doubt,
                row.expires_at or 2**62,
                row.asked_at,
                row.id,
            ),
        )
    return sorted(rows, key=lambda row: (-row.decided_at, row.id))


def folded(rows: Iterable[ApprovalRow], unfolded: Collection[str], now: int) -> list[ApprovalRow | GroupRow]:
    """Like questions, from four up, as one line where the first of them stood; unfolded, they follow it."""
    given = list(rows)
    by_like: dict[str, list[ApprovalRow]] = {}
    for row in given:
        if row.like and row.state == "waiting" and row.snoozed_until <= now:
            by_like.setdefault(row.like, []).append(row)
    grouped = {like: found for like, found in by_like.items() if len(found) >= FOLDS_FROM}
    inside = {row.id for found in grouped.values() for row in found}
    shown: list[ApprovalRow | GroupRow] = []
    for row in given:
        found = grouped.pop(row.like, None) if row.id in inside else None
        if found is not None:
            is_unfolded = row.like in unfolded
            shown.append(GroupRow(f"{LIKE}{row.like}", tuple(found), is_unfolded))
            shown += found if is_unfolded else []
        elif row.id not in inside:
            shown.append(row)
    return shown


@dataclass(frozen=True, slots=True)
class Later:
    """One time to be asked again at, in words."""

    words: str
    at: int


def later_choices(now: datetime, expires_at: int) -> list[Later]:
    """Times to be asked again at, none of them after the question has expired."""
    morning = (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    monday = morning + timedelta(days=(7 - morning.weekday()) % 7)
    choices = [
        (tr("In 15 minutes"), now + timedelta(minutes=15)),
        (tr("In an hour"), now + timedelta(hours=1)),
        (tr("In three hours"), now + timedelta(hours=3)),
        (tr("Tomorrow at nine"), morning),
        (tr("On Monday at nine"), monday),
    ]
    found = [Later(words, int(at.timestamp() * 1_000)) for words, at in choices]
    usable = [later for later in found if not expires_at or later.at < expires_at]
    # On a Sunday, tomorrow is Monday.
    return [later for at, later in enumerate(usable) if later.at not in [other.at for other in usable[:at]]]


def versions(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What a person changed in the arguments, line by line, each under its argument's name."""
    changes: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        old = value_text(before[name]).split("\n") if name in before else []
        new = value_text(after[name]).split("\n") if name in after else []
        if old == new:
            continue
        changes.append(Change(" ", f"{name}:"))
        for line in difflib.ndiff(old, new):
            if line[:2] in ("+ ", "- ", "  "):
                changes.append(Change(line[0], line[2:]))
    return tuple(changes)
