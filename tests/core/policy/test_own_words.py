"""What is named and what is not: whole tokens, numbers, dates in any spelling, addresses, short ids."""

# ruff: noqa: RUF001 - the quotation marks and look-alikes are what is tested.
from __future__ import annotations

import datetime
from typing import Any

import pytest

from legate_core.policy.model import Origin
from legate_core.policy.provenance import (
    OwnWords,
    Typed,
    atoms_of,
    content_links,
    grants_used,
    observations_with,
    origin_kind,
    origin_of,
    read_typed,
    same_value,
    typed_at,
)
from legate_core.policy.words import addresses_in, as_decimal, host_of, number, words_of
from legate_core.tools.spec import Argument, Effect
from tests.core.policy.builders import MAIL, PAY, POST, call, facts, grant, seen, spec

TODAY = datetime.date(2026, 6, 15)


def named(text: str, value: Any, argument: str = "value", **how: Any) -> bool:
    return OwnWords.from_texts([text], today=TODAY).is_named(value, argument=argument, **how)


NAMED = [
    ("on 13 June 2026 at 9:00", "13 June 2026 at 09:00"),
    ("on 13 June 2026 at 9:00", "June 13, 2026, 9:00"),
    ("pay 12.5", "12,5"),
    ("June 13 to June 15", "2026-06-15"),
    ("13 June to 15 June 2027", "2027-06-13"),
    ("mail bob@example.com please", "bob@example.com"),
    ("mail Bob@Example.COM.", "bob@example.com"),
    ("(bob@example.com)", "bob@example.com"),
    ("bob@example.com, ann@example.com", "ann@example.com"),
    ("bob@example.com,ann@example.com", "ann@example.com"),
    ("from bob@example.com's list", "bob@example.com"),
    ("“bob@example.com”", "bob@example.com"),
    ("look at https://example.com/a?b=C.", "https://example.com/a?b=C"),
    ("look at HTTPS://Example.com/", "https://example.com"),
    ("look at www.example.com", "www.example.com"),
    ("look at www.example.com", "https://www.example.com"),
    ("look at example.com", "https://example.com"),
    ("move it to /srv/data/report.pdf.", "/srv/data/report.pdf"),
    ("to Alice", "alice"),
    ("to Alice and Bob", "Alice"),
    ("the channel #general", "general"),
    ("ask @kim", "kim"),
    ("the file team notes.docx", "team notes.docx"),
    ("the file 'team notes.docx', now", "team notes.docx"),
    ("call f(x) now", "f(x)"),
    ("pay 1,200.50 now", 1200.5),
    ("pay 1.200,50 now", 1200.5),
    ("pay €1200", 1200),
    ("pay $12.00", 12),
    ("minus -5", -5),
    ("send 2000000", 2000000),
    ("order 123456", "123456"),
    ("id 13", "13"),
    ("No. 13", "13"),
    ("#13", "13"),
    ("ids 3, 4 and 5", "5"),
    ("on 2026-06-13", "2026-06-13"),
    ("on 13 June 2026", "2026-06-13"),
    ("on June 13th, 2026", "2026-06-13"),
    ("on the 13th of June 2026", "2026-06-13"),
    ("am 13. Juni 2026", "2026-06-13"),
    ("am 13.06.2026", "2026-06-13"),
    ("le 13 juin 2026", "2026-06-13"),
    ("on 13/06/2026", "2026-06-13"),
    ("on June 13", "2026-06-13"),
    ("tomorrow at 5pm", "2026-06-16 17:00"),
    ("today at 17:30", "2026-06-15T17:30"),
    ("on 2026-06-13 at 9:00", "2026-06-13 09:00"),
    ("at noon", "12:00"),
    ("at midnight", "00:00"),
    ("um 14 Uhr", "14:00"),
    ("at 5.30 pm", "17:30"),
    ("at 12:00 for one hour on 2026-06-13", "2026-06-13 13:00"),
    ("a 1-hour long event at 10:00", "11:00"),
    ("at 10:00 for an hour and a half", "11:30"),
    ("half an hour from 10:00", "10:30"),
    ("from 10:00, 90 minutes", "11:30"),
    ("2026-06-13 23:30 for 2h", "2026-06-14 01:30"),
    ("from 11 January 2026, 4 nights", "2026-01-15"),
    ("from 2026-01-11 for two weeks", "2026-01-25"),
    ("January 11th to January 15th 2025", "2025-01-11"),
    ("January 11th to January 15th 2025", "2025-01-15"),
    ("30 December to 2 January 2025", "2024-12-30"),
    ("11-15 January 2025", "2025-01-11"),
    ("11 to 15 January 2025", "2025-01-15"),
    ("the 11th to the 15th of January 2025", "2025-01-11"),
    ("January 11 - 15, 2025", "2025-01-15"),
    ("11.–15. Januar", "2026-01-11"),
    # 15 June 2026 is a Monday.
    ("the day after tomorrow at 5pm", "2026-06-17 17:00"),
    ("the day before yesterday", "2026-06-13"),
    ("übermorgen um 14 Uhr", "2026-06-17 14:00"),
    ("in 3 days", "2026-06-18"),
    ("in two weeks", "2026-06-29"),
    ("3 days ago", "2026-06-12"),
    ("two days from now", "2026-06-17"),
    ("a week from tomorrow", "2026-06-23"),
    ("this Friday", "2026-06-19"),
    ("the coming Monday", "2026-06-22"),
    ("next Monday", "2026-06-22"),
    ("last Friday", "2026-06-12"),
    ("kommenden Freitag", "2026-06-19"),
    ("it lasts one hour", "60 minutes"),
    ("it lasts one hour", "PT1H"),
    ("90 min", "PT1H30M"),
    ("two weeks", "P2W"),
    ("the file ./notes.txt", "notes.txt"),
    ("the file notes.txt", "./notes.txt"),
    ("the general channel", "#general"),
    ("in channel 'General', please", "#general"),
    ("pay two hundred euros", 200),
    ("two hundred and fifty", 250),
    ("seventy thousand five hundred and one", 70501),
    ("twenty-five people", 25),
    ("a hundred", 100),
    ("two dozen", 24),
    ("2.5 million", 2500000),
    ("1,200 thousand", 1200000),
    ("$5k", 5000),
    ("5k€", 5000),
]

