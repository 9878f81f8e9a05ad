"""Money: reserved before the call, never less than the call costs, rounded up, from a table with dates and sources."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.errors import Invalid
from legate_core.llm import pricing
from legate_core.llm.base import Message, ModelRequest, ToolCall, ToolOffer, Usage
from legate_core.llm.pricing import Price, free, own_price, read_table, reserve, settle
from legate_core.llm.registry import price_of
from legate_core.llm.tokens import count_at_most, estimate_input

DEAR = Price(2_500_000, 10_000_000, 1_250_000, "2026-05-27", "a list")
HELLO = ModelRequest("m", (Message("user", "Hello there"),), max_tokens=1000)


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        (Usage(0, 0), 0),
        (Usage(1_000_000, 0), 2_500_000),
        (Usage(0, 1_000_000), 10_000_000),
        (Usage(1_000_000, 0, cached_tokens=1_000_000), 1_250_000),
        (Usage(1, 0), 3),
        (Usage(100, 10, cached_tokens=40), 300),
        (Usage(10, 0, cached_tokens=99), 13),
        (Usage(10, 10, charged_micros=7), 7),
        (Usage(100, 10, is_estimated=True), 850),
    ],
)
def test_a_call_costs_what_the_price_says_rounded_up(usage: Usage, micros: int):
    assert settle(usage, DEAR) == micros


PRICES = st.builds(Price, *[st.integers(0, 10**9)] * 3, st.just(""), st.just(""))


@given(PRICES, st.text(max_size=300), st.integers(0, 5_000), st.floats(0, 1))
def test_nothing_costs_more_than_was_reserved(price: Price, text: str, received: int, share: float):
    request = ModelRequest("m", (Message("user", text),), max_tokens=5_000)
    sent = len(text.encode("utf-8", "replace"))
    assert settle(Usage(sent, received, int(sent * share)), price) <= reserve(request, price)
    estimated = Usage(estimate_input(request), received, is_estimated=True)
    assert settle(estimated, price) <= reserve(request, price)


def test_everything_in_a_request_is_reserved_for():
    plain = reserve(HELLO, DEAR)
    call = ToolCall.of("c1", "mail.send", {"body": "x" * 100})
    tool = ToolOffer("mail.send", "Send.", {"type": "object"})
    dearer = [
        ModelRequest("m", (*HELLO.messages, Message("user", "more")), max_tokens=1000),
        ModelRequest("m", (*HELLO.messages, Message("assistant", "", (call,))), max_tokens=1000),
        ModelRequest("m", HELLO.messages, (tool,), max_tokens=1000),
        ModelRequest("m", HELLO.messages, response_schema={"type": "object"}, max_tokens=1000),
        ModelRequest("m", HELLO.messages, max_tokens=2000),
    ]
    assert all(reserve(request, DEAR) > plain for request in dearer)


def test_what_is_free_reserves_nothing():
    assert reserve(HELLO, free("here")) == 0
    assert free("here").is_free
    assert not DEAR.is_free


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abcd", 4), ("1 2", 3), ("é", 2), ("世", 3), ("🌍", 4), ("\ud800", 1)]
)
def test_tokens_are_counted_at_the_worst(text: str, tokens: int):
    assert count_at_most(text) == tokens


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(one: str, more: str):
    assert count_at_most(one) <= count_at_most(one + more)


def test_every_listed_price_has_a_date_and_a_source():
    table = pricing._table()
    assert len(table) >= 4
    for price in table.values():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", price.as_of)
        assert "." in price.source
        assert not price.is_free
        assert price.cached_micros_per_million <= price.input_micros_per_million


ENTRY = 'host = "h"\nmodel = "m"\ninput = "1"\noutput = "2"\nas_of = "2026-01-01"\nsource = "s"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[price]]\n" + ENTRY + "[[price]]\n" + ENTRY, "second time"),
        ("[[price]]\n" + ENTRY.replace('as_of = "2026-01-01"\n', ""), "must be given"),
        ("[[price]]\n" + ENTRY.replace('source = "s"\n', ""), "must be given"),
        ("[[price]]\n" + ENTRY.replace('host = "h"\n', ""), "must be given"),
        ("[[price]]\n" + ENTRY.replace('output = "2"\n', ""), "lacks 'output'"),
        ("[[price]]\n" + ENTRY.replace('"1"', '"cheap"'), "'cheap'"),
        ("[[price]]\n" + ENTRY.replace('"1"', '"-1"'), "from 0"),
        ("[[price]]\n" + ENTRY.replace('"1"', '"NaN"'), "from 0"),
        ("[[price]]\n" + ENTRY.replace('"1"', "true"), "True"),
        ("[[price]]\n" + ENTRY + "note = 'x'", "unknown field 'note'"),
    ],
)
def test_a_price_table_with_a_mistake_is_refused(text: str, words: str):
    with pytest.raises(Invalid, match=words):
        read_table(text)


OPENAI = {"provider": "openai_compatible", "base_url": "https://api.openai.com/v1", "model": "gpt-4o-mini"}


@pytest.mark.parametrize(
    ("model", "output"),
    [
        (OPENAI, 600_000),
        ({**OPENAI, "model": "gpt-unheard-of"}, None),
        ({**OPENAI, "model": "gpt-unheard-of", "price": {"input": "1", "output": 3.5}}, 3_500_000),
        ({**OPENAI, "price": {"input": "9", "output": "9"}}, 9_000_000),
        ({**OPENAI, "base_url": "https://elsewhere.example/v1"}, None),
        ({**OPENAI, "base_url": "https://127.0.0.1.elsewhere.example/v1"}, None),
        ({**OPENAI, "base_url": "http://192.168.1.7:8080/v1"}, None),
        ({**OPENAI, "base_url": "http://127.0.0.1:8080/v1"}, 0),
        ({**OPENAI, "base_url": "http://[::1]:8080/v1"}, 0),
        ({**OPENAI, "base_url": "http://localhost:11434/v1"}, 0),
        ({**OPENAI, "base_url": "http://localhost:4000/v1", "price": {"input": "1", "output": "2"}}, 2_000_000),
        ({"provider": "openrouter", "model": "openai/gpt-4.1-mini"}, 1_600_000),
        ({"provider": "openrouter", "model": "somebody/something"}, None),
    ],
)
def test_a_model_costs_what_somebody_said_or_has_no_price(model: dict[str, Any], output: int | None):
    price = price_of(model)
    assert (price.output_micros_per_million if price else None) == output


@pytest.mark.parametrize(
    "price", [3, "2.50", {}, {"input": 1}, {"input": "1", "output": "x"}, {"input": 1, "output": 1, "c": 1}]
)
def test_an_own_price_with_a_mistake_is_refused(price: Any):
    with pytest.raises(Invalid):
        own_price({"price": price})


def test_a_fraction_of_a_micro_is_rounded_up():
    price = own_price({"price": {"input": "0.0000001", "output": "0"}})
    assert price is not None
    assert price.input_micros_per_million == 1


def test_cents_are_kept_exactly():
    assert own_price({"price": {"input": "0.075", "output": "0.1"}}) == Price(
        75_000, 100_000, 75_000, "", "the agent's definition"
    )
