"""The steps of the verdict, one table: rules first, deny over ask over allow, then the rules that ship with Legate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from legate_core.policy.builtin import BUILT_IN, BUILT_IN_RULES
from legate_core.policy.decide import decide, explain
from legate_core.policy.model import Call, Facts, Settings
from tests.core.policy.builders import (
    DROP,
    LIST,
    MAIL,
    MOVE,
    NOTE,
    OPEN,
    PAY,
    POST,
    SHARE,
    call,
    facts,
    grant,
    rule,
    seen,
)

LETTER = call(MAIL, to=["ann@example.com"], subject="Lunch", body="See you at noon")
TYPED = "Write to ann@example.com with the subject Lunch: see you at noon."
RELAXED = Settings(ask_every_effect=False, relax_content=True)

STEPS: dict[str, tuple[Call, Facts, str, str]] = {
    "2 reading is free": (call(LIST, folder="anything"), facts(), "allow", "builtin.read"),
    "2 also where every effect asks": (call(LIST, folder="x"), facts(settings=Settings()), "allow", "builtin.read"),
    "2 a local write": (call(NOTE, text="whatever"), facts(), "allow", "builtin.local-write"),
    "2 not where every effect asks": (call(NOTE, text="x"), facts(settings=Settings()), "ask", "builtin.no-authority"),
    "3 destroying, though named": (call(DROP, path="/a/b"), facts("delete /a/b"), "ask", "builtin.destroy-grant"),
    "3 giving access, though named": (call(SHARE, path="a"), facts("share a"), "ask", "builtin.destroy-grant"),
    "spending, though named": (
        call(PAY, to="ann@example.com", amount=500),
        facts("pay 500 to ann@example.com"),
        "ask",
        "builtin.spend",
    ),
    "4 a derived recipient": (LETTER, facts(TYPED.replace("ann", "bob")), "ask", "builtin.derived-authority"),
    "4 no target at all": (call(MAIL, body="hello"), facts("say hello"), "ask", "builtin.no-authority"),
    "4 an empty list is no target": (call(MAIL, to=[], body="hello"), facts("hello"), "ask", "builtin.no-authority"),
    "5 derived text": (LETTER, facts("to ann@example.com, subject Lunch"), "ask", "builtin.derived-content"),
    "5 one derived text of two": (
        LETTER,
        facts(TYPED.replace("Lunch", "Dinner")),
        "ask",
        "builtin.derived-content",
    ),
    "5 relaxed: plain text may pass": (
        LETTER,
        facts("to ann@example.com", settings=RELAXED),
        "allow",
        "builtin.own-words",
    ),
    "5 relaxed: a link may not": (
        replace(LETTER, arguments={"to": ["ann@example.com"], "body": "see www.evil.example.net"}),
        facts("to ann@example.com", settings=RELAXED),
        "ask",
        "builtin.derived-content",
    ),
    "5 relaxed: nothing after something confidential": (
        LETTER,
        facts("to ann@example.com", settings=RELAXED, observations=(seen(),)),
        "ask",
        "builtin.derived-content",
    ),
    "5 relaxed: after something public": (
        LETTER,
        facts("to ann@example.com", settings=RELAXED, observations=(seen(readers="anyone"),)),
        "allow",
        "builtin.own-words",
    ),
    "6 every value is typed": (LETTER, facts(TYPED), "allow", "builtin.own-words"),
    "6 whatever was read": (
        LETTER,
        facts(TYPED, observations=(seen("ann@example.com"),)),
        "allow",
        "builtin.own-words",
    ),
    "6 a workspace that asks": (LETTER, facts(TYPED, settings=Settings()), "ask", "builtin.every-effect"),
    "6 by a grant": (
        LETTER,
        facts("Lunch: See you at noon", grants=(grant(MAIL, "to", "ann@example.com"),)),
        "allow",
        "builtin.own-words",
    ),
    "6 by the allow-list": (
        LETTER,
        facts("Lunch: See you at noon", settings=replace(OPEN, allow_list=("@example.com",))),
        "allow",
        "builtin.own-words",
    ),
    "4 a value that needs no origin is no target": (
        call(POST, mode="plain", body="hello"),
        facts("say hello"),
        "ask",
        "builtin.no-authority",
    ),
    "6 a safe value needs no origin": (
        call(POST, url="https://example.com/a", mode="plain"),
        facts("post to https://example.com/a"),
        "allow",
        "builtin.own-words",
    ),
    "6 an unsafe one does": (
        call(POST, url="https://example.com/a", mode="raw"),
        facts("post to https://example.com/a"),
        "ask",
        "builtin.derived-authority",
    ),
    "a name in a free-form object is a value too": (
        call(POST, url="https://example.com/a", headers={"X-Leak": "a"}),
        facts("post to https://example.com/a with a"),
        "ask",
        "builtin.derived-authority",
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_steps_of_the_verdict(name: str) -> None:
    given, known, kind, rule_id = STEPS[name]
    verdict = decide(given, known, ())
    assert (verdict.kind, verdict.rule_id) == (kind, rule_id)
    assert verdict.reason.endswith(".")
    assert verdict.rule_name


@pytest.mark.parametrize(
    ("verdicts", "winner"),
    [
        (("allow", "ask", "deny"), "deny"),
        (("allow", "ask"), "ask"),
        (("deny", "allow"), "deny"),
        (("allow",), "allow"),
    ],
)
def test_deny_over_ask_over_allow_whatever_their_order(verdicts: tuple[Any, ...], winner: str) -> None:
    rules = [rule(f"r{number}", verdict, tools=("mail.send",), always=True) for number, verdict in enumerate(verdicts)]
    for order in (rules, rules[::-1]):
        assert decide(LETTER, facts(), order).kind == winner
        assert decide(LETTER, facts(TYPED), order).kind == winner


def test_of_two_rules_that_say_the_same_the_first_by_id_is_named() -> None:
    rules = [rule(name, "ask", tools=("mail.send",)) for name in ("r2", "r1", "r3")]
    assert decide(LETTER, facts(), rules).rule_id == "r1"


def test_a_rule_goes_before_the_default_in_both_directions() -> None:
    assert decide(call(LIST, folder="x"), facts(), [rule("r1", "deny", tools=("mail.list",))]).kind == "deny"
    allowing = rule("r1", "allow", tools=("mail.send",), uses_left=1)
    assert decide(LETTER, facts(settings=Settings()), [allowing]).kind == "allow"


def test_a_rule_speaks_in_its_own_words_or_in_plain_ones() -> None:
    plain = rule("r1", "deny", tools=("mail.send",))
    assert decide(LETTER, facts(), [plain]).reason == "The rule “rule r1” forbids it."
    assert decide(LETTER, facts(), [replace(plain, words="Not today.")]).reason == "Not today."


def test_an_allow_leans_on_its_grants_and_says_which() -> None:
    grants = (
        replace(grant(MAIL, "to", "eve@example.com"), id="unused"),
        grant(MAIL, "to", "ann@example.com"),
        replace(grant(MAIL, "to", "ann@example.com"), id="second"),
    )
    assert decide(LETTER, facts("Lunch: See you at noon", grants=grants), ()).grants == ("g1",)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"tool": "other"},
        {"argument": "cc"},
        {"value": "ANN@example.com"},
        {"run_id": "r2"},
        {"account": "second"},
        {"uses_left": 0},
        {"ends_at": 0},
    ],
)
def test_a_grant_is_for_one_tool_argument_value_run_and_account_and_it_ends(spoilt: dict[str, Any]) -> None:
    given = grant(MAIL, "to", "ann@example.com", ends_at=2**60)
    known = facts("Lunch: See you at noon", grants=(given,))
    assert decide(LETTER, known, ()).kind == "allow"
    assert decide(LETTER, replace(known, grants=(replace(given, **spoilt),)), ()).kind == "ask"


def test_the_reason_names_the_values_and_counts_the_rest() -> None:
    many = call(MAIL, to=[f"p{number}@example.com" for number in range(5)])
    assert "to[0], to[1], to[2] and 2 more" in decide(many, facts(), ()).reason
    two = call(MAIL, to=["a@example.com", "b@example.com"])
    assert decide(two, facts(), ()).reason == (
        "The values of to[0], to[1] do not stand in your own words, nor does a grant name them."
    )


def test_every_rule_that_ships_answers_for_itself() -> None:
    assert [shipped.rule for shipped in BUILT_IN] == list(BUILT_IN_RULES)
    for shipped in BUILT_IN_RULES:
        assert shipped.built_in
        assert shipped.id.startswith("builtin.")
        assert shipped.name
        assert shipped.words.endswith(".")


def test_why_shows_every_rule_and_marks_the_one_that_decided() -> None:
    rules = (
        rule("r1", "allow", tools=("mail.send",), uses_left=1),
        rule("r2", "deny", tools=("files.move",), words="Files stay."),
        rule("r3", "ask", agents=("agt_1",)),
    )
    lines = explain(LETTER, facts(TYPED), rules)
    assert [line.rule_id for line in lines] == ["r2", "r3", "r1", *(shipped.id for shipped in BUILT_IN_RULES)]
    assert [line.rule_id for line in lines if line.decisive] == ["r1"]
    by_id = {line.rule_id: line for line in lines}
    assert by_id["r2"].reason == "Silent, because it is about other tools."
    assert by_id["r3"].reason == "Silent, because it is about another agent."
    assert by_id["builtin.own-words"].matched
    assert not by_id["builtin.read"].matched


def test_why_names_a_built_in_rule_where_no_other_speaks() -> None:
    lines = explain(call(MOVE, path="/a", to="/b"), facts(), ())
    assert [line.rule_id for line in lines if line.decisive] == ["builtin.derived-authority"]
