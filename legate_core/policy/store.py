"""The rules in force and their counts: what the gate reads, what a decision uses up, how an edit is kept."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from legate_core.errors import Conflict, Forbidden, NotFound
from legate_core.identity.tables import workspaces
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.policy.change import Change, RuleSet, classify
from legate_core.policy.codec import rule_from_json, rule_to_json
from legate_core.policy.decide import decide
from legate_core.policy.events import PolicyChanged, RuleAdded, RuleDeleted, RuleEdited, RuleUsed
from legate_core.policy.match import why_not
from legate_core.policy.model import Call, Facts, Rule, Settings, Verdict
from legate_core.policy.provenance import OwnWords, atoms_of
from legate_core.policy.rules import validate_rule
from legate_core.policy.tables import policies, rules
from legate_core.storage import dialect
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Json, ToolSpec

MAIN = "main"
ACTIVE, USED_UP, DELETED = "active", "used_up", "deleted"


@dataclass(frozen=True)
class Book:
    """What policy judges by at one moment: the rules in force, the switches, and the version they stand at."""

    rules: tuple[Rule, ...]
    settings: Settings
    version: int


def load(ctx: ReadContext) -> Book:
    """The rules in force now, with what is left of their counts."""
    row = ctx.get(policies, MAIN)
    found = ctx.connection.execute(_IN_FORCE, {"k_workspace": ctx.workspace_id, "k_now": ctx.now})
    kept = tuple(_rule(definition, uses_left) for definition, uses_left in found)
    if row is None:
        return Book(kept, Settings(), 0)
    return Book(kept, settings_from(row["settings"]), row["version"])


def judge(ctx: Context, call: Call, facts: Facts) -> tuple[Verdict, Book]:
    """Decide a call by today's rules and count the use, in this transaction; `facts.settings` is filled in here.

    Where another transaction spent the last use of the deciding rule meanwhile, the call is decided again without it.
    """
    while True:
        book = load(ctx)
        verdict = decide(call, replace(facts, settings=book.settings), book.rules)
        if _count(ctx, verdict):
            return verdict, book


def _count(ctx: Context, verdict: Verdict) -> bool:
    """Count that a stored rule decided, built-in ones aside; False, and nothing written, where its last use is spent."""
    if verdict.rule_id.startswith("builtin."):
        return True
    while True:
        row = ctx.get(rules, verdict.rule_id)
        if row is None or row["state"] != ACTIVE:
            return False
        left = None if row["uses_left"] is None else row["uses_left"] - 1
        changes = {
            "uses": row["uses"] + 1,
            "uses_left": left,
            "last_used_at": ctx.now,
            "state": USED_UP if left == 0 else ACTIVE,
        }
        expected = {"uses": row["uses"], "uses_left": row["uses_left"], "state": ACTIVE}
        if ctx.update(rules, row["id"], changes, expect=expected) is not None:
            ctx.emit(RuleUsed(row["id"], verdict.kind, left))
            return True


def denies_now(ctx: ReadContext, spec: ToolSpec, arguments: Mapping[str, Json], action_row: Mapping[str, Any]) -> bool:
    """Whether a *deny* rule made or changed since this call was proposed forbids it.

    Older rules spoke when it was proposed. Where its values came from and what the run has read are not in an action's
    row; a new rule with a condition on that counts as meant, so the agent asks again and it is judged in full.
    """
    return _speaks_now(ctx, "deny", spec, arguments, action_row)


def allows_still(
    ctx: ReadContext, spec: ToolSpec, arguments: Mapping[str, Json], action_row: Mapping[str, Any]
) -> bool:
    """Whether a call that a rule allowed when it was proposed, with nobody asked, may run without a question now.

    The person's rule that allowed it must be there, not be at its end, and fit; that its last use was spent on this very
    call is no objection. What a built-in rule allowed stands while the policy is the one it was judged under: whether
    every value would be named under another is not in an action's row, so the agent asks again and it is judged in full.
    """
    if action_row["rule_id"].startswith("builtin."):
        return load(ctx).version == action_row["policy_version"]
    row = ctx.get(rules, action_row["rule_id"])
    if row is None or row["state"] == DELETED or row["verdict"] != "allow":
        return False
    rule = replace(_as_known(rule_of(row)), uses_left=None)
    if why_not(rule, _call(ctx, spec, arguments, action_row), Facts(OwnWords()), atoms_of(spec, arguments)):
        return False
    return not _speaks_now(ctx, "ask", spec, arguments, action_row)


def _speaks_now(
    ctx: ReadContext, verdict: str, spec: ToolSpec, arguments: Mapping[str, Json], action_row: Mapping[str, Any]
) -> bool:
    """Whether a rule with this verdict, made or changed since the call was proposed, is about it."""
    call = _call(ctx, spec, arguments, action_row)
    statement = _select_in_force().where(rules.c.verdict == verdict, rules.c.policy_version > bindparam("k_version"))
    values = {"k_workspace": ctx.workspace_id, "k_now": ctx.now, "k_version": action_row["policy_version"]}
    atoms = atoms_of(spec, arguments)
    return any(
        not why_not(_as_known(_rule(definition, uses_left)), call, Facts(OwnWords()), atoms)
        for definition, uses_left in ctx.connection.execute(statement, values)
    )


def _call(ctx: ReadContext, spec: ToolSpec, arguments: Mapping[str, Json], action_row: Mapping[str, Any]) -> Call:
    """A stored call as it would be judged now."""
    return Call(
        tool=spec,
        arguments=arguments,
        account=action_row["account"],
        run_id=action_row["run_id"],
        agent_id=action_row["agent_id"],
        trigger=action_row["trigger"],
        now=ctx.now,
    )


def _as_known(rule: Rule) -> Rule:
    return replace(rule, origin="", after_reading=(), workflows=())


Permit = Callable[[Change], bool]
"""Raises where the actor may not make an edit of this class; answers whether it rests on the actor's own word alone."""


