"""Which rules may be kept, how they read, and that they survive being written down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.policy.codec import rule_from_json, rule_to_json
from legate_core.policy.describe import describe, ends_words, moment
from legate_core.policy.model import Predicate, Rule
from legate_core.policy.rules import has_argument, predicate_words, problems, validate_rule
from legate_core.tools.spec import Effect
from tests.core.policy.builders import DAY, LIST, MONDAY, POST, TOOLS, rule, spec

ALLOWING = {"tools": ("mail.send",), "uses_left": 1}
FULL = Rule(
    id="rul_1",
    name="Everything",
    verdict="ask",
    words="Said.",
    tools=("mail.send", "files.*"),
    effects=(Effect.SEND, Effect.WRITE),
    arguments=(Predicate("to", "one_of", ("a", 1, None, True, ["x"])), Predicate("subject", "absent", (), True)),
    accounts=("work*",),
    agents=("agt_1",),
    workflows=("wfl_1",),
    runs=("run_1",),
    triggers=("webhook",),
    origin="not_person",
    after_reading=("mail*", "untrusted"),
    hours=(480, 60),
    weekdays=(0, 6),
    starts_at=1,
    ends_at=2,
    uses_left=3,
    always=True,
)

KEPT: list[dict[str, Any]] = [
    {"verdict": "deny"},
    {"verdict": "ask", "origin": "derived", "after_reading": ("untrusted",)},
    ALLOWING,
    {"tools": ("mail.send",), "ends_at": MONDAY},
    {"tools": ("mail.send",), "runs": ("r1",)},
    {"tools": ("mail.send",), "always": True},
    {"effects": (Effect.SEND,), "uses_left": 1},
    {"tools": ("files.*",), "uses_left": 1},
    {"tools": ("files.delete",), "uses_left": 1, "ends_at": MONDAY},
    {
        "tools": ("bank.pay",),
        "arguments": (Predicate("amount", "at_most", (500,)),),
        "uses_left": 1,
        "ends_at": MONDAY,
    },
    {"tools": ("web.post",), "arguments": (Predicate("headers.Accept", "equals", ("x",)),), "uses_left": 1},
    {"verdict": "deny", "tools": ("files.*",), "arguments": (Predicate("path", "under", ("/srv",)),)},
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"id": ""}, "needs an id"),
    ({"id": "builtin.read"}, "needs an id"),
    ({"built_in": True}, "needs an id"),
    ({"name": " "}, "Give it a name"),
    ({"name": "x" * 201}, "Say it shorter"),
    ({"words": "x" * 1001}, "Say it shorter"),
    ({"name": "two\nlines"}, "plain text in one line"),
    ({"words": "\u202eevil"}, "plain text in one line"),
    ({"arguments": (Predicate("to", "equals", ("x" * 20_000,)),)}, "at most 20,000 characters"),
    ({"arguments": (Predicate("to", "equals", (float("nan"),)),)}, "must be JSON values"),
    ({"uses_left": -1}, "below zero"),
    ({"starts_at": 2, "ends_at": 2}, "end before it begins"),
    ({"hours": (0, 1441)}, "two different times"),
    ({"hours": (60, 60)}, "two different times"),
    ({"weekdays": (7,)}, "Its weekdays"),
    ({"tools": ("mail.sent",)}, "There is no tool 'mail.sent'"),
    ({"tools": ("nothing.*",)}, "There is no tool"),
    ({"arguments": (Predicate("cc", "absent"),)}, "no argument 'cc'. It has to, subject, body."),
    ({"tools": (), "arguments": (Predicate("cc", "absent"),)}, "No tool that it is about has an argument 'cc'"),
    ({"tools": ("mail.list",), "arguments": (Predicate("folder.x", "absent"),)}, "no argument 'folder.x'"),
    ({"arguments": (Predicate("to", "absent", ("x",)),)}, "takes no value"),
    ({"arguments": (Predicate("to", "one_of"),)}, "needs at least one value"),
    ({"arguments": (Predicate("to", "domain", ("@example.com",)),)}, "a mail domain like example.com"),
    ({"arguments": (Predicate("to", "domain", ("",)),)}, "a mail domain like example.com"),
    ({"arguments": (Predicate("to", "host", ("https://example.com",)),)}, "a host name like example.com"),
    ({"arguments": (Predicate("to", "under", ("/a/../b",)),)}, "a folder without"),
    ({"arguments": (Predicate("to", "under", (5,)),)}, "a folder without"),
    ({"arguments": (Predicate("to", "at_most", ("much",)),)}, "needs a number"),
    ({"arguments": (Predicate("to", "glob", ("**",)),)}, "more in it than *"),
    ({"verdict": "allow", "uses_left": 1, "origin": "derived"}, "can only ask or deny"),
    ({"verdict": "allow", "uses_left": 1, "after_reading": ("x",)}, "can only ask or deny"),
    ({"verdict": "allow", "tools": (), "uses_left": 1}, "which tools or which effects"),
    ({"verdict": "allow"}, "must end"),
    ({"verdict": "allow", "tools": ("files.delete",), "uses_left": 1}, "only allowed with a count and an end"),
    ({"verdict": "allow", "tools": ("files.share",), "ends_at": 1}, "only allowed with a count and an end"),
    ({"verdict": "allow", "tools": (), "effects": (Effect.DESTROY,), "always": True}, "with a count and an end"),
    (
        {"verdict": "allow", "tools": ("files.delete",), "uses_left": 1, "ends_at": 1, "always": True},
        "with a count and an end",
    ),
    ({"verdict": "allow", "tools": ("bank.pay",), "uses_left": 1, "ends_at": 1}, "must limit amount"),
    ({"verdict": "allow", "tools": (), "effects": (Effect.SPEND,), "uses_left": 1, "ends_at": 1}, "must limit amount"),
]


@pytest.mark.parametrize("fields", KEPT)
def test_a_rule_that_names_what_exists_and_ends_may_be_kept(fields: dict[str, Any]) -> None:
    assert problems(rule("rul_1", **({"verdict": "allow"} | fields)), TOOLS) == ()


@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_a_rule_that_could_not_be_kept_is_refused_in_words(fields: dict[str, Any], words: str) -> None:
    base = rule("rul_1", "ask", tools=("mail.send",))
    found = problems(replace(base, **fields), TOOLS)
    assert words in " ".join(found)
    with pytest.raises(Invalid) as refused:
        validate_rule(replace(base, **fields), TOOLS)
    assert refused.value.details["problems"] == list(found)


def test_spending_without_a_named_amount_cannot_be_allowed() -> None:
    nameless = spec("bank.tip", Effect.SPEND, {"to": "string"})
    given = rule("rul_1", "allow", tools=("bank.tip",), uses_left=1, ends_at=MONDAY)
    assert "must limit an amount" in " ".join(problems(given, (nameless,)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("to", True),
        ("nothing", False),
        ("people.name", True),
        ("people.age", False),
        ("free.anything", True),
        ("free.any.thing", True),
        ("closed.x", False),
        ("broken.x", False),
    ],
)
def test_paths_are_known_to_the_schema(path: str, expected: bool) -> None:
    tool = spec(
        "x.y",
        Effect.SEND,
        {
            "to": "string",
            "people": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "free": {"type": "object"},
            "closed": {"type": "object", "additionalProperties": False},
            "broken": True,
        },
    )
    assert has_argument(tool, path) is expected


@pytest.mark.parametrize("given", [FULL, Rule("a", "b", "deny"), replace(FULL, hours=None, uses_left=0)])
def test_a_rule_survives_being_written_down(given: Rule) -> None:
    text = json.dumps(rule_to_json(given))
    assert rule_from_json(json.loads(text)) == given


def test_what_says_nothing_is_not_written() -> None:
    assert rule_to_json(Rule("a", "b", "deny")) == {"id": "a", "name": "b", "verdict": "deny"}


BROKEN: list[tuple[Any, str]] = [
    ([], "must be a JSON object"),
    ({"colour": "red"}, "has no field 'colour'"),
    ({"id": 5}, "needs a text as its 'id'. Give it one"),
    ({"name": None}, "needs a text as its 'name'. Give it one"),
    ({"verdict": "maybe"}, "must be one of allow, ask, deny"),
    ({"origin": "mars"}, "must be one of empty, derived, not_person"),
    ({"words": 1}, "must be a text"),
    ({"always": 1}, "must be true or false"),
    ({"tools": "mail.send"}, "must be a list of texts"),
    ({"tools": [1]}, "must be a list of texts"),
    ({"ends_at": "soon"}, "must be a whole number"),
    ({"uses_left": True}, "must be a whole number"),
    ({"effects": ["explode"]}, "There is no effect 'explode'"),
    ({"weekdays": [True]}, "must be a list of whole numbers"),
    ({"weekdays": 1}, "must be a list of whole numbers"),
    ({"hours": [1]}, "must be two numbers"),
    ({"arguments": {}}, "must be a list of conditions"),
    ({"arguments": [1]}, "must be a JSON object"),
    ({"arguments": [{"argument": "to", "operator": "equals", "more": 1}]}, "has no field 'more'"),
    ({"arguments": [{"argument": "", "operator": "equals"}]}, "needs the name of an argument"),
    ({"arguments": [{"argument": "to", "operator": "like"}]}, "must be one of equals"),
    ({"arguments": [{"argument": "to", "operator": "equals", "values": 1}]}, "needs a list of values"),
    ({"arguments": [{"argument": "to", "operator": "equals", "negated": 1}]}, "needs a list of values"),
]


@pytest.mark.parametrize(("fields", "words"), BROKEN)
def test_what_is_no_rule_is_refused_by_name(fields: Any, words: str) -> None:
    given = fields if isinstance(fields, list) else {"id": "a", "name": "b", "verdict": "deny"} | fields
    with pytest.raises(Invalid, match=words.replace("(", r"\(")):
        rule_from_json(given)


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        (Predicate("to", "equals", ("a",)), "to is a"),
        (Predicate("to", "one_of", ("a", "b"), True), "to is not one of a or b"),
        (Predicate("to", "domain", ("example.com",)), "to is at example.com"),
        (Predicate("path", "under", ("/a",)), "path is under /a"),
        (Predicate("amount", "at_most", (5,)), "amount is at most 5"),
        (Predicate("amount", "at_most", (5,), True), "amount is more than 5"),
        (Predicate("url", "host", ("example.com",)), "url is on example.com"),
        (Predicate("name", "glob", ("a*",)), "name is like a*"),
        (Predicate("to", "absent"), "to is left out"),
        (Predicate("to", "absent", (), True), "to is given"),
    ],
)
def test_a_condition_in_words(predicate: Predicate, words: str) -> None:
    assert predicate_words(predicate) == words


def test_a_rule_in_words_names_every_condition() -> None:
    assert describe(FULL) == (
        "Ask before mail.send or files.* where the effect is send or write, when to is one of a or 1 or None or True or "
        "['x'], when subject is given, with the account work*, for the agent agt_1, for the workflow wfl_1, in the run "
        "run_1, in a run started by webhook, when a value does not stand in your own words, after the run has read "
        "mail* or something untrusted, on Monday or Sunday, from 08:00 to 01:00, from 1 January 1970, 00:00 UTC."
    )
    assert describe(rule("r", "deny")) == "Never allow everything."
    assert describe(rule("r", "allow", effects=(Effect.READ,))) == "Allow anything with the effect read."
    derived = describe(rule("r", "deny", tools=(LIST.name, POST.name), origin="derived"))
    assert derived == (
        "Never allow mail.list or web.post, when a value stands neither in your own words nor in a grant."
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "never"),
        ({"uses_left": 0}, "used up"),
        ({"uses_left": 1}, "one more time"),
        ({"uses_left": 1200}, "1,200 more times"),
        ({"ends_at": MONDAY}, "until 15 June 2026, 09:30 UTC"),
        ({"uses_left": 2, "ends_at": MONDAY + DAY}, "2 more times, until 16 June 2026, 09:30 UTC"),
        ({"runs": ("r1",)}, "with its run"),
        ({"ends_at": 2**62}, "until a time beyond the calendar"),
    ],
)
def test_when_a_rule_ends_in_words(fields: dict[str, Any], words: str) -> None:
    assert ends_words(rule("r", "allow", **fields)) == words


def test_a_moment_is_told_in_one_time_zone() -> None:
    assert moment(MONDAY) == "15 June 2026, 09:30 UTC"
