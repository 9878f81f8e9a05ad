"""The facts of rules and switches. `change` is the class of the edit: same, narrowing, widening or incomparable.

What a rule says, and whom it names, stays out of the chain: the row it accounts for holds that.
"""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("rule.added")
@dataclass(frozen=True, slots=True)
class RuleAdded(Event):
    """A rule is in force. `approval_id` is the answer it came from; without one, `self_approved` says that whoever made
    it allowed more than before on a fresh proof of their own, with nobody else to agree."""

    rule_id: str
    verdict: str
    change: str
    policy_version: int
    approval_id: str
    self_approved: bool


@event("rule.edited")
@dataclass(frozen=True, slots=True)
class RuleEdited(Event):
    """A rule says something else from here on."""

    rule_id: str
    verdict: str
    change: str
    policy_version: int
    self_approved: bool


@event("rule.deleted")
@dataclass(frozen=True, slots=True)
class RuleDeleted(Event):
    """A rule is no longer in force."""

    rule_id: str
    verdict: str
    change: str
    policy_version: int
    self_approved: bool


@event("rule.used")
@dataclass(frozen=True, slots=True)
class RuleUsed(Event):
    """A rule decided a call. `uses_left` is what remains of its count, None where it has none."""

    rule_id: str
    verdict: str
    uses_left: int | None


@event("policy.changed")
@dataclass(frozen=True, slots=True)
class PolicyChanged(Event):
    """The switches of the workspace changed; `switches` names them."""

    switches: tuple[str, ...]
    change: str
    policy_version: int
    self_approved: bool
