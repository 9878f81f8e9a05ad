"""Rules as Cedar policies, and a call as a Cedar request: a second reading of policy, written apart from the first.

What Cedar cannot say (all of a list, any of a list) is unrolled over the values of the call, `a0`, `a1`, …; a text is
handed over with what can be read out of it (its mail domain, its host, its folders), read here and not by
`legate_core.policy.match`. Where values come from is taken as given: it is judged elsewhere.

A verdict is three questions. `allowing` permits what an allow rule matches and forbids what another matches;
`asking` permits what an allow or ask rule matches and forbids what a deny rule matches; `default` stands for the
built-in rules.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from legate_core.policy.model import Call, Facts, Predicate, Rule
from legate_core.policy.provenance import atoms_of, content_links, origin_kind

MOST_VALUES, MOST_SEEN = 6, 2
SCALE = 1000
_GRAVE = ("spend", "destroy", "grant")


@dataclass(frozen=True)
class Policies:
    """The three policy sets of a rule set, as Cedar text."""

    allowing: str
    asking: str


DEFAULT = """
permit (principal, action, resource);
forbid (principal, action, resource) when {
  context.effect != "read" && !(context.effect == "write" && context.local && !context.ask_every_effect)
  && ( ["destroy", "grant", "spend"].contains(context.effect) || context.ask_every_effect
       || !(%(has_authority)s) || (%(derived_authority)s) || (%(derived_content)s) )
};
"""


def default() -> str:
    """The built-in rules as Cedar text."""
    return DEFAULT % {
        "has_authority": _any('{a}.role == "authority" && {a}.origin != "none"'),
        "derived_authority": _any('{a}.role == "authority" && {a}.origin == "derived"'),
        "derived_content": _any(
            '{a}.role == "content" && {a}.origin == "derived"'
            " && (!context.relax_content || context.confidential || {a}.is_name || {a}.links)"
        ),
    }


def export(rules: Sequence[Rule]) -> Policies:
    """The rules of a workspace as Cedar text."""
    by_verdict: dict[str, list[str]] = {"allow": [], "ask": [], "deny": []}
    for rule in rules:
        by_verdict[rule.verdict].append(_condition(rule))
    return Policies(
        _policies(by_verdict["allow"], [*by_verdict["ask"], *by_verdict["deny"]]),
        _policies([*by_verdict["allow"], *by_verdict["ask"]], by_verdict["deny"]),
    )


def _policies(permitting: Sequence[str], forbidding: Sequence[str]) -> str:
    lines = [f"permit (principal, action, resource) when {{ {condition} }};" for condition in permitting]
    lines += [f"forbid (principal, action, resource) when {{ {condition} }};" for condition in forbidding]
    return "\n".join(lines)


def _condition(rule: Rule) -> str:
    parts = ["true"]
    if rule.uses_left is not None and rule.uses_left <= 0:
        return "false"
    if rule.starts_at is not None:
        parts.append(f"context.now >= {rule.starts_at}")
    if rule.ends_at is not None:
        parts.append(f"context.now < {rule.ends_at}")
    for field, patterns in (("tool", rule.tools), ("account", rule.accounts)):
        if patterns:
            parts.append(_either(f"context.{field} like {_text(pattern)}" for pattern in patterns))
    for field, names in (
        ("effect", [effect.value for effect in rule.effects]),
        ("agent", rule.agents),
        ("workflow", rule.workflows),
        ("run", rule.runs),
        ("trigger", rule.triggers),
    ):
        if names:
            parts.append(f"[{', '.join(map(_text, names))}].contains(context.{field})")
    if rule.weekdays:
        parts.append(f"[{', '.join(map(str, rule.weekdays))}].contains(context.weekday)")
    if rule.hours is not None:
        start, end = rule.hours
        joined = "&&" if start <= end else "||"
        parts.append(f"(context.minute >= {start} {joined} context.minute < {end})")
    parts += [_predicate(predicate, rule.verdict == "allow") for predicate in rule.arguments]
    parts += _grave(rule) if rule.verdict == "allow" else _of_origin(rule)
    return " && ".join(f"({part})" for part in parts)


def _grave(rule: Rule) -> Iterator[str]:
    if rule.origin or rule.after_reading:
        yield "false"
    if rule.uses_left is None or rule.ends_at is None:
        yield f"![{', '.join(map(_text, _GRAVE))}].contains(context.effect)"
    bounded = [
        _text(each.argument)
        for each in rule.arguments
        if not each.negated and each.operator in ("at_most", "equals", "one_of")
    ]
    is_bounded = _either(f"context.amount_argument == {name}" for name in bounded)
    yield f'context.effect != "spend" || {is_bounded}'
    named = _either(f"context.tool == {_text(name)}" for name in rule.tools if "*" not in name)
    meant = _either(f"context.effect == {_text(effect.value)}" for effect in rule.effects)
    yield f'!["destroy", "grant"].contains(context.effect) || {named} || {meant}'


def _of_origin(rule: Rule) -> Iterator[str]:
    if rule.after_reading:
        yield _either(
            f"(context has s{n} && {_was_read(pattern, f'context.s{n}')})"
            for n in range(MOST_SEEN)
            for pattern in rule.after_reading
        )
    if rule.origin:
        kinds = '["derived"]' if rule.origin == "derived" else '["derived", "rule", "workspace"]'
        looked_at = _either(f"{{a}}.argument == {_text(each.argument)}" for each in rule.arguments)
        yield _any(f"({'true' if not rule.arguments else looked_at}) && {kinds}.contains({{a}}.origin)")


def _was_read(pattern: str, seen: str) -> str:
    return f"!{seen}.trusted" if pattern == "untrusted" else f"{seen}.source like {_text(pattern)}"


def _predicate(predicate: Predicate, is_strict: bool) -> str:
    name = _text(predicate.argument)
    below = f"{{a}}.argument like {_text(predicate.argument + '.*')}"
    if predicate.operator == "absent":
        there = _any(f"{{a}}.argument == {name} || {below}")
        return there if predicate.negated else f"!({there})"
    concerned = f"(({{a}}.argument == {name} && !{{a}}.is_name) || {below})"
    known, holds = _holds(predicate, is_strict)
    answer = f"!({holds})" if predicate.negated else f"({holds})"
    if is_strict:
        return f"({_any(concerned)}) && {_all(f'!{concerned} || ({known} && {answer})')}"
    return _any(f"{concerned} && (!({known}) || {answer})")


def _holds(predicate: Predicate, is_strict: bool) -> tuple[str, str]:
    """Whether it can be told of one value, and whether it holds."""
    how = "strict" if is_strict else "loose"
    values = predicate.values
    if predicate.operator in ("equals", "one_of"):
        return "true", f"[{', '.join(_text(identity(value, is_strict)) for value in values)}].contains({{a}}.id_{how})"
    if predicate.operator == "glob":
        patterns = (_text(form(value, is_strict)) for value in values)
        return "true", f"{{a}}.is_text && ({_either(f'{{a}}.text_{how} like {pattern}' for pattern in patterns)})"
    if predicate.operator == "at_most":
        limit = max(scaled(value) for value in values)
        least = " && {a}.number >= 0" if is_strict else ""
        return "{a} has number", f"{{a}}.number <= {limit}{least}"
    if predicate.operator == "under":
        bases = (folder(value if is_strict else value.casefold()) for value in values)
        return f"{{a}}.path_{how}", _either(f"{{a}}.folders_{how}.contains({_text(base)})" for base in bases)
    field = {"domain": "mail", "host": "host"}[predicate.operator]
    return f"{{a}}.{field}_clear", _either(f"{{a}}.{field}_{how}.contains({_text(value)})" for value in values)


def _any(condition: str) -> str:
    slots = [f"context.a{n}" for n in range(MOST_VALUES)]
    return _either(f"(context has {slot[8:]} && ({condition.format(a=slot)}))" for slot in slots)


def _all(condition: str) -> str:
    slots = [f"context.a{n}" for n in range(MOST_VALUES)]
    return " && ".join(f"(!(context has {slot[8:]}) || ({condition.format(a=slot)}))" for slot in slots)


def _either(conditions: Any) -> str:
    found = list(conditions)
    return f"({' || '.join(found)})" if found else "false"


def _text(value: str) -> str:
    # Braces are doubled, because conditions are filled in once more per value.
    return json.dumps(value, ensure_ascii=False).replace("{", "{{").replace("}", "}}")


def request(call: Call, facts: Facts) -> dict[str, Any] | None:
    """The call as a Cedar request; None where it has more values than conditions are unrolled for."""
    atoms = atoms_of(call.tool, call.arguments)
    if len(atoms) > MOST_VALUES or len(facts.observations) > MOST_SEEN:
        return None
    zone = datetime.timezone(datetime.timedelta(minutes=call.utc_offset_minutes))
    then = datetime.datetime.fromtimestamp(call.now / 1000, zone)
    context: dict[str, Any] = {
        "tool": call.tool.name,
        "effect": call.tool.effect.value,
        "local": call.tool.local,
        "amount_argument": call.tool.amount_argument,
        "account": call.account,
        "agent": call.agent_id,
        "workflow": call.workflow_id,
        "run": call.run_id,
        "trigger": call.trigger,
        "now": call.now,
        "weekday": then.weekday(),
        "minute": then.hour * 60 + then.minute,
        "ask_every_effect": facts.settings.ask_every_effect,
        "relax_content": facts.settings.relax_content,
        "confidential": any(seen.readers == "user" for seen in facts.observations),
    }
    for number, seen in enumerate(facts.observations):
        context[f"s{number}"] = {"source": seen.source, "trusted": seen.trusted}
    for number, atom in enumerate(atoms):
        context[f"a{number}"] = _read(atom.value) | {
            "argument": atom.argument,
            "role": atom.role,
            "is_name": atom.is_key,
            "origin": origin_kind(atom, call, facts),
            "links": bool(content_links(atom, facts)),
        }
    return {"principal": 'Run::"run"', "action": 'Action::"call"', "resource": 'Tool::"tool"', "context": context}


def _read(value: Any) -> dict[str, Any]:
    """What can be read out of a value."""
    text = value if isinstance(value, str) else ""
    is_text = isinstance(value, str)
    domain = _mail_domain(text)
    host = _host(text)
    path_strict, path_loose = text, text.replace("\\", "/").casefold()
    found: dict[str, Any] = {
        "is_text": is_text,
        "id_strict": identity(value, True),
        "id_loose": identity(value, False),
        "text_strict": form(text, True),
        "text_loose": form(text, False),
        "mail_clear": not is_text or "@" not in text or domain is not None,
        "mail_strict": [domain] if domain else [],
        "mail_loose": _parents(domain or ""),
        "host_clear": not is_text or host is not None,
        "host_strict": [host] if host else [],
        "host_loose": _parents(host or ""),
        "path_strict": not is_text or _is_clear_path(path_strict),
        "path_loose": not is_text or _is_clear_path(path_loose),
        "folders_strict": _folders(path_strict) if is_text else [],
        "folders_loose": _folders(path_loose) if is_text else [],
    }
    number = scaled(value)
    return found if number is None else found | {"number": number}


def identity(value: Any, is_strict: bool) -> str:
    """A value as one text, equal for equal values."""
    if isinstance(value, bool):
        return f"truth:{value}"
    if isinstance(value, int | float):
        return f"number:{scaled(value)}"
    return f"text:{form(value, is_strict)}"


def form(text: str, is_strict: bool) -> str:
    """The form in which texts compare: addresses in small letters, for narrowing everything."""
    if re.fullmatch(r"[^@\s/]+@[\w.-]+", text):
        text = text.lower()
    elif web := re.fullmatch(r"(\w+://[^/@\s]+)(/\S*)?", text):
        text = web[1].lower() + ("" if web[2] in (None, "/") else web[2])
    return text if is_strict else unicodedata.normalize("NFKC", text).casefold()


def scaled(value: Any) -> Any:
    """A number in thousandths, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return None
    return int(Decimal(str(value)) * SCALE)


def folder(text: str) -> str:
    """A path without what says nothing."""
    parts = [part for part in text.split("/") if part not in ("", ".")]
    return ("/" if text.startswith("/") else "") + "/".join(parts)


def _folders(text: str) -> list[str]:
    parts = folder(text).lstrip("/").split("/")
    root = "/" if text.startswith("/") else ""
    return [root + "/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _is_clear_path(text: str) -> bool:
    return ".." not in text.split("/") and "\\" not in text and not text.startswith("~")


def _mail_domain(text: str) -> str | None:
    found = re.fullmatch(r"[^@\s/]+@([\w.-]+)", text)
    return found[1].lower() if found else None


def _host(text: str) -> str | None:
    found = re.fullmatch(r"(?:https?://)?([A-Za-z0-9.-]+)(?::\d+)?(?:[/?#]\S*)?", text, re.IGNORECASE)
    return found[1].lower() if found and "\\" not in text else None


def _parents(name: str) -> list[str]:
    parts = name.split(".") if name else []
    return [".".join(parts[start:]) for start in range(len(parts))]
