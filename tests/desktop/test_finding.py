"""Finding by typing, and going back: rules without a window."""

from __future__ import annotations

import pytest

from legate_desktop.shell.finding import MOST_SHOWN, Finder, Found
from legate_desktop.shell.history import MOST, History, Visit

THINGS = [
    Found("1", "Approve once", "Approvals"),
    Found("2", "Go to Approvals"),
    Found("3", "Open run", "Approvals"),
    Found("4", "stripe.refund: refund 48.20 EUR", "Ledger keeper · apr_1", is_object=True),
    Found("5", "Größe prüfen", "Agents", is_object=True),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ["1", "2", "3"]),
        ("app", ["1", "2", "3"]),
        ("go app", ["2"]),
        ("once approve", ["1"]),
        ("refund", ["4"]),
        ("ledger ref", ["4"]),
        ("GRÖSSE", ["5"]),
        ("nothing of this", []),
    ],
)
def test_every_word_must_stand_somewhere_and_the_start_of_a_title_counts_most(text: str, ids: list[str]) -> None:
    assert [found.id for found in Finder(THINGS).find(text)] == ids


@pytest.mark.parametrize(("first", "then"), [("a", "ap"), ("go", "g"), ("refund", "run"), ("app on", "app once")])
def test_typing_on_and_typing_anew_lead_to_the_same_results(first: str, then: str) -> None:
    finder = Finder(THINGS)
    finder.find(first)
    assert finder.find(then) == Finder(THINGS).find(then)


def test_no_more_than_a_list_can_show_is_given() -> None:
    assert len(Finder([Found(str(n), f"run {n}") for n in range(1_000)]).find("run")) == MOST_SHOWN


def test_back_and_forward_lead_where_a_person_was() -> None:
    history = History()
    one, two, three = (Visit(name) for name in ("one", "two", "three"))
    history.leave(one)
    history.leave(two)
    assert history.back(three) == two
    assert history.back(two) == one
    assert history.back(one) is None
    assert history.forward(one) == two
    history.leave(two)
    assert not history.may_go_forward
    assert history.back(Visit("elsewhere")) == two


def test_a_long_day_is_not_remembered_whole() -> None:
    history = History()
    for n in range(MOST * 2):
        history.leave(Visit("runs", str(n)))
    found = [history.back(Visit("x")) for _ in range(MOST * 2)]
    assert sum(visit is not None for visit in found) == MOST
