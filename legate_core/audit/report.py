"""What a verification found: three verdicts, and the findings they rest on, each in a sentence."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.StrEnum):
    """Whether something was shown, could not be shown either way, or was shown to be false."""

    HOLDS = "holds"
    UNPROVEN = "unproven"
    BROKEN = "broken"


class Kind(enum.StrEnum):
    """What was found. Each tampering has a kind of its own."""

    ENTRY_CHANGED = "entry_changed"
    ENTRIES_MOVED = "entries_moved"
    ENTRY_MISSING = "entry_missing"
    HEAD_CHANGED = "head_changed"
    INDEX_CHANGED = "index_changed"
    ROW_CHANGED = "row_changed"
    ROW_MISSING = "row_missing"
    ROW_UNACCOUNTED = "row_unaccounted"
    KEY_MISSING = "key_missing"
    KEY_CHANGED = "key_changed"
    BODY_MISSING = "body_missing"
    BODY_CHANGED = "body_changed"
    ROWS_UNCHECKED = "rows_unchecked"
    CLOCK_SET_BACK = "clock_set_back"
    TAIL_CUT = "tail_cut"
    OLD_COPY = "old_copy"
    REWRITTEN = "rewritten"
    FORKED = "forked"
    RUN_INCOMPLETE = "run_incomplete"
    NO_CHECKPOINT = "no_checkpoint"
    NONE_OUTSIDE = "none_outside"
    UNKNOWN_ACTOR = "unknown_actor"
    CHECKPOINT_FORGED = "checkpoint_forged"
    UNKNOWN_SIGNER = "unknown_signer"


DOUBTS = frozenset(
    {Kind.ROWS_UNCHECKED, Kind.CLOCK_SET_BACK, Kind.NO_CHECKPOINT, Kind.NONE_OUTSIDE, Kind.UNKNOWN_SIGNER}
)
"""Findings that leave a verdict unproven; every other kind breaks it. A clock may be set right, a checkpoint may not
have been written yet, a device may have been replaced."""

INTACT = frozenset(
    {
        Kind.ENTRY_CHANGED,
        Kind.ENTRIES_MOVED,
        Kind.ENTRY_MISSING,
        Kind.HEAD_CHANGED,
        Kind.INDEX_CHANGED,
        Kind.ROW_CHANGED,
        Kind.ROW_MISSING,
        Kind.ROW_UNACCOUNTED,
        Kind.KEY_MISSING,
        Kind.KEY_CHANGED,
        Kind.BODY_MISSING,
        Kind.BODY_CHANGED,
        Kind.ROWS_UNCHECKED,
        Kind.CLOCK_SET_BACK,
    }
)
COMPLETE = frozenset(
    {
        Kind.TAIL_CUT,
        Kind.OLD_COPY,
        Kind.REWRITTEN,
        Kind.FORKED,
        Kind.RUN_INCOMPLETE,
        Kind.NO_CHECKPOINT,
        Kind.NONE_OUTSIDE,
    }
)
BY_WHOM = frozenset({Kind.UNKNOWN_ACTOR, Kind.CHECKPOINT_FORGED, Kind.UNKNOWN_SIGNER})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `seq`, `table` and `key` name the place where it has one."""

    kind: Kind
    sentence: str
    seq: int = 0
    table: str = ""
    key: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether it breaks a verdict rather than leaving it unproven."""
        return self.kind not in DOUBTS


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of the three answers, with a sentence a person can act on."""

    state: State
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """The three verdicts over one workspace's journal, and what was looked at.

    `root` is the hash of the tree over all entries, in hexadecimal; `signed` is how many of them the newest good
    checkpoint covers; `verifier_key` is what a stranger needs to check a checkpoint with a tool of their own;
    `opened_bodies` is how many bodies were opened, none where that was not asked for.
    """

    workspace_id: str
    intact: Verdict
    complete: Verdict
    by_whom: Verdict
    findings: tuple[Finding, ...]
    entries: int
    rows: int
    erased_rows: int
    signed: int
    root: str
    verifier_key: str
    opened_bodies: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing is broken. What is unproven says so in its verdict."""
        return State.BROKEN not in (self.intact.state, self.complete.state, self.by_whom.state)


def verdict(findings: tuple[Finding, ...], kinds: frozenset[Kind], otherwise: str) -> Verdict:
    """The verdict over the findings of some kinds: the first fault speaks, then the first doubt, then `otherwise`."""
    mine = [finding for finding in findings if finding.kind in kinds]
    for finding in mine:
        if finding.is_fault:
            return Verdict(State.BROKEN, finding.sentence)
    if mine:
        return Verdict(State.UNPROVEN, mine[0].sentence)
    return Verdict(State.HOLDS, otherwise)
