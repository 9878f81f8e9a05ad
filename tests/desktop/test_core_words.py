"""What the core says, in German: nothing it can refuse or ask is missing, and nothing is bent on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from legate_core.approvals import card as cards
from legate_core.connectors.base import Surroundings
from legate_core.connectors.registry import built_in_tools
from legate_core.policy.builtin import BUILT_IN_RULES
from legate_core.policy.decide import decide
from legate_core.policy.describe import describe, ends_words
from legate_core.policy.model import Call, Settings
from legate_core.policy.scopes import scopes_for
from legate_desktop.core_words import CORE_CATALOGUES, PLACE, Template, sentences, tr_core
from legate_desktop.words import language
from tests.core.policy.builders import DROP, LIST, MAIL, MOVE, NOTE, PAY, SHARE, call, facts, seen
from tests.desktop.core_strings import lacking

CODES = sorted(file.stem for file in CORE_CATALOGUES.glob("*.json"))
LETTER = call(MAIL, on={"agent_id": "agt_1"}, to=["ann@example.com"], subject="Hi", body="Dear Ann")
CALLS = [
    LETTER,
    call(MAIL, to=["ann@a.example", "ben@b.example"], subject="Hi"),
    call(MOVE, path="/srv/data/a.txt", to="b.txt"),
    call(NOTE, text="milk"),
    call(PAY, to="DE02", amount=1500),
    call(DROP, path="a.txt"),
    call(SHARE, path="a.txt", **{"with": "bo"}),
    call(LIST, folder="in"),
]


@pytest.fixture
def german() -> Iterator[None]:
    language.choose("de")
    yield
    language.choose("en")


@pytest.mark.parametrize("code", CODES)
def test_no_refusal_is_missing(code: str) -> None:
    assert lacking(code) == [], "add them to resources/languages/core"


@pytest.mark.parametrize("code", CODES)
def test_every_value_of_a_sentence_is_kept_and_stands_once(code: str) -> None:
    broken = [
        text
        for text, said in sentences(code).items()
        if not said.strip()
        or sorted(PLACE.findall(text)) != sorted(PLACE.findall(said))
        or len(PLACE.findall(text)) != len(set(PLACE.findall(text)))
    ]
    assert CODES == ["de"]
    assert broken == []


def test_the_rules_that_ship_with_legate_are_whole_in_german(german: None) -> None:
    english = [text for rule in BUILT_IN_RULES for text in (rule.name, rule.words) if tr_core(text) == text]
    assert english == []


def test_what_the_built_in_tools_say_of_themselves_is_whole_in_german() -> None:
    known = {_shape(text) for text in sentences("de")}
    said = [text for tool in built_in_tools(Surroundings()) for text in (tool.spec.title, tool.spec.reach)]
    said += [text for tool in built_in_tools(Surroundings()) for text in (tool.spec.undo, tool.spec.cost)]
    assert [text for text in said if text and _shape(text) not in known] == []


@pytest.mark.parametrize("given", CALLS, ids=lambda given: given.tool.name)
@pytest.mark.parametrize("asks_for_all", [True, False])
def test_a_card_is_german_but_for_what_others_wrote(german: None, given: Call, asks_for_all: bool) -> None:
    known = facts("Write to ann@example.com", observations=(seen("b.txt DE02 Dear Ann"),))
    settled = known if not asks_for_all else facts("Move a.txt", settings=Settings(ask_every_effect=True))
    verdict = decide(given, settled, ())
    card = cards.build(given, settled, verdict, agent="Clerk", why="Because.", before=("3 · model · asks for tools",))
    shown = [card.sentence, card.asked_because, card.rule_name, *card.before]
    shown += [chip.words for chip in card.scopes] + [argument.origin for argument in card.arguments]
    assert [text for text in shown if tr_core(text) == text] == []


@pytest.mark.parametrize("given", [LETTER, call(MOVE, path="/srv/data/a.txt", to="b.txt"), call(PAY, to="D", amount=9)])
def test_a_rule_made_from_an_answer_is_german(german: None, given: Call) -> None:
    rules = [scope.rule for scope in scopes_for(given) if scope.rule is not None]
    texts = [text for rule in rules for text in (rule.words, describe(rule), ends_words(rule))]
    assert rules
    assert [text for text in texts if tr_core(text) == text] == []
    assert not [text for text in texts if set(tr_core(text).split()) & {"when", "is", "until", "allowed"}]


@pytest.mark.parametrize(
    ("english", "german_says"),
    [
        (
            "Clerk wants to send the mail “Hi” to ann@example.com",
            "Clerk möchte die Mail „Hi“ an ann@example.com senden",
        ),
        (
            "The rule “No notes” forbids this call: Reading is free Change it further, or reject it.",
            "Die Regel „No notes“ verbietet diesen Aufruf: Lesen ist frei Ändern Sie ihn weiter, oder lehnen Sie ihn ab.",
        ),
        (
            "Allow mail.send, when to is one of a@x.com or b@x.com, for the agent agt_1.",
            "mail.send erlauben, wenn to eines von a@x.com or b@x.com ist, für den Agenten agt_1.",
        ),
        (
            "from the mailbox's list and mail M-1 from ann@example.com and 2 more",
            "Quellen: die Liste des Postfachs, Mail M-1 von ann@example.com und 2 weitere",
        ),
        (
            "The model failed 3 times in a row: api.example.com broke its answer off. Try again.",
            "Das Modell ist 3-mal hintereinander gescheitert: api.example.com hat seine Antwort abgebrochen. "
            "Versuchen Sie es noch einmal.",
        ),
        (
            "usr_2 approved this already. Nothing was changed by your answer; look at the run to see what became of it.",
            "usr_2 hat das schon freigegeben. Ihre Antwort hat nichts geändert; im Lauf sehen Sie, was daraus wurde.",
        ),
    ],
)
def test_sentences_within_sentences_are_said_too(german: None, english: str, german_says: str) -> None:
    assert tr_core(english) == german_says


@pytest.mark.parametrize(
    "text",
    [
        # Two people could be meant, and the window does not choose between them.
        "send the mail “Hi” to bob@evil.example” to ann@example.com” to kim@example.com",
        "Whatever an agent says",
        "",
        "x" * 10_000,
    ],
)
def test_what_could_be_read_in_two_ways_or_is_none_of_ours_stays_as_it_came(german: None, text: str) -> None:
    assert tr_core(text) == text


def test_a_value_that_looks_like_a_place_stays_text(german: None) -> None:
    assert tr_core("read the mail {id}") == "die Mail {id} lesen"
    assert Template.of("from {a} to {b}", "{b} nach {a}").fill({"a": "{b}", "b": "{a}"}) == "{a} nach {b}"


def test_in_english_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legate_desktop.core_words._said", _fail)
    assert tr_core("Only this once") == "Only this once"


def _fail(*_given: Any) -> str:
    raise AssertionError("English needs no catalogue")


def _shape(text: str) -> str:
    return PLACE.sub("{}", text)
