"""The card in a terminal: everything in the order it is decided by, and nothing that a hostile value could hide."""

from __future__ import annotations

from dataclasses import replace

from legate_core.approvals.model import ApprovalDetail, ApprovalRow, ArgumentOnCard, Card, ScopeChip
from legate_core.cli.answers import changed
from legate_core.cli.card import lines
from legate_core.tools.spec import Effect
from tests.core.cli.terminal import screen

CARD = Card(
    sentence="Deputy wants to send the mail “Hello” to kim@example.com",
    title="send the mail “Hello” to kim@example.com",
    agent="Deputy",
    run_id="run_1",
    why="Kim asked.",
    arguments=(
        ArgumentOnCard("to[0]", "kim@example.com", "authority", "derived", "from mail M-1"),
        ArgumentOnCard("body", "Dear Kim,\n\nhello.\n", "content", "none", "put together by the agent"),
    ),
    changes=("+ send the mail “Hello” to kim@example.com",),
    reach="Everybody it is addressed to.",
    undo="",
    cost="0.10 EUR",
    asked_because="The value of to[0] does not stand in your own words.",
    rule_id="builtin.derived-authority",
    rule_name="Who, where and how much come from you",
    before=("1 · tool · mail M-1",),
    scopes=(ScopeChip("same_recipient", "To kim@example.com again"), ScopeChip("up_to", "Up to …", needs_amount=True)),
    raw_arguments={"to": ["kim@example.com"], "body": "hello"},
)
ROW = ApprovalRow(
    "apr_1", "run_1", "act_1", "waiting", "mail.send", Effect.SEND, "Deputy", CARD.title, CARD.why, 0, 3_600_000
)
DETAIL = ApprovalDetail(ROW, CARD, "d1", 41, "ab" * 32, "high")

GOLDEN = """\
Deputy wants to send the mail “Hello” to kim@example.com.
asks      Deputy, in run run_1
why       “Kim asked.” (the agent's words)

to[0]  from mail M-1
    kim@example.com
body  put together by the agent
    Dear Kim,

    hello.

changes   + send the mail “Hello” to kim@example.com
reach     Everybody it is addressed to.
undo      cannot be undone
expires   WHEN, in 1 h; then nothing runs
cost      0.10 EUR
asked     The value of to[0] does not stand in your own words.
rule      Who, where and how much come from you (builtin.derived-authority)
before    1 · tool · mail M-1
id        apr_1
journal   entry 41, abababababababab…

legate approve apr_1
legate approve apr_1 --scope same_recipient
    and from now on: To kim@example.com again
legate approve apr_1 --scope up_to --amount N
    and from now on: Up to …
legate edit apr_1 --set NAME=VALUE
legate reject apr_1 --reason TEXT [--stop]"""


def told(detail: ApprovalDetail, *, now: int = 0, is_doubt: bool = False) -> str:
    from legate_core.cli.text import moment

    return "\n".join(lines(detail, screen(), now, is_doubt=is_doubt)).replace(moment(ROW.expires_at), "WHEN")


def test_the_card_is_told_in_the_order_it_is_decided_by() -> None:
    assert told(DETAIL) == GOLDEN


def test_hostile_values_are_shown_by_their_code_points() -> None:
    value = "kim@example.com\x1b[1A\x1b[2Kboss@example.com\u202e"
    argument = replace(CARD.arguments[0], value=value, origin="from \x1b]0;mail\a")
    text = told(replace(DETAIL, card=replace(CARD, arguments=(argument,), why="see\x1b[31m", agent="De\u200bputy")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "kim@example.com⟨U+001B⟩[1A⟨U+001B⟩[2Kboss@example.com⟨U+202E⟩" in text
    assert "from ⟨U+001B⟩]0;mail⟨U+0007⟩" in text
    assert "De⟨U+200B⟩puty" in text


def test_who_may_not_answer_is_told_why_and_offered_nothing() -> None:
    text = told(replace(DETAIL, permitted=False, refusal="Ask an owner."))
    assert "You cannot answer this: Ask an owner." in text
    assert "legate approve" not in text


def test_what_was_answered_offers_no_answer() -> None:
    text = told(replace(DETAIL, row=replace(ROW, state="rejected", decided_at=1)))
    assert "This question is rejected" in text
    assert "legate approve" not in text


def test_a_question_whose_time_is_up_says_so() -> None:
    assert "it has passed" in told(DETAIL, now=ROW.expires_at + 1)


def test_a_doubt_offers_its_three_answers() -> None:
    text = told(DETAIL, is_doubt=True)
    assert [word for word in ("happened", "do-it", "give-up") if f"legate doubt apr_1 {word}" in text] == [
        "happened",
        "do-it",
        "give-up",
    ]
    assert "legate approve" not in text


def test_setting_arguments_follows_the_schema() -> None:
    schema = {"properties": {"to": {"type": "array"}, "body": {"type": "string"}, "count": {"type": "integer"}}}
    found = changed(
        {"to": ["a@x.example"], "body": "old"}, schema, ['to=["b@x.example"]', "body=12 = twelve", "count=3"]
    )
    assert found == {"to": ["b@x.example"], "body": "12 = twelve", "count": 3}