NOT_NAMED = [
    ("on 13 June 2026 at 9:00", "9:00 13 June 2026"),
    ("on 13 June 2026 at 9:00", "13 June 2026 and 09:00"),
    ("on 13 June 2026 or 14 June 2026", "13 June 2026 14 June 2026"),
    ("on 13 June 2026 at 9:00", "13 June 2026 at 10:00"),
    ("at 13:05 pm", "13:05"),
    ("at 13:05 pm", "01:05"),
    ("pay 12.5", "12.6"),
    ("from 2026-06-13 until June 2026", "2026-06-12"),
    ("June 13 to the 31st of June 2027", "2027-06-13"),
    ("9:00 to 13 June 2027", "2027-06-09"),
    ("June 13 to June 15", "2027-06-13"),
    ("mail bob@example.com", "ob@example.com"),
    ("mail bob@example.com", "bob@example.co"),
    ("mail bob@example.com", "b@example.com"),
    ("mail bob@example.com", "bob"),
    ("mail bob@example.com", "example.com"),
    ("mail bob@example.com", "bob@example.com "),
    ("mail bob@example.com", "bоb@example.com"),
    ("look at https://example.com/a", "https://example.com/b"),
    ("look at https://example.com/a", "http://example.com/a"),
    ("look at https://example.com/A", "https://example.com/a"),
    ("look at https://example.com/a", "https://example.com"),
    ("move it to /srv/data", "/srv/data/report.pdf"),
    ("move it to /srv/Data", "/srv/data"),
    ("the file report.pdf", "report"),
    ("to Alice", "a"),
    ("to Alice", ""),
    ("to Alice", "ali"),
    ("to Alice. Bob knows", "bobknows"),
    ("team  notes", "team\tnotes"),
    ("team notes", "team  notes"),
    ("full width", "ｆｕｌｌ"),
    ("pay 1200", 120),
    ("pay 1.000", 1000),
    ("pay 1200", -1200),
    ("pay 1200", True),
    ("pay 1200", None),
    ("true", True),
    ("June 13", "13"),
    ("June 13", 13),
    ("at 13:00", "13"),
    ("13 people", "13"),
    ("13 people", 13),
    ("13. The file", "13"),
    ("wait 3 days. Id of nothing", "3"),
    ("pay 12345", "12345"),
    ("on 05/06/2026", "2026-06-05"),
    ("on 05/06/2026", "2026-05-06"),
    ("on 31 June 2026", "2026-06-31"),
    ("on 13 June 2026", "2026-06-14"),
    ("on 13 June 2026", "2025-06-13"),
    ("at 25:00", "01:00"),
    ("at 13 pm", "13:00"),
    ("for one hour", "13:00"),
    ("at 12:00 for one hour", "14:00"),
    ("at 12:00 for one hour", "11:00"),
    ("at 23:30 for 2 days", "23:31"),
    ("at 12:00, 10 km away", "22:00"),
    ("11-15 January 2025", "2025-01-13"),
    ("11-15 January 2025", "11"),
    ("30 February to 2 March 2025", "2025-02-30"),
    ("June 2026", "2026-06-13"),
    ("pay", float("nan")),
    ("pay", float("inf")),
    ("pay", ["pay"]),
    ("a 0-hour event at 10:00", "11:00"),
    ("the day after tomorrow", "2026-06-16"),
    ("the day before yesterday", "2026-06-14"),
    ("a week from tomorrow", "2026-06-16"),
    ("in 3 to 5 days", "2026-06-18"),
    ("3 to 5 days ago", "2026-06-10"),
    ("within 3 days", "2026-06-18"),
    ("once a week from today", "2026-06-22"),
    ("on Friday", "2026-06-19"),
    ("next Friday", "2026-06-19"),
    ("next Friday", "2026-06-26"),
    ("last Monday and this Friday", "2026-06-15"),
    ("morgen", "2026-06-16"),
    ("one hour", "61 minutes"),
    ("one hour", "PT2H"),
    ("one hour", "P"),
    ("4 nights", "4 days"),
    ("the file notes.txt", "../notes.txt"),
    ("the file notes.txt", "./"),
    ("the file /a/notes.txt", "./notes.txt"),
    ("tell everyone here", "#here"),
    ("a general question", "#general"),
    ("general. Channel news", "#news2"),
    ("the channel", "#"),
    ("read only", "read_only"),
]

