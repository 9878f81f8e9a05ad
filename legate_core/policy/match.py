"""Does a rule match a call? Allow rules match only what they surely mean, ask and deny rules whatever they may mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from legate_core.policy.model import GRAVE, Atom, Call, Facts, Predicate, Rule
from legate_core.policy.provenance import origin_kind, same_value
from legate_core.policy.words import address, as_decimal, host_of, number
from legate_core.tools.spec import Effect, Json

MILLIS_PER_MINUTE = 60_000
MINUTES_PER_DAY = 1440


def why_not(rule: Rule, call: Call, facts: Facts, atoms: Sequence[Atom]) -> str:
    """Why the rule is silent about this call, in words; empty when it matches."""
    if rule.uses_left is not None and rule.uses_left <= 0:
        return "it is used up"
    if rule.ends_at is not None and call.now >= rule.ends_at:
        return "it has ended"
    if rule.starts_at is not None and call.now < rule.starts_at:
        return "it has not begun"
    if rule.tools and not any(glob(pattern, call.tool.name) for pattern in rule.tools):
        return "it is about other tools"
    if rule.effects and call.tool.effect not in rule.effects:
        return "it is about other effects"
    for names, actual, words in (
        (rule.agents, call.agent_id, "another agent"),
        (rule.workflows, call.workflow_id, "another workflow"),
        (rule.runs, call.run_id, "another run"),
        (rule.triggers, call.trigger, "runs that start otherwise"),
    ):
        if names and actual not in names:
            return f"it is about {words}"
    if rule.accounts and not any(glob(pattern, call.account) for pattern in rule.accounts):
        return "it is about another account"
    if not is_in_hours(rule, call):
        return "it is for another time"
    for predicate in rule.arguments:
        if not predicate_holds(predicate, call.arguments, atoms, is_strict=rule.verdict == "allow"):
            return f"the argument {predicate.argument!r} does not fit it"
    if rule.verdict == "allow":
        return _refuses_to_allow(rule, call)
    return _narrowing_conditions(rule, call, facts, atoms)


def _refuses_to_allow(rule: Rule, call: Call) -> str:
    """What no allow rule can do, even one that got in without being checked."""
    if rule.origin or rule.after_reading:
        return "a condition on origin cannot allow"
    if call.tool.effect not in GRAVE:
        return ""
    if rule.uses_left is None or rule.ends_at is None:
        return f"what can {_GRAVE_WORDS[call.tool.effect]} is only allowed with a count and an end"
    if call.tool.effect is Effect.SPEND and not is_bounded(rule, call.tool.amount_argument):
        return "spending is only allowed up to an amount"
    is_meant = call.tool.name in rule.tools or call.tool.effect in rule.effects
    if call.tool.effect is not Effect.SPEND and not is_meant:
        return f"it does not say that it means what can {_GRAVE_WORDS[call.tool.effect]}"
    return ""


_GRAVE_WORDS: Mapping[Effect, str] = {
    Effect.SPEND: "spend",
    Effect.DESTROY: "delete for good",
    Effect.GRANT: "give access",
}


def is_bounded(rule: Rule, amount_argument: str) -> bool:
    """Whether the rule limits the amount: spending without a named amount is never covered."""
    return bool(amount_argument) and any(
        predicate.argument == amount_argument and not predicate.negated and predicate.operator in _BOUNDING
        for predicate in rule.arguments
    )


_BOUNDING = frozenset({"at_most", "equals", "one_of"})


def _narrowing_conditions(rule: Rule, call: Call, facts: Facts, atoms: Sequence[Atom]) -> str:
    if rule.after_reading and not any(
        (pattern == "untrusted" and not seen.trusted) or glob(pattern, seen.source)
        for pattern in rule.after_reading
        for seen in facts.observations
    ):
        return "the run has read nothing from such a source"
    if not rule.origin:
        return ""
    # Fewer grants and fewer own words can only make these true, never false.
    suspect = {"derived"} if rule.origin == "derived" else {"derived", "rule", "workspace"}
    named = {predicate.argument for predicate in rule.arguments}
    looked_at = [atom for atom in atoms if not named or atom.argument in named]
    if any(origin_kind(atom, call, facts) in suspect for atom in looked_at):
        return ""
    return "every value has an origin that it accepts"


def is_in_hours(rule: Rule, call: Call) -> bool:
    """Whether the call falls into the rule's hours and days, in the workspace's local time."""
    if rule.hours is None and not rule.weekdays:
        return True
    minutes = call.now // MILLIS_PER_MINUTE + call.utc_offset_minutes
    # 1 January 1970 was a Thursday.
    weekday, minute = (minutes // MINUTES_PER_DAY + 3) % 7, minutes % MINUTES_PER_DAY
    if rule.weekdays and weekday not in rule.weekdays:
        return False
    if rule.hours is None:
        return True
    start, end = rule.hours
    return start <= minute < end if start <= end else minute >= start or minute < end


def predicate_holds(
    predicate: Predicate, arguments: Mapping[str, Json], atoms: Iterable[Atom], *, is_strict: bool
) -> bool:
    """Whether the arguments fit. Strict (for *allow*): surely and every value; otherwise: perhaps and any value."""
    below = f"{predicate.argument}."
    found = [atom for atom in atoms if atom.argument == predicate.argument or atom.argument.startswith(below)]
    if predicate.operator == "absent":
        return bool(found) == predicate.negated
    # The condition spells the name itself; what it is about is the value under it.
    found = [atom for atom in found if not atom.is_key or atom.argument != predicate.argument]
    if not found:
        return False
    if predicate.operator == "equals" and predicate.values and isinstance(predicate.values[0], list | tuple | Mapping):
        whole = _at(arguments, predicate.argument)
        return same_value(whole, predicate.values[0]) != predicate.negated
    answers = (_holds(predicate, atom, is_strict) for atom in found)
    if is_strict:
        return all(answer is True for answer in answers)
    return any(answer is not False for answer in answers)


def _holds(predicate: Predicate, atom: Atom, is_strict: bool) -> bool | None:
    """One value against one condition; None where it cannot be told."""
    value = atom.value
    if isinstance(value, str) and not is_strict:
        value = unicodedata.normalize("NFKC", value)
    answer = TESTS[predicate.operator](value, predicate.values, is_strict)
    return None if answer is None else answer != predicate.negated


def _at(arguments: Mapping[str, Json], path: str) -> Json:
    found: Json = arguments
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = cast("Mapping[str, Json]", found).get(part)
    return found


def glob(pattern: str, text: str) -> bool:
    """`*` stands for any run of characters; everything else for itself."""
    if "*" not in pattern:
        return pattern == text
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def form(value: Json, is_strict: bool) -> Json:
    """The form in which texts compare: mail and web addresses without case; for narrowing rules every text so."""
    if not isinstance(value, str):
        return value
    found = (address(value) or value) if value.isascii() else unicodedata.normalize("NFC", value)
    return found if is_strict else unicodedata.normalize("NFKC", found).casefold()


def _is_one_of(value: Json, values: Sequence[Json], is_strict: bool) -> bool:
    mine = form(value, is_strict)
    return any(same_value(mine, form(known, is_strict)) for known in values)


def _is_at_domain(value: Json, values: Sequence[Json], is_strict: bool) -> bool | None:
    if not isinstance(value, str) or "@" not in value:
        return False
    found = address(value)
    if not found or "://" in found or "@" not in found:
        return None
    return _is_host_in(found.rpartition("@")[2], values, is_strict)


def _is_host_in(host: str, values: Sequence[Json], is_strict: bool) -> bool:
    wanted = [str(known).lower().strip(".") for known in values]
    return any(host == known or (not is_strict and host.endswith(f".{known}")) for known in wanted)


def _is_under(value: Json, values: Sequence[Json], is_strict: bool) -> bool | None:
    if not isinstance(value, str):
        return False
    text = value if is_strict else value.replace("\\", "/").casefold()
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in text or "\\" in text or text.startswith("~"):
        return None
    for known in values:
        base = str(known) if is_strict else str(known).replace("\\", "/").casefold()
        base_parts = [part for part in base.split("/") if part not in ("", ".")]
        if base.startswith("/") == text.startswith("/") and parts[: len(base_parts)] == base_parts:
            return True
    return False


def _is_at_most(value: Json, values: Sequence[Json], is_strict: bool) -> bool | None:
    amount = quantity(value)
    if amount is None:
        return None
    limits = [limit for known in values if (limit := quantity(known)) is not None]
    # A negative amount is not "little": for an allow rule it is something else.
    return bool(limits) and amount <= max(limits) and (amount >= 0 or not is_strict)


def quantity(value: Json) -> Decimal | None:
    """A number, or a text that is one, as a decimal; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return as_decimal(value)
    return number(value) if isinstance(value, str) else None


def _is_at_host(value: Json, values: Sequence[Json], is_strict: bool) -> bool | None:
    if not isinstance(value, str):
        return False
    host = host_of(value)
    if host is None:
        return None
    return _is_host_in(host, values, is_strict)


def _is_like(value: Json, values: Sequence[Json], is_strict: bool) -> bool:
    if not isinstance(value, str):
        return False
    text = cast("str", form(value, is_strict))
    return any(isinstance(known, str) and glob(cast("str", form(known, is_strict)), text) for known in values)


TESTS = {
    "equals": _is_one_of,
    "one_of": _is_one_of,
    "domain": _is_at_domain,
    "under": _is_under,
    "at_most": _is_at_most,
    "host": _is_at_host,
    "glob": _is_like,
}
