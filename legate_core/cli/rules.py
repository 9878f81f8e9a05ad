"""`legate rules`: the rules in force and the switches; adding, editing, trying and deleting rules."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import legate_core as core
from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command, add_words, given, object_of, switch
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import moment, one_line, to_json, wrap
from legate_core.errors import Invalid

if TYPE_CHECKING:
    from legate_core.policy.model import Rule
    from legate_core.policy.queries import PolicyState, RuleRow

RULE_HELP = (
    "RULE is a JSON object, @file, or - for stdin. It has a name, a verdict (allow, ask, deny) and conditions:\n"
    'tools, effects, arguments ([{"argument": "to", "operator": "domain", "values": ["example.com"]}]),\n'
    "accounts, agents, runs, triggers, origin, after_reading, hours, weekdays, starts_at, ends_at, uses_left, always.\n"
    "'legate rules show ID --json' writes one. An edit that widens what may happen needs your passphrase."
)


def add(under: Subparsers) -> None:
    parser = add_command(under, "rules", "the rules in force, and the switches", list_all)
    words = add_words(parser)
    add_command(words, "list", "every rule, those that ship with Legate too", list_all)
    show = add_command(words, "show", "one rule whole", show_one)
    make = add_command(words, "add", "put a rule in force", add_one, more=RULE_HELP)
    edit = add_command(words, "edit", "replace what a rule says; its count starts anew", edit_one, more=RULE_HELP)
    delete = add_command(words, "delete", "take a rule out of force", delete_one)
    for word in (show, edit, delete):
        word.add_argument("id", metavar="ID", help="the rule's id, the beginning or the end of it")
    for word in (make, edit):
        word.add_argument("rule", metavar="RULE", help="the rule as JSON, @file, or - for stdin")
        word.add_argument("--try", action="store_true", dest="is_trial", help="say what it would do; change nothing")
    settings = add_command(words, "settings", "the switches, and moving them", change_settings)
    settings.add_argument("--ask-every-effect", type=switch, metavar="on|off", help="ask before every effect")
    settings.add_argument("--relax-content", type=switch, metavar="on|off", help="of free texts, judge links only")
    settings.add_argument("--question-hours", type=int, metavar="N", help="how long a new question waits for an answer")
    settings.add_argument("--learn", type=switch, metavar="on|off", help="for a week, propose rules from alike answers")
    settings.add_argument("--allow", action="append", default=[], metavar="VALUE", help="put it on the allow-list")
    settings.add_argument("--disallow", action="append", default=[], metavar="VALUE", help="take it off the allow-list")


async def list_all(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        rows = list((await session.ask(core.Rules())).values())
        state = await session.ask(core.PolicySettings())
    data = {"rules": wire.encode(rows), "settings": wire.encode(state)}
    return Result(data, [*(line for row in rows for line in _row(row, screen)), *_switches(state, screen)])


def _row(row: RuleRow, screen: Screen) -> list[str]:
    """A rule whole: what of a rule was cut off could be what matters."""
    own = "" if row.is_built_in else f"; used {row.uses} times; ends: {row.ends}"
    used_up = "; used up" if row.state == "used_up" else ""
    heading = screen.style(f"{one_line(row.name)}", "bold")
    return [heading, f"  {row.id}; {row.verdict}{own}{used_up}", *wrap(row.conditions, screen.width, indent="  "), ""]


def _switches(state: PolicyState, screen: Screen) -> list[str]:
    def word(is_on: bool) -> str:
        return "on" if is_on else "off"

    return [
        f"ask every effect  {word(state.ask_every_effect)}",
        f"relax content     {word(state.relax_content)}",
        *wrap(f"allow-list        {', '.join(state.allow_list) or 'empty'}", screen.width),
        f"questions wait    {state.question_hours} h",
        f"learning until    {moment(state.learning_until) if state.learning_until else 'off'}",
        f"policy version    {state.version}",
    ]


async def show_one(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire
    from legate_core.policy.codec import rule_to_json
    from legate_core.policy.queries import StoredRule

    async with opened(options, screen) as session:
        rows = await session.ask(core.Rules())
        row = rows[find(options.id, list(rows), "rule", "legate rules")]
        if row.is_built_in:
            data, definition = wire.encode(row), ["It ships with Legate and cannot be changed."]
        else:
            rule = await session.ask(StoredRule(row.id))
            data = rule_to_json(rule)
            definition = to_json(data).split("\n")
    heading = [screen.style(one_line(row.name), "bold"), *wrap(row.conditions, screen.width)]
    used = f"used {row.uses} times; ends: {row.ends}; {row.state.replace('_', ' ')}"
    return Result(data, [*heading, used, "", *definition])


async def add_one(options: Namespace, screen: Screen) -> Result:
    rule = _rule(options.rule, screen)
    async with opened(options, screen) as session:
        if options.is_trial:
            return await _try(session, rule)
        rule_id = await session.send(core.AddRule(rule))
        return await _kept(session, rule_id)


async def edit_one(options: Namespace, screen: Screen) -> Result:
    from dataclasses import replace

    rule = _rule(options.rule, screen)
    async with opened(options, screen) as session:
        rule_id = await _stored(session, options.id)
        if options.is_trial:
            return await _try(session, replace(rule, id=rule_id))
        await session.send(core.EditRule(rule_id, replace(rule, id=rule_id)))
        return await _kept(session, rule_id)


async def delete_one(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        rule_id = await _stored(session, options.id)
        await session.send(core.DeleteRule(rule_id))
        return Result({"deleted": rule_id}, [f"The rule {rule_id} is out of force."])


async def _stored(session: Session, word: str) -> str:
    rows = await session.ask(core.Rules())
    return find(word, [row.id for row in rows.values() if not row.is_built_in], "rule of yours", "legate rules")


async def _kept(session: Session, rule_id: str) -> Result:
    from legate_core import wire

    row = (await session.ask(core.Rules(ids=(rule_id,))))[rule_id]
    return Result({"rule": wire.encode(row)}, [f"In force as {rule_id}: {one_line(row.conditions)}"])


async def _try(session: Session, rule: Rule) -> Result:
    from legate_core import wire
    from legate_core.policy.queries import PreviewRule

    preview = await session.ask(PreviewRule(rule))
    if preview.problems:
        raise Invalid(f"The rule cannot be kept. {' '.join(preview.problems)}", problems=list(preview.problems))
    grave = "It needs your passphrase." if preview.needs_approval else ""
    said = wrap(f"{preview.conditions} {preview.words} {grave}".strip(), session.screen.width)
    return Result({"preview": wire.encode(preview)}, [*said, "Nothing was changed."])


def _rule(text: str, screen: Screen) -> Rule:
    from legate_core.policy.codec import rule_from_json

    return rule_from_json({"id": ""} | object_of(given(text, screen.read), "The rule"))


async def change_settings(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        state = await session.ask(core.PolicySettings())
        changes: dict[str, Any] = {}
        for name in ("ask_every_effect", "relax_content", "question_hours", "learn"):
            if getattr(options, name) is not None:
                changes[name] = getattr(options, name)
        if options.allow or options.disallow:
            missing = [value for value in options.disallow if value not in state.allow_list]
            if missing:
                raise Invalid(f"{missing[0][:80]!r} is not on the allow-list. 'legate rules settings' shows it.")
            kept = [value for value in state.allow_list if value not in options.disallow]
            changes["allow_list"] = tuple(dict.fromkeys([*kept, *options.allow]))
        if changes:
            await session.send(core.ChangePolicySettings(**changes))
            state = await session.ask(core.PolicySettings())
    return Result({"settings": wire.encode(state)}, _switches(state, screen))