def add_rule(ctx: Context, rule: Rule, permit: Permit | None = None, *, approval_id: str = "") -> str:
    """Keep a rule and answer with its id. `Invalid` where it may not be kept. `approval_id` names the answer that it
    came from. Without a `permit` a rule may only narrow, except for the engine."""
    rule = replace(rule, id=rule.id or new_id("rul"), built_in=False)
    validate_rule(rule, specs(ctx))
    if ctx.get(rules, rule.id) is not None:
        raise Conflict("There is a rule with this id already. Leave the id out, then add it again.")
    book = _hold(ctx)
    change = class_of(ctx, book, with_rule(book, rule))
    if permit is None and change.needs_approval and ctx.actor.kind != "system":
        raise Forbidden(f"{change.words} Nobody agreed to that; make the rule by hand, where its effect is shown.")
    is_alone = permit(change) if permit is not None else False
    version = _raise_version(ctx, book)
    made = {"id": rule.id, "approval_id": approval_id, "created_by": ctx.actor.id, "created_at": ctx.now, "uses": 0}
    ctx.insert(rules, made | _columns(ctx, rule, change, version))
    ctx.emit(RuleAdded(rule.id, rule.verdict, change.kind, version, approval_id, is_alone))
    return rule.id


def edit_rule(ctx: Context, rule_id: str, rule: Rule, permit: Permit) -> None:
    """Let a stored rule say something else; its count starts anew, what it was used for so far stays counted."""
    book = _hold(ctx)
    row = find(ctx, rule_id)
    rule = replace(rule, id=rule_id, built_in=False)
    validate_rule(rule, specs(ctx))
    change = class_of(ctx, book, with_rule(book, rule))
    is_alone = permit(change)
    version = _raise_version(ctx, book)
    if ctx.update(rules, rule_id, _columns(ctx, rule, change, version), expect=_as_seen(row)) is None:
        raise _moved()
    ctx.emit(RuleEdited(rule_id, rule.verdict, change.kind, version, is_alone))


def delete_rule(ctx: Context, rule_id: str, permit: Permit) -> None:
    """Take a rule out of force. Its row stays, because verdicts in the journal name it."""
    book = _hold(ctx)
    row = find(ctx, rule_id)
    change = class_of(ctx, book, without_rule(book, rule_id))
    is_alone = permit(change)
    version = _raise_version(ctx, book)
    changes = {"state": DELETED} | _changed(ctx, change, version)
    if ctx.update(rules, rule_id, changes, expect=_as_seen(row)) is None:
        raise _moved()
    ctx.emit(RuleDeleted(rule_id, row["verdict"], change.kind, version, is_alone))


def change_settings(ctx: Context, changes: Mapping[str, Any], permit: Permit) -> None:
    """Move switches, by their names in `Settings`. Where all of them stand so already, nothing happens."""
    book = _hold(ctx)
    settings = replace(book.settings, **changes)
    moved = [name for name in changes if getattr(settings, name) != getattr(book.settings, name)]
    if not moved:
        return
    change = class_of(ctx, book, RuleSet(book.rules, settings))
    is_alone = permit(change)
    version = _raise_version(ctx, book, settings)
    ctx.emit(PolicyChanged(tuple(sorted(moved)), change.kind, version, is_alone))


