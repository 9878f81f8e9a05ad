"""The chips beside a yes: each a rule that this answer could become, with its words and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from legate_core.errors import Invalid
from legate_core.policy.match import quantity
from legate_core.policy.model import Call, Predicate, Rule
from legate_core.policy.provenance import atoms_of
from legate_core.policy.rules import MAX_NAME, fits
from legate_core.policy.words import address, words_of
from legate_core.tools.spec import Effect, Json

MILLIS_PER_DAY = 86_400_000
DEFAULT_DAYS = 30
UNTIL_DAYS = 7
DEFAULT_USES_OF_MONEY = 10

# At these domains "the same domain" means everybody.
OPEN_MAIL_DOMAINS = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com"}
    | {"me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "mail.com", "mail.ru"}
    | {"yandex.ru", "proton.me", "protonmail.com", "zoho.com", "qq.com", "163.com", "orange.fr", "free.fr", "libero.it"}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """One way to say yes. `rule` is what it would make, without an id; None makes none and answers this call alone."""

    id: str
    words: str
    rule: Rule | None = None
    needs_amount: bool = False
    needs_end: bool = False


def scopes_for(call: Call) -> tuple[Scope, ...]:
    """The chips for a question about this call, the narrowest first.

    Each pins every argument that carries authority, the missing ones too, except what its words say. Destroying and
    giving access offer only *once*; spending only an amount with a count and an end.
    """
    once = Scope("once", "Only this once")
    effect = call.tool.effect
    if effect in (Effect.DESTROY, Effect.GRANT) or "*" in call.account or "*" in call.tool.name:
        return (once,)
    if effect is Effect.SPEND:
        return (once, *(scope for scope in _up_to_amount(call) if scope.rule is None or fits(scope.rule)))
    found = [once, *_this_run(call), *_same_recipient(call), *_same_domain(call)]
    found += [*_under_path(call), *_up_to_amount(call), *_this_agent(call), _until(call)]
    return tuple(scope for scope in found if scope.rule is None or fits(scope.rule))


def rule_from(
    scope: Scope, rule_id: str, *, amount: Json = None, ends_at: int | None = None, uses: int | None = None
) -> Rule:
    """The rule that an answer with this chip makes. Raises `Invalid` where the chip makes none or lacks its amount."""
    if scope.rule is None:
        raise Invalid("This answer is for this call alone and makes no rule. Choose another scope to make one.")
    rule = replace(scope.rule, id=rule_id)
    if amount is not None:
        limit = quantity(amount)
        if not scope.needs_amount or limit is None or limit < 0:
            raise Invalid("The amount must be a number that is not negative, with a scope that takes one.")
        at_most = tuple(
            replace(predicate, values=(amount,)) if predicate.operator == "at_most" else predicate
            for predicate in rule.arguments
        )
        rule = replace(rule, arguments=at_most)
    if ends_at is not None:
        rule = replace(rule, ends_at=ends_at)
    if uses is not None:
        if uses < 1:
            raise Invalid("A rule must count at least one use.")
        rule = replace(rule, uses_left=uses)
    return rule


def _rule(call: Call, words: str, arguments: Sequence[Predicate], *, days: int = DEFAULT_DAYS) -> Rule:
    # The words hold values of the agent's choice, which a list of rules shows as one line.
    plain = "".join(character if character.isprintable() else " " for character in words)
    return Rule(
        id="",
        name=plain[:MAX_NAME],
        verdict="allow",
        words=f"A person allowed it: {plain[: MAX_NAME * 2]}.",
        tools=(call.tool.name,),
        arguments=tuple(arguments),
        accounts=(call.account,) if call.account else (),
        ends_at=call.now + days * MILLIS_PER_DAY,
    )


def _pinned(call: Call, *, but: str = "") -> list[Predicate]:
    """Conditions that hold every argument with authority where it is now, those that are missing included."""
    found: list[Predicate] = []
    for name in cast("Mapping[str, Json]", call.tool.parameters.get("properties") or {}):
        if name == but or call.tool.role_of(name).role != "authority":
            continue
        value = call.arguments.get(name)
        is_given = any(atom.path.startswith(name) for atom in atoms_of(call.tool, {name: value}))
        found.append(Predicate(name, "equals", (value,)) if is_given else Predicate(name, "absent"))
    return found


def _mail_argument(call: Call) -> tuple[str, tuple[str, ...]]:
    """The first argument with authority that holds mail addresses and nothing else, and the addresses."""
    atoms = atoms_of(call.tool, call.arguments)
    for name in dict.fromkeys(atom.argument for atom in atoms if atom.role == "authority"):
        values = [atom.value for atom in atoms if atom.argument == name or atom.argument.startswith(f"{name}.")]
        forms = [address(value) if isinstance(value, str) else "" for value in values]
        if "." not in name and all("@" in form and "://" not in form for form in forms):
            return name, tuple(dict.fromkeys(forms))
    return "", ()


def _same_recipient(call: Call) -> list[Scope]:
    name, people = _mail_argument(call)
    if not name:
        return []
    words = f"{call.tool.name} to {_listed(people)} with any text"
    arguments = [Predicate(name, "one_of", people), *_pinned(call, but=name)]
    return [
        Scope("same_recipient", f"To {_listed(people)} again, for {DEFAULT_DAYS} days", _rule(call, words, arguments))
    ]


def _same_domain(call: Call) -> list[Scope]:
    name, people = _mail_argument(call)
    domains = tuple(dict.fromkeys(person.rpartition("@")[2] for person in people))
    if not domains or OPEN_MAIL_DOMAINS & set(domains):
        return []
    words = f"{call.tool.name} to anybody at {_listed(domains)} with any text"
    arguments = [Predicate(name, "domain", domains), *_pinned(call, but=name)]
    return [
        Scope(
            "same_domain", f"To anybody at {_listed(domains)}, for {DEFAULT_DAYS} days", _rule(call, words, arguments)
        )
    ]


def _up_to_amount(call: Call) -> list[Scope]:
    name = call.tool.amount_argument
    amount = call.arguments.get(name) if name else None
    limit = quantity(amount)
    if limit is None or limit < 0:
        return []
    shown = f"{limit / 100:,.2f}"
    words = f"{call.tool.name} with the same target up to {shown}"
    rule = _rule(call, words, [Predicate(name, "at_most", (amount,)), *_pinned(call, but=name)])
    label = f"Same target up to {shown}, {DEFAULT_USES_OF_MONEY} times within {DEFAULT_DAYS} days"
    return [Scope("up_to_amount", label, replace(rule, uses_left=DEFAULT_USES_OF_MONEY), needs_amount=True)]


def _under_path(call: Call) -> list[Scope]:
    for name, value in call.arguments.items():
        is_path = isinstance(value, str) and "/" in value and "://" not in value and "@" not in value
        if not is_path or call.tool.role_of(name).role != "authority" or not words_of(name) & _PLACES:
            continue
        folder = cast("str", value).rstrip("/").rpartition("/")[0]
        if not folder.strip("/.") or ".." in folder.split("/"):
            continue
        words = f"{call.tool.name} under {folder}"
        rule = _rule(call, words, [Predicate(name, "under", (folder,)), *_pinned(call, but=name)])
        return [Scope("under_path", f"Anything under {folder}, for {DEFAULT_DAYS} days", rule)]
    return []


_PLACES = frozenset(
    {"path", "file", "folder", "directory", "dir", "filename", "name", "destination", "source", "to", "from"}
)


def _this_agent(call: Call) -> list[Scope]:
    if not call.agent_id:
        return []
    words = f"{call.tool.name} with the same target for this agent"
    rule = replace(_rule(call, words, _pinned(call)), agents=(call.agent_id,))
    return [Scope("this_agent", f"This agent, this tool, this target, for {DEFAULT_DAYS} days", rule)]


def _this_run(call: Call) -> list[Scope]:
    if not call.run_id:
        return []
    # A write stays in the house, so its target is left open; what goes out keeps going to the same place.
    is_open = call.tool.effect is Effect.WRITE
    words = f"{call.tool.name} in this run" if is_open else f"{call.tool.name} with the same target in this run"
    rule = replace(_rule(call, words, [] if is_open else _pinned(call)), runs=(call.run_id,))
    return [Scope("this_run", "In this run" if is_open else "The same target in this run", rule)]


def _until(call: Call) -> Scope:
    words = f"{call.tool.name} with the same target"
    rule = _rule(call, words, _pinned(call), days=UNTIL_DAYS)
    return Scope("until", "The same target until …", rule, needs_end=True)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
