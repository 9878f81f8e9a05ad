"""Making, editing and deleting rules, and moving the switches; each edit is classed before it is kept.

Narrowing needs the right to tighten, everything else the right to loosen, which where nobody else could agree means a
fresh proof of who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from legate_core.errors import Forbidden, Invalid
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Context
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.policy import store
from legate_core.policy.change import Change
from legate_core.policy.model import Rule
from legate_core.policy.words import address

MAX_ALLOW_LIST = 500
MAX_QUESTION_HOURS = 30 * 24
LEARNING_MS = 7 * 24 * 60 * 60 * 1000
"""How long answers are learnt from, once somebody wants that."""


@dataclass(frozen=True, slots=True)
class AddRule(Command[str]):
    """Put a rule in force; answers with its id. An id in the request is not used: leave it empty."""

    rule: Rule


@command(AddRule, permission="policy.tighten", route="POST /rules")
def add_rule(ctx: Context, message: AddRule) -> str:
    return store.add_rule(ctx, replace(message.rule, id=""), lambda change: may_change(ctx, change))


@dataclass(frozen=True, slots=True)
class EditRule(Command[None]):
    """Replace what a stored rule says. Its count starts anew."""

    rule_id: str
    rule: Rule


@command(EditRule, permission="policy.tighten", route="PUT /rules/{rule_id}")
def edit_rule(ctx: Context, message: EditRule) -> None:
    store.edit_rule(ctx, message.rule_id, message.rule, lambda change: may_change(ctx, change))


@dataclass(frozen=True, slots=True)
class DeleteRule(Command[None]):
    """Take a rule out of force. What it decided so far keeps naming it."""

    rule_id: str


@command(DeleteRule, permission="policy.tighten", route="DELETE /rules/{rule_id}")
def delete_rule(ctx: Context, message: DeleteRule) -> None:
    store.delete_rule(ctx, message.rule_id, lambda change: may_change(ctx, change))


@dataclass(frozen=True, slots=True)
class ChangePolicySettings(Command[None]):
    """Move the workspace's switches; what is left out stays as it is.

    `allow_list` holds whole values, `@domain` for everybody at a mail domain, and host names for web addresses.
    `question_hours` is how long a question that is asked from now on waits before it expires and nothing runs. `learn`
    begins a week in which rules are proposed from alike answers (`ProposedRules`), or ends it.
    """

    ask_every_effect: bool | None = None
    relax_content: bool | None = None
    allow_list: tuple[str, ...] | None = None
    question_hours: int | None = None
    learn: bool | None = None


@command(ChangePolicySettings, permission="policy.tighten", route="PATCH /policy")
def change_policy_settings(ctx: Context, message: ChangePolicySettings) -> None:
    changes: dict[str, Any] = {}
    if message.ask_every_effect is not None:
        changes["ask_every_effect"] = message.ask_every_effect
    if message.relax_content is not None:
        changes["relax_content"] = message.relax_content
    if message.allow_list is not None:
        changes["allow_list"] = checked_allow_list(message.allow_list)
    if message.question_hours is not None:
        changes["question_hours"] = _checked_hours(message.question_hours)
    if message.learn is not None:
        changes["learning_until"] = ctx.now + LEARNING_MS if message.learn else 0
    store.change_settings(ctx, changes, lambda change: may_change(ctx, change))


def _checked_hours(hours: int) -> int:
    if not 1 <= hours <= MAX_QUESTION_HOURS:
        raise Invalid(f"A question can wait for 1 to {MAX_QUESTION_HOURS} hours. Choose another number of hours.")
    return hours


def may_change(ctx: Context, change: Change) -> bool:
    """Raise unless the actor may make an edit of this class; whether it then rests on this actor's word alone."""
    if not change.needs_approval or ctx.actor.kind == "system":
        return False
    try:
        ctx.port(MatrixAuthorizer).require(ctx, "policy.loosen")
    except Forbidden as error:
        raise type(error)(f"{change.words} {error.message}", **error.details) from error
    return True


def checked_allow_list(entries: tuple[str, ...]) -> tuple[str, ...]:
    """The entries in the form they are compared in, each once. `Invalid` names the first that could not be meant."""
    if len(entries) > MAX_ALLOW_LIST:
        raise Invalid(f"The allow-list may hold {MAX_ALLOW_LIST} entries. Use @domain for everybody at a domain.")
    found: list[str] = []
    for entry in entries:
        plain = entry.strip()
        is_domain = plain.startswith("@")
        if (
            len(plain) < 2
            or len(plain) > 400
            or not plain.isprintable()
            or "*" in plain
            or (is_domain and "." not in plain)
        ):
            raise Invalid(
                f"{entry[:60]!r} cannot stand on the allow-list. Give a whole value, @example.com for everybody at a "
                "mail domain, or a host name like docs.example.com."
            )
        found.append(plain.lower() if is_domain else address(plain) or plain)
    return tuple(sorted(set(found)))
