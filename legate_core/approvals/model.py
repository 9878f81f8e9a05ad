"""What a person is asked and what they may answer: states, the card, the answer's binding."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Literal

from legate_core.crypto.canonical import digest
from legate_core.tools.spec import Effect


class ApprovalState(enum.StrEnum):
    """Every state of a question. All but `waiting` are final, except that an answer can be undone until dispatch."""

    WAITING = "waiting"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


RiskClass = Literal["low", "medium", "high", "grave"]


def risk_class(effect: Effect) -> RiskClass:
    """How much is at stake, for who may decide. Spending counts as high whatever the amount: there is no limit yet above
    which it would be grave. A rule never allows it without an amount, a count and an end."""
    return {
        Effect.READ: "low",
        Effect.WRITE: "medium",
        Effect.SEND: "high",
        Effect.SPEND: "high",
        Effect.DESTROY: "grave",
        Effect.GRANT: "grave",
    }[effect]  # type: ignore[return-value] # the table holds exactly the four words


def decide_permission(risk: RiskClass, *, edit: bool = False) -> str:
    """The permission that an answer to a question of this class needs."""
    verb = "edit" if edit else "decide"
    return f"approvals.{verb}.{'low' if risk in ('low', 'medium') else risk}"


@dataclass(frozen=True, slots=True)
class Binding:
    """Exactly what an answer is an answer to. Any drift is a new question.

    The digest is SHA-256 over the RFC 8785 form of these fields.
    """

    tool: str
    definition_hash: str
    arguments: Any
    account: str
    policy_version: int
    connector_version: str

    @property
    def digest(self) -> str:
        return digest(
            {
                "tool": self.tool,
                "definition": self.definition_hash,
                "arguments": self.arguments,
                "account": self.account,
                "policy": self.policy_version,
                "connector": self.connector_version,
            }
        )


@dataclass(frozen=True, slots=True)
class ArgumentOnCard:
    """One argument as the card shows it. `origin` says in words where its value comes from; `origin_kind` picks the sign."""

    path: str
    value: Any
    role: Literal["authority", "content"]
    origin_kind: Literal["person", "rule", "workspace", "derived", "none"]
    origin: str
    source_steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeChip:
    """One way to approve more than once: what it would allow, in words. `id` is what the answer names."""

    id: str
    words: str
    needs_amount: bool = False


@dataclass(frozen=True)
class Card:
    """Everything a person needs to decide, in the order it is shown. Frozen when the question is asked.

    `outline` is the title without the values that are content: for places where others may look on.
    """

    sentence: str
    title: str
    agent: str
    run_id: str
    why: str
    arguments: tuple[ArgumentOnCard, ...]
    changes: tuple[str, ...]
    reach: str
    undo: str
    cost: str
    asked_because: str
    rule_id: str
    rule_name: str
    before: tuple[str, ...]
    scopes: tuple[ScopeChip, ...] = ()
    raw_arguments: Any = None
    schema: Any = None
    outline: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One line of the inbox; `assigned_to` is a person.

    Questions with the same `like` come from one agent for the same tool and account, by the same rule. What they ask may
    differ: one line can stand for several only where their `outline` is the same too, the card's title without content.
    """

    id: str
    run_id: str
    action_id: str
    state: str
    tool: str
    effect: Effect
    agent: str
    title: str
    why: str
    asked_at: int
    expires_at: int
    decided_at: int = 0
    decided_by: str = ""
    reason: str = ""
    hold_until: int = 0
    like: str = ""
    snoozed_until: int = 0
    assigned_to: str = ""
    outline: str = ""


@dataclass(frozen=True)
class ApprovalDetail:
    """The inbox line with its card and its place in the journal."""

    row: ApprovalRow
    card: Card
    digest: str
    seq: int
    entry_hash: str
    risk: str
    edited_arguments: Any = None
    permitted: bool = True
    refusal: str = ""
    needs_proof: bool = False
    may_widen: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of an answer gets back: the state it led to and until when it can be undone; for an edit also the
    title of what was approved."""

    approval_id: str
    state: str
    hold_until: int
    rule_id: str = ""
    title: str = ""
