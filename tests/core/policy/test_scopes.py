"""The chips beside a yes: what each would allow, and that it never allows more than its words say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.policy.decide import decide
from legate_core.policy.model import Call
from legate_core.policy.rules import problems
from legate_core.policy.scopes import Scope, rule_from, scopes_for
from legate_core.tools.spec import Argument, Effect
from tests.core.policy.builders import DAY, DROP, MAIL, MONDAY, MOVE, PAY, POST, SHARE, TOOLS, call, facts, spec

LETTER = call(MAIL, on={"agent_id": "agt_1"}, to=["ann@example.com"], subject="Hi", body="hello")
PAYMENT = call(PAY, to="DE02", amount=1500)


def chips(given: Call) -> dict[str, Scope]:
    return {scope.id: scope for scope in scopes_for(given)}


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (LETTER, ["once", "this_run", "same_recipient", "same_domain", "this_agent", "until"]),
        (call(MAIL, to=["ann@gmail.com"]), ["once", "this_run", "same_recipient", "until"]),
        (call(MAIL, on={"run_id": ""}, to=["ann"]), ["once", "until"]),
        (call(MAIL, to=["ann@a.example", "not an address"]), ["once", "this_run", "until"]),
        (call(MOVE, path="/srv/data/a.txt", to="b.txt"), ["once", "this_run", "under_path", "until"]),
        (call(MOVE, path="a.txt", to="b.txt"), ["once", "this_run", "until"]),
        (call(MOVE, path="/a.txt", to="b.txt"), ["once", "this_run", "until"]),
        (call(MOVE, path="/srv/../a.txt", to="b.txt"), ["once", "this_run", "until"]),
        (call(POST, url="https://example.com/a/b"), ["once", "this_run", "until"]),
        (PAYMENT, ["once", "up_to_amount"]),
        (call(PAY, to="DE02", amount=-5), ["once"]),
        (call(PAY, to="DE02"), ["once"]),
        (call(DROP, path="/a/b"), ["once"]),
        (call(SHARE, path="/a/b"), ["once"]),
        (replace(LETTER, account="a*"), ["once"]),
        (call(MAIL, to=["x" * 30_000]), ["once"]),
        (call(PAY, to="x" * 30_000, amount=5), ["once"]),
    ],
)
def test_which_chips_are_offered(given: Call, ids: list[str]) -> None:
    found = scopes_for(given)
    assert [scope.id for scope in found if scope.id != "this_run" or given.run_id] == [
        name for name in ids if name != "this_run" or given.run_id
    ]


@pytest.mark.parametrize(
    "given",
    [
        LETTER,
        PAYMENT,
        call(MOVE, path="/srv/data/a.txt", to="b.txt"),
        call(POST, url="https://example.com/", headers={"A": "b"}),
        call(MAIL, to=["ann@example.com"] * 9),
        call(MAIL, to=["two\nlines@example.com " + "x" * 400]),
    ],
)
def test_every_chip_makes_a_rule_that_may_be_kept_and_allows_this_very_call(given: Call) -> None:
    for scope in scopes_for(given):
        if scope.rule is None:
            continue
        made = rule_from(scope, "rul_1")
        assert problems(made, TOOLS) == ()
        assert decide(given, facts(), [made]).rule_id == "rul_1"
        assert made.ends_at is not None
        assert made.ends_at > MONDAY
        assert decide(replace(given, now=made.ends_at), facts(), [made]).kind == "ask"


MOVED: list[tuple[Call, str, dict[str, Any], bool]] = [
    (LETTER, "same_recipient", {"body": "other"}, True),
    (LETTER, "same_recipient", {"to": ["ANN@example.com"]}, True),
    (LETTER, "same_recipient", {"to": ["bob@example.com"]}, False),
    (LETTER, "same_recipient", {"to": ["ann@example.com", "eve@evil.net"]}, False),
    (LETTER, "same_domain", {"to": ["bob@example.com"]}, True),
    (LETTER, "same_domain", {"to": ["bob@sub.example.com"]}, False),
    (LETTER, "this_run", {"body": "other"}, True),
    (LETTER, "this_run", {"to": ["bob@example.com"]}, False),
    (LETTER, "this_agent", {"to": ["bob@example.com"]}, False),
    (LETTER, "until", {"body": "other"}, True),
    (PAYMENT, "up_to_amount", {"amount": 1500}, True),
    (PAYMENT, "up_to_amount", {"amount": 1501}, False),
    (PAYMENT, "up_to_amount", {"amount": -1}, False),
    (PAYMENT, "up_to_amount", {"to": "DE03"}, False),
    (call(MOVE, path="/srv/data/a", to="b"), "under_path", {"path": "/srv/data/c"}, True),
    (call(MOVE, path="/srv/data/a", to="b"), "under_path", {"path": "/srv/other"}, False),
    (call(MOVE, path="/srv/data/a", to="b"), "under_path", {"to": "c"}, False),
    (call(MOVE, path="/srv/data/a", to="b"), "this_run", {"path": "/anything"}, True),
    (call(POST, url="https://example.com/"), "until", {"headers": {"A": "b"}}, False),
]


@pytest.mark.parametrize(("given", "chip", "changes", "allowed"), MOVED)
def test_a_chip_allows_what_its_words_say_and_no_more(
    given: Call, chip: str, changes: dict[str, Any], allowed: bool
) -> None:
    made = rule_from(chips(given)[chip], "rul_1")
    moved = replace(given, arguments={**given.arguments, **changes})
    assert (decide(moved, facts(), [made]).kind == "allow") is allowed


def test_chips_of_a_run_and_an_agent_hold_for_these_alone() -> None:
    found = chips(LETTER)
    for chip, change in (("this_run", {"run_id": "r2"}), ("this_agent", {"agent_id": "agt_2"})):
        made = rule_from(found[chip], "rul_1")
        assert decide(LETTER, facts(), [made]).kind == "allow"
        assert decide(replace(LETTER, **change), facts(), [made]).kind == "ask"


def test_a_chip_keeps_to_the_account() -> None:
    made = rule_from(chips(replace(LETTER, account="work"))["until"], "rul_1")
    assert decide(replace(LETTER, account="work"), facts(), [made]).kind == "allow"
    assert decide(replace(LETTER, account="home"), facts(), [made]).kind == "ask"


def test_an_amount_an_end_and_a_count_can_be_given() -> None:
    made = rule_from(chips(PAYMENT)["up_to_amount"], "rul_1", amount=900, ends_at=MONDAY + DAY, uses=2)
    assert (made.arguments[0].values, made.ends_at, made.uses_left) == ((900,), MONDAY + DAY, 2)


@pytest.mark.parametrize(
    ("chip", "how", "words"),
    [
        ("once", {}, "for this call alone"),
        ("up_to_amount", {"amount": -1}, "not negative"),
        ("up_to_amount", {"amount": "much"}, "not negative"),
        ("up_to_amount", {"uses": 0}, "at least one use"),
    ],
)
def test_what_makes_no_rule_is_refused(chip: str, how: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        rule_from(chips(PAYMENT)[chip], "rul_1", **how)
    with pytest.raises(Invalid, match="takes one"):
        rule_from(chips(LETTER)["until"], "rul_1", amount=5)


def test_an_address_argument_is_told_by_its_values_and_not_by_its_name() -> None:
    tool = spec(
        "x.invite",
        Effect.SEND,
        {"note": "string", "where": "object", "guests": {"type": "array"}},
        arguments={"note": Argument("content")},
    )
    given = call(tool, note="a@b.example", where={"mail": "c@d.example"}, guests=["ann@example.com"])
    assert "ann@example.com" in chips(given)["same_recipient"].words
    assert "same_recipient" not in chips(call(tool, where={"mail": "c@d.example"}))