NO_AMOUNTS = [
    ("two hundred", 2),
    ("two hundred", 100),
    ("twenty-five", 20),
    ("twenty-five", 5),
    ("3 thousand", 3),
    ("5 thousand five hundred", 5000),
    ("half a million", 1000000),
    ("two and a half", 2),
    ("two point five", 2),
    ("minus two", 2),
    ("the two three of us", 2),
    ("the two three of us", 23),
    ("twenty hundred", 2000),
    ("two thousand three million", 3002000),
    ("twenty-first", 20),
    ("two-thirds", 2),
    ("one of them", 1),
    ("run a 5k", 5000),
    ("run a 5k", 5),
    ("often", 10),
    ("10%", 10),
]


@pytest.mark.parametrize(("text", "value"), NAMED)
def test_what_a_person_typed_is_named(text: str, value: Any) -> None:
    assert named(text, value, is_quantity=isinstance(value, int))


@pytest.mark.parametrize(("text", "value"), NOT_NAMED)
def test_what_only_looks_like_it_is_not(text: str, value: Any) -> None:
    assert not named(text, value)


@pytest.mark.parametrize(
    ("text", "value", "argument", "expected"),
    [
        ("delete file 13", "13", "file_id", True),
        ("delete file 13", 13, "fileId", True),
        ("delete files 12 and 13", "13", "file_ids", True),
        ("delete file 13", "13", "event_id", False),
        ("on June 13 delete the file", "13", "file_id", False),
        ("13 files", "13", "file_id", True),
        ("delete file 13", "13", "value", False),
    ],
)
def test_a_short_id_is_named_only_where_the_text_says_what_it_is(
    text: str, value: Any, argument: str, expected: bool
) -> None:
    assert named(text, value, argument) is expected


@pytest.mark.parametrize(("value", "expected"), [(3, True), ("3", True), (4, False), ("4", False)])
def test_a_quantity_needs_no_word_beside_it(value: Any, expected: bool) -> None:
    assert named("buy 3 of them", value, is_quantity=True) is expected
    assert not named("buy 3 of them", value)


@pytest.mark.parametrize(("text", "value"), NO_AMOUNTS)
def test_a_part_of_an_amount_is_not_the_amount(text: str, value: int) -> None:
    assert not named(text, value, is_quantity=True)