def find(ctx: ReadContext, rule_id: str) -> Mapping[str, Any]:
    """A stored rule's row, unless it was deleted; otherwise `NotFound`."""
    row = ctx.get(rules, rule_id)
    if row is None or row["state"] == DELETED:
        built_in = "Rules that ship with Legate cannot be changed; a rule of your own goes before them. "
        hint = built_in if rule_id.startswith("builtin.") else ""
        raise NotFound(f"There is no stored rule {rule_id[:80]!r} in this workspace. {hint}'legate rules' lists them.")
    return row


def class_of(ctx: ReadContext, book: Book, after: RuleSet) -> Change:
    """What an edit of these rules does, over the tools that exist now."""
    return classify(RuleSet(book.rules, book.settings), after, specs(ctx), ctx.now)


def with_rule(book: Book, rule: Rule) -> RuleSet:
    """The rules with this one added, or in the place of the one with its id."""
    return RuleSet((*without_rule(book, rule.id).rules, rule), book.settings)


def without_rule(book: Book, rule_id: str) -> RuleSet:
    """The rules without the one of this id."""
    return RuleSet(tuple(rule for rule in book.rules if rule.id != rule_id), book.settings)


def _hold(ctx: Context) -> Book:
    """The rules in force, held still until this transaction ends: an edit is classed against what it changes."""
    holding = select(workspaces.c.workspace_id).where(workspaces.c.workspace_id == ctx.workspace_id)
    ctx.connection.execute(dialect.locked(holding, ctx.connection)).all()
    return load(ctx)


def _raise_version(ctx: Context, book: Book, settings: Settings | None = None) -> int:
    version = book.version + 1
    changes = {
        "version": version,
        "settings": _as_text(settings_to_json(settings or book.settings)),
        "changed_by": ctx.actor.id,
        "changed_at": ctx.now,
    }
    if book.version == 0:
        ctx.insert(policies, changes | {"id": MAIN})
    elif ctx.update(policies, MAIN, changes, expect={"version": book.version}) is None:
        raise _moved()
    return version


def specs(ctx: ReadContext) -> tuple[ToolSpec, ...]:
    """The manifests of every tool there is."""
    catalog = ctx.port(Catalog)
    return tuple(catalog.spec(name) for name in catalog)


def settings_to_json(settings: Settings) -> dict[str, Json]:
    """The switches as JSON."""
    return dataclasses.asdict(settings) | {"allow_list": list(settings.allow_list)}


@lru_cache(maxsize=64)
def settings_from(text: str) -> Settings:
    """The switches as they are stored."""
    given = json.loads(text)
    return Settings(**given | {"allow_list": tuple(given["allow_list"])})


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule of a row, with what is left of its count."""
    return _rule(row["definition"], row["uses_left"])


@lru_cache(maxsize=4096)
def _rule(definition: str, uses_left: int | None) -> Rule:
    # A definition is parsed once: rules are read for every call and written almost never.
    return replace(rule_from_json(json.loads(definition)), uses_left=uses_left)


def _columns(ctx: Context, rule: Rule, change: Change, version: int) -> dict[str, Any]:
    return {
        "name": rule.name,
        "verdict": rule.verdict,
        "words": rule.words,
        "definition": _as_text(rule_to_json(rule)),
        "state": USED_UP if rule.uses_left == 0 else ACTIVE,
        "uses_left": rule.uses_left,
        "ends_at": rule.ends_at,
    } | _changed(ctx, change, version)


def _changed(ctx: Context, change: Change, version: int) -> dict[str, Any]:
    return {
        "change": change.kind,
        "policy_version": version,
        "changed_by": ctx.actor.id,
        "changed_at": ctx.now,
    }


def _as_seen(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("definition", "state", "uses_left")}


def _as_text(value: Json) -> str:
    # Escaped to ASCII: a text column of PostgreSQL refuses characters that a pattern may well hold.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _moved() -> Conflict:
    return Conflict("Somebody else changed the rules just now. Look at them again, then repeat your change.")


def _select_in_force() -> Select[Any]:
    return select(rules.c.definition, rules.c.uses_left).where(
        rules.c.workspace_id == bindparam("k_workspace"),
        rules.c.state == ACTIVE,
        or_(rules.c.ends_at.is_(None), rules.c.ends_at > bindparam("k_now")),
    )


_IN_FORCE = _select_in_force().order_by(rules.c.id)
