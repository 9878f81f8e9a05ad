"""What an edit of the rules does: narrowing is only said where it holds, and every example is a call that changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from legate_core.policy.change import RANK, Change, RuleSet, classify
from legate_core.policy.covers import Cover, contains, covered
from legate_core.policy.model import Predicate, Rule, Settings
from legate_core.tools.spec import Effect
from tests.core.policy.builders import DAY, MONDAY, TOOLS, rule

EFFECTS = {tool.name: tool.effect for tool in TOOLS}


def to(*people: str, **changes: Any) -> Predicate:
    return replace(Predicate("to", "one_of", people), **changes)


def allow(**fields: Any) -> Rule:
    return replace(rule("a", "allow"), **({"tools": ("mail.send",), "ends_at": MONDAY + DAY} | fields))


def deny(**fields: Any) -> Rule:
    return replace(rule("d", "deny"), **({"tools": ("mail.send",)} | fields))


def ask(**fields: Any) -> Rule:
    return replace(rule("q", "ask"), **({"tools": ("mail.list",)} | fields))


def kind(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> Change:
    return classify(RuleSet(before), RuleSet(after), TOOLS, MONDAY)


ANN, BOB, BOTH = to("ann@x.example"), to("bob@x.example"), to("ann@x.example", "bob@x.example")
AT_X = Predicate("to", "domain", ("x.example",))
LIMITED = {"uses_left": 3, "ends_at": MONDAY + DAY}
PAY = {"tools": ("bank.pay",), **LIMITED}


def most(amount: int) -> tuple[Predicate, ...]:
    return (Predicate("amount", "at_most", (amount,)),)


EDITS: dict[str, tuple[tuple[Rule, ...], tuple[Rule, ...], str]] = {
    "nothing": ((), (), "same"),
    "the same rule": ((allow(),), (allow(),), "same"),
    "another name": ((allow(),), (allow(name="other", id="z"),), "same"),
    "a new allow": ((), (allow(),), "widening"),
    "a new deny": ((), (deny(),), "narrowing"),
    "a new ask over a read": ((), (ask(),), "narrowing"),
    "an allow less": ((allow(),), (), "narrowing"),
    "a deny less": ((deny(),), (), "widening"),
    "an ask less": ((ask(),), (), "widening"),
    "an ask becomes a deny": ((ask(),), (ask(verdict="deny"),), "narrowing"),
    "a deny becomes an ask": ((deny(tools=("mail.list",)),), (ask(),), "widening"),
    "one person more": ((allow(arguments=(ANN,)),), (allow(arguments=(BOTH,)),), "widening"),
    "one person less": ((allow(arguments=(BOTH,)),), (allow(arguments=(ANN,)),), "narrowing"),
    "another person": ((allow(arguments=(ANN,)),), (allow(arguments=(BOB,)),), "incomparable"),
    "a person instead of their domain": ((allow(arguments=(AT_X,)),), (allow(arguments=(ANN,)),), "narrowing"),
    "split in two": ((deny(arguments=(BOTH,)),), (deny(arguments=(ANN,)), deny(id="e", arguments=(BOB,))), "same"),
    "tools split in two": (
        (deny(tools=("mail.send", "bank.pay")),),
        (deny(), deny(id="e", tools=("bank.pay",))),
        "same",
    ),
    "a longer end": ((allow(),), (allow(ends_at=MONDAY + 2 * DAY),), "widening"),
    "no end": ((allow(),), (allow(ends_at=None, always=True),), "widening"),
    "a later start": ((allow(),), (allow(starts_at=MONDAY + 1),), "narrowing"),
    "one use more": ((allow(uses_left=1),), (allow(uses_left=2),), "widening"),
    "one use less": ((allow(uses_left=2),), (allow(uses_left=1),), "narrowing"),
    "the uses shared out twice": ((allow(uses_left=2),), (allow(uses_left=2), allow(id="b", uses_left=2)), "widening"),
    "the uses shared out": ((allow(uses_left=4),), (allow(uses_left=2), allow(id="b", uses_left=2)), "narrowing"),
    "fewer hours": ((allow(),), (allow(hours=(480, 1080)),), "narrowing"),
    "hours that pass midnight": ((allow(hours=(480, 1080)),), (allow(hours=(1000, 500)),), "incomparable"),
    "weekdays only": ((allow(),), (allow(weekdays=(0, 1)),), "narrowing"),
    "one agent": ((allow(),), (allow(agents=("agt_1",)),), "narrowing"),
    "another account": ((allow(accounts=("w*",)),), (allow(accounts=("work",)),), "narrowing"),
    "a wider account": ((allow(accounts=("work",)),), (allow(accounts=("w*",)),), "widening"),
    "one tool instead of an effect": ((allow(tools=(), effects=(Effect.SEND,)),), (allow(),), "narrowing"),
    "a used up allow": ((), (allow(uses_left=0),), "same"),
    "an allow that has ended": ((), (allow(ends_at=MONDAY),), "same"),
    "an allow with a condition on origin": ((), (allow(origin="derived"),), "same"),
    "an allow for what reads": ((), (allow(tools=("mail.list",)),), "same"),
    "an allow below a deny": ((deny(),), (deny(), allow()), "same"),
    "an allow below a counted deny": ((deny(uses_left=2),), (deny(uses_left=2), allow()), "widening"),
    "after reading something": ((deny(),), (deny(after_reading=("mail*",)),), "widening"),
    "after reading anything": ((deny(after_reading=("mail*",)),), (deny(after_reading=("*",)),), "narrowing"),
    "after reading the untrusted": (
        (deny(after_reading=("untrusted",)),),
        (deny(after_reading=("web",)),),
        "incomparable",
    ),
    "only derived values": ((deny(),), (deny(origin="derived"),), "widening"),
    "a weaker origin": ((deny(origin="derived"),), (deny(origin="not_person"),), "narrowing"),
    "an origin of one argument": (
        (deny(origin="derived"),),
        (deny(origin="derived", arguments=(to("*", operator="glob"),)),),
        "widening",
    ),
    "not these": ((deny(arguments=(to("ann@x.example", negated=True),)),), (deny(),), "narrowing"),
    "not these and not those": (
        (deny(arguments=(replace(ANN, negated=True),)),),
        (deny(arguments=(replace(BOTH, negated=True),)),),
        "widening",
    ),
    "a smaller amount": ((allow(**PAY, arguments=most(500)),), (allow(**PAY, arguments=most(100)),), "narrowing"),
    "a larger amount": ((allow(**PAY, arguments=most(100)),), (allow(**PAY, arguments=most(500)),), "widening"),
    "spending armed by a bound": (
        (allow(tools=("bank.pay",), **LIMITED),),
        (allow(**PAY, arguments=most(100)),),
        "incomparable",
    ),
    "destroying armed by a name": (
        (allow(tools=("files.*",), **LIMITED),),
        (allow(tools=("files.delete",), **LIMITED),),
        "incomparable",
    ),
    "destroying armed by a count": (
        (allow(tools=("files.delete",)),),
        (allow(tools=("files.delete",), uses_left=1),),
        "incomparable",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_an_edit_does(name: str) -> None:
    before, after, expected = EDITS[name]
    found = kind(before, after)
    assert found.kind == expected
    assert found.needs_approval == (expected in ("widening", "incomparable"))


@pytest.mark.parametrize("name", EDITS)
def test_an_example_is_a_call_that_changes(name: str) -> None:
    before, after, expected = EDITS[name]
    found = kind(before, after)
    if found.wider is not None:
        assert RANK[found.wider.after.kind] > RANK[found.wider.before.kind]
        assert expected in ("widening", "incomparable")
    if found.narrower is not None:
        assert RANK[found.narrower.after.kind] < RANK[found.narrower.before.kind]
        assert expected in ("narrowing", "incomparable")


@pytest.mark.parametrize(
    "name", ["a new allow", "a new deny", "one person more", "one person less", "a larger amount", "a longer end"]
)
def test_the_plain_edits_come_with_an_example(name: str) -> None:
    before, after, expected = EDITS[name]
    found = kind(before, after)
    assert (found.wider if expected == "widening" else found.narrower) is not None
    assert "For example" in found.words


def test_the_words_of_a_change() -> None:
    assert kind((), ()).words == "It changes no verdict."
    assert kind((), (deny(),)).words == ("It allows nothing new. For example mail.send: ask before, deny now.")
    assert Change("widening").words == "It allows more than before."


SAFE = Settings()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (SAFE, SAFE, "same"),
        (SAFE, Settings(ask_every_effect=False), "widening"),
        (Settings(ask_every_effect=False), SAFE, "narrowing"),
        (SAFE, Settings(relax_content=True), "widening"),
        (SAFE, Settings(allow_list=("@x.example",)), "widening"),
        (Settings(allow_list=("a", "b")), Settings(allow_list=("a",)), "narrowing"),
        (Settings(allow_list=("a",)), Settings(allow_list=("b",)), "incomparable"),
        (Settings(relax_content=True), Settings(ask_every_effect=False), "incomparable"),
    ],
)
def test_what_moving_a_switch_does(before: Settings, after: Settings, expected: str) -> None:
    assert classify(RuleSet((), before), RuleSet((), after), TOOLS, MONDAY).kind == expected


def test_a_switch_that_lets_something_through_shows_what() -> None:
    found = classify(RuleSet(), RuleSet((), Settings(ask_every_effect=False)), TOOLS, MONDAY)
    assert found.wider is not None
    assert (found.wider.before.kind, found.wider.after.kind) == ("ask", "allow")


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (Predicate("path", "under", ("/srv",)), Predicate("path", "under", ("/srv/data",)), True),
        (Predicate("path", "under", ("/srv/data",)), Predicate("path", "under", ("/srv",)), False),
        (Predicate("path", "under", ("/srv",)), Predicate("path", "equals", ("/srv/a",)), True),
        (Predicate("path", "under", ("/srv",)), Predicate("path", "equals", ("/srv/../a",)), False),
        (Predicate("path", "under", ("/srv",)), Predicate("path", "equals", ("https://x.example",)), False),
        (Predicate("path", "glob", ("*.pdf",)), Predicate("path", "glob", ("a*.pdf",)), True),
        (Predicate("path", "glob", ("a*.pdf",)), Predicate("path", "glob", ("*.pdf",)), False),
        (Predicate("path", "host", ("x.example",)), Predicate("path", "host", ("X.example",)), True),
        (Predicate("path", "host", ("x.example",)), Predicate("path", "host", ("y.example",)), False),
        (Predicate("path", "domain", ("x.example",)), Predicate("path", "domain", ("x.example",)), True),
        (Predicate("path", "domain", ("x.example",)), Predicate("path", "host", ("x.example",)), False),
        (Predicate("path", "absent"), Predicate("path", "absent"), True),
        (Predicate("path", "absent"), Predicate("path", "absent", (), True), False),
        (Predicate("path", "absent", (), True), Predicate("path", "equals", ("a",)), True),
        (Predicate("path", "absent"), Predicate("path", "equals", ("a",)), False),
        (Predicate("path", "equals", ("a",)), Predicate("path", "absent"), False),
        (Predicate("to", "equals", ("a",)), Predicate("path", "equals", ("a",)), False),
        (Predicate("path", "equals", (["a"],)), Predicate("path", "equals", (["a"],)), True),
        (Predicate("path", "equals", (["a"],)), Predicate("path", "equals", (["b"],)), False),
        (Predicate("path", "equals", (["a"],)), Predicate("path", "equals", ("a",)), False),
        (Predicate("path", "at_most", (5,), True), Predicate("path", "at_most", (7,), True), True),
        (Predicate("path", "at_most", (7,), True), Predicate("path", "at_most", (5,), True), False),
        (Predicate("path", "at_most", ("none",)), Predicate("path", "at_most", (5,)), False),
        (Predicate("path", "one_of", ("a",), True), Predicate("path", "equals", ("a",), True), True),
        (Predicate("path", "one_of", ("a",), True), Predicate("path", "at_most", (5,), True), False),
        (Predicate("path", "one_of", ("a",)), Predicate("path", "one_of", ("a",), True), False),
        (Predicate("path", "one_of", ("b",), True), Predicate("path", "one_of", ("a",)), True),
    ],
)
def test_one_condition_within_another(wide: Predicate, narrow: Predicate, expected: bool) -> None:
    outer, inner = rule("o", "allow", arguments=(wide,)), rule("i", "allow", arguments=(narrow,))
    assert contains(outer, inner, EFFECTS) is expected


def test_a_condition_read_loosely_is_not_within_one_read_strictly() -> None:
    same = Predicate("path", "equals", ("a",))
    loose, strict = rule("d", "deny", arguments=(same,)), rule("a", "allow", arguments=(same,))
    assert contains(loose, strict, EFFECTS)
    assert not contains(strict, loose, EFFECTS)


def test_what_would_need_too_many_pieces_is_not_called_covered() -> None:
    people = tuple(f"p{number}@x.example" for number in range(20))
    whole = rule("d", "deny", arguments=(Predicate("to", "one_of", people), Predicate("path", "one_of", people)))
    halves = tuple(
        Cover(replace(whole, arguments=(Predicate("to", "one_of", half), whole.arguments[1])), None)
        for half in (people[:10], people[10:])
    )
    assert covered(whole, halves, EFFECTS) is None
    assert covered(whole, (Cover(whole, None),), EFFECTS) is not None