@pytest.mark.parametrize(
    ("text", "value", "argument", "expected"),
    [
        ("for an hour", 60, "duration_minutes", True),
        ("for an hour", 1, "hours", True),
        ("90 minutes", 1.5, "durationHours", True),
        ("two weeks", 14, "length_in_days", True),
        ("one minute", 60, "timeout_seconds", True),
        ("for an hour", 61, "duration_minutes", False),
        ("for an hour", 60, "duration", False),
        ("for an hour", 1, "start_hour", False),
        ("for an hour", 1, "hour", False),
        ("for an hour", 60, "hours_or_minutes", False),
        ("four nights", 96, "hours", False),
        ("10% off", 10, "discount_percent", True),
        ("10 % off", 10, "tax_rate", True),
        ("10% off", 10, "amount", False),
        ("10% off", 11, "discount_percent", False),
    ],
)
def test_a_length_or_a_share_is_named_where_the_argument_says_what_it_counts(
    text: str, value: float, argument: str, expected: bool
) -> None:
    assert named(text, value, argument) is expected


def test_a_day_outside_the_calendar_is_no_day() -> None:
    assert not OwnWords.from_texts(["in 999 weeks"], today=datetime.date(9999, 1, 1)).is_named("9999-01-02")
    assert not OwnWords.from_texts(["in 3 days"]).is_named("2026-06-18")


CHOICES = spec("x.y", Effect.SEND, {"to": "string"})
CHOICES.parameters["properties"] |= {  # type: ignore[index]
    "access": {"anyOf": [{"enum": ["read_only", "full-access", 7]}, {"type": "null"}], "default": "read_only"},
    "mode": {"$ref": "#/$defs/mode"},
    "kind": {"const": "letter"},
    "flag": {"enum": [True]},
    "labels": {"type": "array", "default": ["inbox"]},
    "limit": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": 10},
    "item": {"anyOf": [{"$ref": "#/$defs/item"}, {"type": "null"}]},
    "either": {"anyOf": [{"$ref": "#/$defs/item"}, {"$ref": "#/$defs/mode"}]},
    "loop": {"$ref": "#/$defs/loop"},
    "wide": {"properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
}
CHOICES.parameters["required"] = ["to", "kind", "limit"]  # type: ignore[index]
CHOICES.parameters["$defs"] = {  # type: ignore[index]
    "mode": {"enum": ["slow"]},
    "item": {"properties": {"size": {"type": "number"}, "sort": {"default": "up"}}, "required": ["size"]},
    "loop": {"$ref": "#/$defs/loop"},
}


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        # The default of an optional argument, and the only value of a required one, say nothing.
        ("access", "read_only", "none"),
        ("labels", ["inbox"], "none"),
        ("kind", "letter", "none"),
        ("item", {"sort": "up"}, "none"),
        ("wide", {"a": "Ann"}, "person"),
        # Anything else does: another value, a default that must be passed, the only value of what may be left out.
        ("labels", ["inbox", "inbox"], "derived"),
        ("labels", ["spam"], "derived"),
        ("limit", 10, "derived"),
        ("kind", "telegram", "derived"),
        ("mode", "slow", "derived"),
        ("flag", True, "derived"),
        ("item", {"sort": "down"}, "derived"),
        # Members of a list in the schema may be spelled as words.
        ("access", "full-access", "person"),
        ("to", "full-access", "derived"),
        # Names that the schema declares behind a reference or beside null are no values; all others are.
        ("item", {"size": 3}, "person"),
        ("item", {"nick": "Ann"}, "derived"),
        ("either", {"size": 3}, "derived"),
        ("loop", {"size": 3}, "derived"),
    ],
)
def test_what_the_schema_says_already_needs_no_origin(argument: str, value: Any, expected: str) -> None:
    known = facts("give Ann full access to 3 of them")
    atoms = atoms_of(CHOICES, {argument: value})
    assert atoms
    assert {origin_kind(atom, call(CHOICES, **{argument: value}), known) for atom in atoms} >= {expected}
    assert ("derived" in {origin_kind(atom, call(CHOICES), known) for atom in atoms}) is (expected == "derived")


def test_what_was_typed_is_read_with_its_day_and_once() -> None:
    noon = 1_781_524_800_000
    read = typed_at(("see me tomorrow",), noon)
    assert read.is_named("2026-06-16")
    assert typed_at(("see me tomorrow",), noon + 3_600_000) is read
    assert typed_at(("see me tomorrow",), noon + 86_400_000).is_named("2026-06-17")


def test_each_text_is_read_with_the_day_it_was_typed_on() -> None:
    noon, day = 1_781_524_800_000, 86_400_000
    read = read_typed((Typed("see Ann tomorrow", noon), Typed("see Bo tomorrow", noon + day)))
    assert [read.is_named(f"2026-06-{date}") for date in (15, 16, 17, 18)] == [False, True, True, False]


