"""What policy judges and what it answers with: calls, labels, rules, grants and verdicts, as frozen data.

A mandate is a group of rules under one letter: its literals are own words, its permissions are rules with a count and
an end. Nothing here has to change for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from legate_core.tools.spec import Effect, Json, ToolSpec

if TYPE_CHECKING:
    from legate_core.policy.words import OwnWords

VerdictKind = Literal["allow", "ask", "deny"]
OriginKind = Literal["person", "rule", "workspace", "derived", "none"]
Operator = Literal["equals", "one_of", "domain", "under", "at_most", "host", "glob", "absent"]
OriginCondition = Literal["", "derived", "not_person"]

GRAVE = frozenset({Effect.SPEND, Effect.DESTROY, Effect.GRANT})
"""Effects whose allow rules need a count and an end, and must say that they mean them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One schema-valid tool call, as it would run, with who asks and when.

    `trigger` is how the run was started (manual, schedule, webhook …). `utc_offset_minutes` is the workspace's offset
    at `now`, so that rules about the time of day need no table of time zones.
    """

    tool: ToolSpec
    arguments: Mapping[str, Json]
    account: str = ""
    agent_id: str = ""
    workflow_id: str = ""
    run_id: str = ""
    trigger: str = ""
    now: int = 0
    utc_offset_minutes: int = 0


@dataclass(frozen=True, slots=True)
class ObservationText:
    """Something the run has read. Its label is everything but the text; no verdict depends on the text.

    `readers` says who may know it: only the user unless the source says otherwise.
    """

    id: str
    source: str
    text: str
    trusted: bool = False
    readers: Literal["user", "workspace", "anyone"] = "user"


@dataclass(frozen=True, slots=True)
class Grant:
    """An endorsement: this value, for this argument of this tool, so many times, in this run. Never the bare value.

    `argument` is the path of an atom without list positions (`to`, `headers.X-Team`).
    """

    id: str
    tool: str
    argument: str
    value: Json
    run_id: str
    account: str = ""
    uses_left: int = 1
    ends_at: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches of a workspace. The defaults are the safe ones; moving one away from them is a widening.

    `allow_list` holds whole values, `@domain` for everybody at a mail domain, and host names for web addresses. How long
    a question waits and until when answers are learnt from decide no call, so moving them is neither wider nor narrower.
    """

    ask_every_effect: bool = True
    relax_content: bool = False
    allow_list: tuple[str, ...] = ()
    question_hours: int = 24
    learning_until: int = 0


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on one argument, named by its path without list positions (`to`, `headers.Accept`).

    *allow* rules need every value at the path to fit, *ask* and *deny* rules are set off by any that does. Where it
    cannot be told (a path with `..`, an address that does not parse), an allow rule does not match and the others do.
    """

    argument: str
    operator: Operator
    values: tuple[Json, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A predicate over calls with a verdict, a count and an end. An empty field matches everything.

    `tools` and `accounts` may hold `*`. `hours` are minutes of the day [from, to) and may pass midnight; `weekdays`
    count from Monday = 0. `origin` and `after_reading` (a run that has read from such a source, `untrusted` for any
    such) look at labels only and may only narrow. `uses_left` None is no count, `ends_at` None is no end; `always` is
    the explicit word that an allow rule shall have neither.
    """

    id: str
    name: str
    verdict: VerdictKind
    words: str = ""
    tools: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    arguments: tuple[Predicate, ...] = ()
    accounts: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    origin: OriginCondition = ""
    after_reading: tuple[str, ...] = ()
    hours: tuple[int, int] | None = None
    weekdays: tuple[int, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    uses_left: int | None = None
    always: bool = False
    built_in: bool = False


@dataclass(frozen=True, slots=True)
class Atom:
    """One scalar of the arguments: where it stands, what it is, how its argument is treated.

    `path` has list positions (`to[0]`), `argument` has none. `is_key` marks a name that the caller chose in a free-form
    object; `is_safe` a value that needs no origin; `is_quantity` a number that counts or measures rather than names;
    `is_choice` one of a list of values that the schema declares.
    """

    path: str
    argument: str
    value: Json
    role: Literal["authority", "content"]
    is_safe: bool = False
    is_key: bool = False
    is_quantity: bool = False
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. `by` names the grant; `observations` are ids of what contains it, for the card only."""

    kind: OriginKind
    by: str = ""
    observations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedAtom:
    """An atom with its origin, as far as the verdict needs it."""

    atom: Atom
    origin: OriginKind


@dataclass(frozen=True)
class Facts:
    """What is known when a call is judged: own words, grants, and the labels of what was read."""

    own_words: OwnWords
    observations: tuple[ObservationText, ...] = ()
    grants: tuple[Grant, ...] = ()
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of policy, the rule that gave it, and why, in words that a person reads on the card.

    `atoms` are the values that led to it; `grants` are the ids of the grants that an *allow* leans on and uses up.
    """

    kind: VerdictKind
    rule_id: str
    rule_name: str
    reason: str
    atoms: tuple[JudgedAtom, ...] = ()
    grants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Considered:
    """One line of "why was I asked": a rule, whether it matched, what it said or why it stayed silent."""

    rule_id: str
    rule_name: str
    built_in: bool
    matched: bool
    says: VerdictKind
    reason: str
    decisive: bool = False
