"""When a rule speaks: its scope, its time, its conditions; an allow means surely, the others perhaps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from legate_core.policy.match import glob, is_in_hours, predicate_holds, quantity, why_not
from legate_core.policy.model import Call, Facts, Predicate, Rule
from legate_core.policy.provenance import atoms_of
from legate_core.tools.spec import Effect
from tests.core.policy.builders import (
    DAY,
    DROP,
    MAIL,
    MONDAY,
    MOVE,
    PAY,
    POST,
    SHARE,
    call,
    facts,
    rule,
    seen,
)

MINUTE = 60_000
WHO = {"account": "work", "agent_id": "agt_1", "workflow_id": "wfl_1", "trigger": "webhook"}
LETTER = call(MAIL, on=WHO, to=["ann@example.com"], body="hello")


def silent(given: Rule, on: Call = LETTER, known: Facts | None = None) -> str:
    return why_not(given, on, known or facts(), atoms_of(on.tool, on.arguments))


SCOPES: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"uses_left": 1}, ""),
    ({"uses_left": 0}, "it is used up"),
    ({"ends_at": MONDAY + 1}, ""),
    ({"ends_at": MONDAY}, "it has ended"),
    ({"starts_at": MONDAY}, ""),
    ({"starts_at": MONDAY + 1}, "it has not begun"),
    ({"tools": ("mail.send",)}, ""),
    ({"tools": ("files.*", "mail.*")}, ""),
    ({"tools": ("mail",)}, "it is about other tools"),
    ({"effects": (Effect.SEND,)}, ""),
    ({"effects": (Effect.WRITE,)}, "it is about other effects"),
    ({"agents": ("agt_0", "agt_1")}, ""),
    ({"agents": ("agt_*",)}, "it is about another agent"),
    ({"workflows": ("wfl_2",)}, "it is about another workflow"),
    ({"runs": ("r1",)}, ""),
    ({"runs": ("r2",)}, "it is about another run"),
    ({"triggers": ("manual",)}, "it is about runs that start otherwise"),
    ({"accounts": ("w*",)}, ""),
    ({"accounts": ("home",)}, "it is about another account"),
    ({"weekdays": (1,)}, "it is for another time"),
    ({"arguments": (Predicate("to", "one_of", ("ann@example.com",)),)}, ""),
    ({"arguments": (Predicate("to", "one_of", ("bob@example.com",)),)}, "the argument 'to' does not fit it"),
]


@pytest.mark.parametrize(("fields", "reason"), SCOPES)
@pytest.mark.parametrize("verdict", ["allow", "ask", "deny"])
def test_every_field_of_a_rule_narrows_it_and_says_so(fields: dict[str, Any], reason: str, verdict: Any) -> None:
    assert silent(rule("r1", verdict, **fields)) == reason


@pytest.mark.parametrize(
    ("hours", "weekdays", "at", "expected"),
    [
        (None, (), MONDAY, True),
        ((9 * 60, 10 * 60), (), MONDAY, True),
        ((9 * 60 + 31, 10 * 60), (), MONDAY, False),
        ((8 * 60, 9 * 60 + 30), (), MONDAY, False),
        ((8 * 60, 9 * 60 + 31), (), MONDAY, True),
        ((22 * 60, 6 * 60), (), MONDAY, False),
        ((22 * 60, 10 * 60), (), MONDAY, True),
        ((22 * 60, 6 * 60), (), MONDAY + 13 * 60 * MINUTE, True),
        (None, (0,), MONDAY, True),
        (None, (1, 2), MONDAY, False),
        (None, (6,), MONDAY - DAY, True),
        ((0, 1440), (0,), MONDAY, True),
        ((9 * 60, 10 * 60), (1,), MONDAY, False),
    ],
)
def test_hours_and_days(hours: Any, weekdays: Any, at: int, expected: bool) -> None:
    given = rule("r1", "ask", hours=hours, weekdays=weekdays)
    assert is_in_hours(given, replace(LETTER, now=at)) is expected


def test_the_time_of_day_is_the_workspaces_own() -> None:
    morning = rule("r1", "ask", hours=(9 * 60, 10 * 60), weekdays=(0,))
    assert is_in_hours(morning, replace(LETTER, utc_offset_minutes=0))
    assert not is_in_hours(morning, replace(LETTER, utc_offset_minutes=120))
    assert not is_in_hours(rule("r1", "ask", weekdays=(0,)), replace(LETTER, utc_offset_minutes=15 * 60))


GRAVE_CASES = [
    (
        call(DROP, path="/a"),
        {"tools": ("files.delete",)},
        "what can delete for good is only allowed with a count and an end",
    ),
    (call(DROP, path="/a"), {"tools": ("files.*",)}, "it does not say that it means what can delete for good"),
    (call(DROP, path="/a"), {"tools": ("files.delete",)}, ""),
    (call(DROP, path="/a"), {"effects": (Effect.DESTROY,)}, ""),
    (call(SHARE, path="/a"), {"tools": ("files.*",)}, "it does not say that it means what can give access"),
    (call(SHARE, path="/a"), {"tools": ("files.share",)}, ""),
    (call(PAY, to="x", amount=5), {"tools": ("bank.pay",)}, "spending is only allowed up to an amount"),
]


@pytest.mark.parametrize(("given", "fields", "reason"), GRAVE_CASES)
def test_what_no_allow_rule_can_do_by_the_way(given: Call, fields: dict[str, Any], reason: str) -> None:
    limits = {} if "count and an end" in reason else {"uses_left": 1, "ends_at": MONDAY + DAY}
    assert silent(rule("r1", "allow", **fields, **limits), given) == reason
    assert silent(rule("r1", "deny", **fields, **limits), given) == ""


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Predicate("amount", "at_most", (500,)), ""),
        (Predicate("amount", "equals", (500,)), ""),
        (Predicate("amount", "one_of", (400, 500)), ""),
        (Predicate("amount", "at_most", (400,), negated=True), "spending is only allowed up to an amount"),
        (Predicate("to", "one_of", ("x",)), "spending is only allowed up to an amount"),
    ],
)
def test_spending_is_only_covered_up_to_an_amount(predicate: Predicate, expected: str) -> None:
    given = rule("r1", "allow", effects=(Effect.SPEND,), arguments=(predicate,), uses_left=1, ends_at=MONDAY + DAY)
    assert silent(given, call(PAY, to="x", amount=500)) == expected


def test_a_tool_that_names_no_amount_cannot_be_covered() -> None:
    nameless = replace(PAY, amount_argument="")
    limit = Predicate("amount", "at_most", (500,))
    given = rule("r1", "allow", tools=("bank.pay",), arguments=(limit,), uses_left=1, ends_at=MONDAY + DAY)
    assert "up to an amount" in silent(given, call(nameless, to="x", amount=5))


@pytest.mark.parametrize("fields", [{"origin": "derived"}, {"origin": "not_person"}, {"after_reading": ("mail*",)}])
def test_a_condition_on_origin_never_allows(fields: dict[str, Any]) -> None:
    known = facts(observations=(seen(),))
    assert silent(rule("r1", "allow", **fields), known=known) == "a condition on origin cannot allow"
    assert silent(rule("r1", "deny", **fields), known=known) == ""


@pytest.mark.parametrize(
    ("pattern", "observations", "speaks"),
    [
        ("mail*", (seen(),), True),
        ("mail M-1", (seen(),), True),
        ("web*", (seen(),), False),
        ("untrusted", (seen(),), True),
        ("untrusted", (seen(trusted=True),), False),
        ("mail*", (seen(trusted=True),), True),
        ("*", (), False),
    ],
)
def test_a_rule_can_wait_for_what_was_read(pattern: str, observations: Any, speaks: bool) -> None:
    known = facts(observations=observations)
    said = silent(rule("r1", "ask", after_reading=(pattern,)), known=known)
    assert said == ("" if speaks else "the run has read nothing from such a source")


@pytest.mark.parametrize(
    ("origin", "arguments", "words", "speaks"),
    [
        ("derived", (), "to ann@example.com, hello", False),
        ("derived", (), "to ann@example.com", True),
        ("derived", (Predicate("to", "absent", negated=True),), "to ann@example.com", False),
        ("derived", (Predicate("to", "absent", negated=True),), "hello", True),
        ("not_person", (), "hello", True),
    ],
)
def test_a_rule_can_look_at_where_values_come_from(origin: Any, arguments: Any, words: str, speaks: bool) -> None:
    given = rule("r1", "ask", origin=origin, arguments=arguments)
    said = silent(given, known=facts(words))
    assert said == ("" if speaks else "every value has an origin that it accepts")


def test_what_the_allow_list_names_is_not_the_persons_own() -> None:
    known = facts("hello", settings=facts().settings.__class__(False, False, ("@example.com",)))
    assert silent(rule("r1", "ask", origin="not_person"), known=known) == ""
    assert silent(rule("r1", "ask", origin="derived"), known=known) != ""


# operator, condition's values, value, surely (allow), perhaps (ask, deny)
CONDITIONS: list[tuple[Any, tuple[Any, ...], Any, bool, bool]] = [
    ("equals", ("a",), "a", True, True),
    ("equals", ("a",), "A", False, True),
    ("equals", ("a",), "\uff41", False, True),
    ("equals", ("Ann@Example.com",), "ann@example.com", True, True),
    ("equals", (1,), 1.0, True, True),
    ("equals", (1,), True, False, False),
    ("equals", ("\u00e9",), "e\u0301", True, True),
    ("one_of", ("a", "b"), "b", True, True),
    ("one_of", ("a", "b"), "c", False, False),
    ("domain", ("example.com",), "ann@example.com", True, True),
    ("domain", ("example.com",), "ann@sub.example.com", False, True),
    ("domain", ("example.com",), "ann@evilexample.com", False, False),
    ("domain", ("example.com",), "Ann <ann@example.com>", False, True),
    ("domain", ("example.com",), "https://example.com", False, False),
    ("domain", ("example.com",), 5, False, False),
    ("host", ("example.com",), "https://example.com/a", True, True),
    ("host", ("example.com",), "example.com", True, True),
    ("host", ("example.com",), "https://sub.example.com/a", False, True),
    ("host", ("example.com",), "https://example.com@evil.net/", False, True),
    ("host", ("example.com",), "https://evil.net/example.com", False, False),
    ("host", ("example.com",), 5, False, False),
    ("under", ("/srv/data",), "/srv/data/a", True, True),
    ("under", ("/srv/data",), "/srv/data", True, True),
    ("under", ("/srv/data",), "/srv/./data//a", True, True),
    ("under", ("/srv/data",), "/srv/data/../secret", False, True),
    ("under", ("/srv/data",), "/srv/database", False, False),
    ("under", ("/srv/data",), "srv/data/a", False, False),
    ("under", ("data",), "data/a", True, True),
    ("under", ("/srv/data",), "/SRV/data/a", False, True),
    ("under", ("/srv/data",), "/srv\\data\\a", False, True),
    ("under", ("/srv/data",), "~/a", False, True),
    ("under", ("/srv/data",), "/srv/data/\0", False, True),
    ("under", ("/srv/data",), 5, False, False),
    ("at_most", (100,), 100, True, True),
    ("at_most", (100,), 101, False, False),
    ("at_most", (100,), -5, False, True),
    ("at_most", (100,), "99.5", True, True),
    ("at_most", (100,), "a lot", False, True),
    ("at_most", (100,), True, False, True),
    ("at_most", (100,), float("nan"), False, True),
    ("at_most", (50, 100), 70, True, True),
    ("at_most", ("none",), 70, False, False),
    ("glob", ("report-*.pdf",), "report-1.pdf", True, True),
    ("glob", ("report-*.pdf",), "Report-1.pdf", False, True),
    ("glob", ("report-*.pdf",), "report-1.pdf.exe", False, False),
    ("glob", ("a*",), "a\nb", True, True),
    ("glob", ("a*", 5), "b", False, False),
    ("glob", ("*",), 5, False, False),
]


@pytest.mark.parametrize(("operator", "values", "value", "surely", "perhaps"), CONDITIONS)
def test_conditions_surely_and_perhaps(
    operator: Any, values: tuple[Any, ...], value: Any, surely: bool, perhaps: bool
) -> None:
    given = {"path": value}
    atoms = atoms_of(MOVE, given)
    predicate = Predicate("path", operator, values)
    assert predicate_holds(predicate, given, atoms, is_strict=True) is surely
    assert predicate_holds(predicate, given, atoms, is_strict=False) is perhaps
    if surely:
        opposite = replace(predicate, negated=True)
        assert not predicate_holds(opposite, given, atoms, is_strict=True)


@pytest.mark.parametrize("value", ["/srv/data/../x", "~"])
def test_what_cannot_be_told_is_not_told_by_the_opposite_either(value: str) -> None:
    atoms = atoms_of(MOVE, {"path": value})
    for negated in (False, True):
        predicate = Predicate("path", "under", ("/srv/data",), negated)
        assert not predicate_holds(predicate, {"path": value}, atoms, is_strict=True)
        assert predicate_holds(predicate, {"path": value}, atoms, is_strict=False)


def test_an_allow_needs_every_value_and_the_others_any() -> None:
    given = {"to": ["ann@example.com", "eve@evil.net"]}
    atoms = atoms_of(MAIL, given)
    predicate = Predicate("to", "domain", ("example.com",))
    assert not predicate_holds(predicate, given, atoms, is_strict=True)
    assert predicate_holds(predicate, given, atoms, is_strict=False)


def test_left_out_is_a_condition_of_its_own() -> None:
    left_out, there = Predicate("subject", "absent"), Predicate("subject", "absent", negated=True)
    for given, is_absent in (({}, True), ({"subject": None}, True), ({"subject": "x"}, False)):
        atoms = atoms_of(MAIL, given)
        for is_strict in (True, False):
            assert predicate_holds(left_out, given, atoms, is_strict=is_strict) is is_absent
            assert predicate_holds(there, given, atoms, is_strict=is_strict) is not is_absent
    assert not predicate_holds(Predicate("subject", "equals", ("x",)), {}, (), is_strict=False)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("headers.X-Team", "a", True),
        ("headers.X-Other", "a", False),
        ("headers", {"X-Team": "a"}, True),
        ("headers", {"X-Team": "b"}, False),
        ("headers", {"X-Team": "a", "more": 1}, False),
        ("url.deep.er", "a", False),
    ],
)
def test_a_condition_reaches_into_objects_and_compares_whole_ones(path: str, value: Any, expected: bool) -> None:
    given = {"headers": {"X-Team": "a"}, "url": "u"}
    atoms = atoms_of(POST, given)
    assert predicate_holds(Predicate(path, "equals", (value,)), given, atoms, is_strict=True) is expected


def test_a_whole_list_is_compared_in_its_order() -> None:
    given = {"to": ["a", "b"]}
    atoms = atoms_of(MAIL, given)
    assert predicate_holds(Predicate("to", "equals", (["a", "b"],)), given, atoms, is_strict=True)
    assert not predicate_holds(Predicate("to", "equals", (["b", "a"],)), given, atoms, is_strict=True)
    assert predicate_holds(Predicate("to", "equals", (["b", "a"],), negated=True), given, atoms, is_strict=True)
    assert not predicate_holds(Predicate("to.x", "equals", ([1],)), {"to": {"x": 1, "y": 2}}, atoms, is_strict=True)


def test_a_path_through_something_that_is_no_object_finds_nothing() -> None:
    given = {"headers": "text"}
    atoms = atoms_of(POST, {"headers": {"a": {"b": "c"}}})
    assert not predicate_holds(Predicate("headers.a", "equals", ({"b": "c"},)), given, atoms, is_strict=True)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*c", "abc", True),
        ("a.c", "abc", False),
        ("[a]*", "a", False),
    ],
)
def test_only_the_star_is_special(pattern: str, text: str, expected: bool) -> None:
    assert glob(pattern, text) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "1"), (0.5, "0.5"), ("12.5", "12.5"), (True, None), ("x", None), (None, None), ([], None)],
)
def test_a_quantity_is_a_number_or_a_text_that_is_one(value: Any, expected: str | None) -> None:
    found = quantity(value)
    assert (None if found is None else str(found)) == expected