def test_tokens_do_not_reach_from_one_text_into_the_next() -> None:
    two = OwnWords.from_texts(["ask the new", "York office"])
    assert not two.is_named("new York")
    assert not two.is_named("new York", role="content")
    assert OwnWords.from_texts(["the new York office"]).is_named("new York")


def test_a_moment_is_not_put_together_from_two_texts() -> None:
    assert not OwnWords.from_texts(["on 2026-06-13", "at 10:00"]).is_named("2026-06-13 10:00")


def test_without_a_day_of_writing_june_13_names_only_itself() -> None:
    undated = OwnWords.from_texts(["on June 13, tomorrow and 29 February"])
    assert undated.is_named("June 13")
    assert not undated.is_named("2026-06-13")
    assert undated.is_named("tomorrow")
    assert OwnWords.from_texts(["on June 13"], today=TODAY).is_named("13 June")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("See you at noon", True),
        ("see  you   at noon!", True),
        ("“See you”", True),
        ("noon", True),
        ("you see", False),
        ("See you at noon tomorrow", False),
        ("See you at noon " * 40, False),
        (" ", True),
        ("...", False),
    ],
)
def test_content_compares_by_its_words(value: str, expected: bool) -> None:
    text = OwnWords.from_texts(["Tell her: see you at noon."])
    assert text.is_named(value, role="content") is expected


def test_values_are_found_wherever_they_stand() -> None:
    tool = spec(
        "x.y",
        Effect.SEND,
        {
            "who": {"type": "array", "items": {"$ref": "#/$defs/person"}},
            "free": {"type": "object"},
            "broken": {"$ref": "https://elsewhere"},
            "none": "string",
        },
    )
    tool.parameters["$defs"] = {"person": {"properties": {"name": {"type": "string"}, "age": {"type": "number"}}}}  # type: ignore[index]
    given = {
        "who": [{"name": "Ann", "age": 3}, {"name": "Bo", "nick": "B"}],
        "free": {"a": {"b": 1}},
        "broken": {"c": "d"},
        "none": None,
    }
    found = {atom.path: atom for atom in atoms_of(tool, given)}
    assert list(found) == [
        "who[0].name",
        "who[0].age",
        "who[1].name",
        "who[1].nick (name)",
        "who[1].nick",
        "free.a (name)",
        "free.a.b (name)",
        "free.a.b",
        "broken.c (name)",
        "broken.c",
    ]
    assert found["who[1].nick (name)"].is_key
    assert found["who[0].age"].is_quantity
    assert found["who[0].name"].argument == "who.name"


def test_what_is_nested_without_end_is_one_value() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    [atom] = atoms_of(spec("x.y", Effect.SEND, {"a": "array"}), {"a": deep})
    assert isinstance(atom.value, list)
    assert origin_kind(atom, call(MAIL), facts("x")) == "derived"


def test_a_money_argument_is_a_quantity_by_declaration() -> None:
    pay, other = atoms_of(PAY, {"amount": 3, "to": "x"})
    assert (pay.is_quantity, other.is_quantity) == (True, False)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (None, None, True),
        ("1", 1, False),
        (0.1, 0.1, True),
        (float("nan"), float("nan"), False),
        ([1, {"a": 2}], (1, {"a": 2.0}), True),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 2}, False),
        ("a", "b", False),
    ],
)
def test_json_values_compare_as_json(left: Any, right: Any, expected: bool) -> None:
    assert same_value(left, right) is expected


LISTED = [
    ("@example.com", "ann@example.com", True),
    ("@example.com", "Ann@EXAMPLE.com", True),
    ("@example.com", "ann@sub.example.com", False),
    ("@example.com", "ann@evilexample.com", False),
    ("@Example.com", "ann@example.com", True),
    ("ann@example.com", "ann@example.com", True),
    ("ann@example.com", "Ann@example.com", True),
    ("ann@example.com", "bob@example.com", False),
    ("docs.example.com", "https://docs.example.com/a/b", True),
    ("docs.example.com", "https://docs.example.com.evil.net/", False),
    ("docs.example.com", "https://docs.example.com@evil.net/", False),
    ("docs.example.com", "docs.example.com", True),
    ("docs.example.com", "docs.example.com/../../secret", False),
    ("docs.example.com", "ftp://docs.example.com/", False),
    ("sales", "sales", True),
    ("sales", "Sales", False),
    ("5", 5, False),
]


@pytest.mark.parametrize(("entry", "value", "expected"), LISTED)
def test_the_allow_list_holds_values_domains_and_hosts(entry: str, value: Any, expected: bool) -> None:
    known = facts(settings=facts().settings.__class__(False, False, (entry,)))
    [atom] = atoms_of(spec("x.y", Effect.SEND, {"a": "string"}), {"a": value})
    assert (origin_kind(atom, call(MAIL), known) == "workspace") is expected


def test_the_card_shows_where_a_value_stands_and_that_changes_nothing() -> None:
    given = call(MAIL, to=["ann@example.com", "bob@example.com"], subject="")
    known = facts(
        "to bob@example.com",
        observations=(seen("Ann is ann@example.com"), seen("nothing")),
        grants=(grant(MAIL, "to", "carl@example.com"),),
    )
    derived, typed, empty = atoms_of(MAIL, given.arguments)
    assert origin_of(derived, given, known) == Origin("derived", observations=("o1",))
    assert origin_of(typed, given, known) == Origin("person")
    assert origin_of(empty, given, known) == Origin("none")
    [granted] = atoms_of(MAIL, {"to": ["carl@example.com"]})
    assert origin_of(granted, given, known) == Origin("rule", by="g1")
    assert grants_used(given, known, [derived, typed, granted]) == ("g1",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Ann  SMITH", ("o1",)), (1200, ("o1",)), (7, ("o1",)), (True, ()), (None, ()), ("", ()), ("carl", ())],
)
def test_observations_are_searched_for_display_only(value: Any, expected: tuple[str, ...]) -> None:
    assert observations_with(value, [seen("ann smith pays 1,200 to 7")]) == expected


def test_links_and_addresses_in_a_text_are_found_even_when_hidden_in_brackets() -> None:
    text = "see <https://a.example>, [x](www.b.example) or write c@d.example; evil.example too, not e.g this, 3.14"
    assert set(addresses_in(text)) >= {"https://a.example", "www.b.example", "c@d.example", "evil.example"}
    [atom] = atoms_of(MAIL, {"body": text})
    known = facts("https://a.example www.b.example", settings=facts().settings.__class__(False, False, ("@d.example",)))
    assert set(content_links(atom, known)) == {"evil.example", "e.g"}
    [count] = atoms_of(spec("x.y", Effect.SEND, {"n": "integer"}, arguments={"n": Argument("content")}), {"n": 3})
    assert content_links(count, known) == ()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.com/a", "example.com"),
        ("example.com", "example.com"),
        ("http://example.com.:80/", "example.com"),
        ("https://user@example.com/", None),
        ("https://example.com\\@evil.net/", None),
        ("https://exa mple.com/", None),
        ("https://exämple.com/", None),
        ("https://[::1/", None),
        ("https://example.com:port/", None),
        ("ftp://example.com/", None),
        ("https:///path", None),
        ("https://a%2eb/", None),
    ],
)
def test_a_host_is_only_told_where_all_readers_agree(url: str, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567.89", "1234567.89"),
        ("1'234", "1234"),
        ("1.234.567,8", "1234567.8"),
        ("12,5", "12.5"),
        ("−3", "-3"),
        ("$-3", "-3"),
        ("12€", "12"),
    ],
)
def test_numbers_are_read_in_any_spelling(text: str, value: str) -> None:
    assert str(number(text)) == value


@pytest.mark.parametrize("text", ["1.000", "1,2,3", "12a", "", "1e5", "0x10"])
def test_what_two_countries_read_apart_is_no_number(text: str) -> None:
    assert number(text) is None


def test_a_float_is_the_digits_it_is_written_with() -> None:
    assert str(as_decimal(0.1)) == "0.1"
    assert as_decimal(float("inf")) is None


def test_the_words_of_an_argument() -> None:
    assert words_of("fileIDs") >= {"file"}
    assert words_of("recipient_addresses") >= {"recipient"}
    assert words_of("HTTPHost") == {"http", "host"}


def test_a_web_address_with_a_port_or_without_scheme_is_itself() -> None:
    known = facts("https://example.com:8443/a")
    [same, other] = atoms_of(POST, {"url": "https://example.com:8443/a", "mode": "https://example.com/a"})
    assert origin_kind(same, call(POST), known) == "person"
    assert origin_kind(other, call(POST), known) == "derived"
