"""Replies from pieces: the ways servers number their calls, and any JSON whatever without a crash."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.llm.assembly import MAX_CALLS
from legate_core.llm.base import Message, ModelRequest, Reply, ToolCall, ToolOffer, Usage
from legate_core.llm.chat_reply import ChatAssembly
from legate_core.llm.server_errors import Asked, Trouble

ASKED = Asked("models.example", "m-1")
REQUEST = ModelRequest(
    "m-1", (Message("user", "u"),), (ToolOffer("mail.send", "", {}), ToolOffer("files.read", "", {}))
)


def assembled(*deltas: dict[str, Any], request: ModelRequest = REQUEST, finish: str = "stop") -> Reply:
    assembly = ChatAssembly(request, ASKED)
    for delta in deltas:
        assembly.feed({"choices": [{"index": 0, "delta": delta}]})
    assembly.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return assembly.reply()


def part(
    index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = ""
) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": id, "function": function}]}


def calls(reply: Reply) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in reply.tool_calls]


WANTED = [("mail.send", {"a": 1}), ("files.read", {"b": 2})]
STYLES = {
    "indexed fragments": [
        part(0, "c1", "mail__send", '{"a"'),
        part(1, "c2", "files__read", '{"b"'),
        part(0, arguments=": 1}"),
        part(1, arguments=": 2}"),
    ],
    "no index": [part(None, "c1", "mail__send", '{"a": 1}'), part(None, "c2", "files__read", '{"b": 2}')],
    "all at index 0": [part(0, "c1", "mail__send", '{"a": 1}'), part(0, "c2", "files__read", '{"b": 2}')],
    "id and name in each": [
        part(0, "c1", "mail__send", '{"a"'),
        part(0, "c1", "mail__send", ": 1}"),
        part(1, "c2", "files__read", '{"b": 2}'),
    ],
    "name in pieces": [
        part(0, "c1", "mail__", ""),
        part(0, None, "send", '{"a": 1}'),
        part(1, "c2", "files__read", '{"b": 2}'),
    ],
    "arguments as an object": [part(0, "c1", "mail__send", {"a": 1}), part(1, "c2", "files__read", {"b": 2})],
    "no ids": [part(0, None, "mail__send", '{"a": 1}'), part(1, None, "files__read", '{"b": 2}')],
    "the same id twice": [part(0, "call_0", "mail__send", '{"a": 1}'), part(1, "call_0", "files__read", '{"b": 2}')],
    "an id of nonsense": [part(0, "x" * 500, "mail__send", '{"a": 1}'), part(1, "\n", "files__read", '{"b": 2}')],
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "whatever"])
def test_every_style_of_calling_comes_to_the_same(style: str, finish: str):
    reply = assembled(*STYLES[style], finish=finish)
    assert calls(reply) == WANTED
    assert reply.stop_reason == "tool_calls"
    ids = [call.id for call in reply.tool_calls]
    assert len(set(ids)) == 2
    assert all(1 <= len(id) <= 64 and id.isprintable() for id in ids)


def test_an_id_of_an_earlier_turn_is_not_used_again():
    earlier = Message("assistant", "", (ToolCall.of("call_0", "mail.send", {}),))
    request = ModelRequest("m-1", (*REQUEST.messages, earlier, Message("tool", "sent", tool_call_id="call_0")))
    reply = assembled(part(0, "call_0", "mail__send", "{}"), request=request)
    assert reply.tool_calls[0].id != "call_0"


def test_a_call_cut_by_the_token_limit_says_so():
    reply = assembled(part(0, "c1", "mail__send", '{"a": '), finish="length")
    assert reply.stop_reason == "length"
    assert reply.tool_calls[0].arguments is None


def test_thoughts_are_not_shown_but_counted():
    assembly = ChatAssembly(REQUEST, ASKED)
    assert assembly.feed({"choices": [{"delta": {"reasoning_content": "Let me think about it."}}]}) == ""
    assert assembly.has_begun
    assert assembly.usage().output_tokens >= 5
    assert assembly.reply().text == ""


def test_text_in_parts_is_read():
    assert assembled({"content": [{"type": "text", "text": "a"}, {"type": "image"}, 3]}).text == "a"


def test_other_choices_and_what_follows_the_end_are_not_read():
    assembly = ChatAssembly(REQUEST, ASKED)
    assembly.feed({"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "yes"}}]})
    assembly.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    assert assembly.feed({"choices": [{"index": 0, "delta": {"content": "late"}}]}) == ""
    assert assembly.reply().text == "yes"


def test_too_many_calls_are_refused():
    with pytest.raises(Trouble, match=f"more than {MAX_CALLS} calls"):
        assembled(*(part(number, f"c{number}", "mail__send", "{}") for number in range(MAX_CALLS + 1)))


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, Usage(7, 3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(7, 3, 7)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": None}, Usage(7, 3)),
        ({"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.5}, Usage(7, 3)),
    ],
)
def test_counted_tokens_are_read(usage: Any, wanted: Usage):
    assembly = ChatAssembly(REQUEST, ASKED)
    assembly.feed({"choices": [], "usage": usage})
    assert assembly.usage() == wanted


@pytest.mark.parametrize(
    "usage",
    [None, 3, {}, {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": True, "completion_tokens": 1}],
)
def test_tokens_that_were_not_counted_are_estimated(usage: Any):
    assembly = ChatAssembly(REQUEST, ASKED)
    assembly.feed({"choices": [], "usage": usage})
    assert assembly.usage().is_estimated


def counting(text: str, received: int) -> dict[str, Any]:
    """A piece from a server that counts with every piece."""
    return {
        "choices": [{"index": 0, "delta": {"content": text}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": received},
    }


def test_a_count_is_believed_for_what_it_covers_and_what_comes_later_is_added():
    assembly = ChatAssembly(REQUEST, ASKED)
    assembly.feed(counting("Good ", 2))
    assembly.feed(counting("morning", 5))
    assert assembly.usage() == Usage(9, 5)
    assembly.feed({"choices": [{"index": 0, "delta": {"content": " to you."}}]})
    assert assembly.usage() == Usage(9, 5 + len(" to you."))
    assembly.feed({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 8}})
    assert assembly.usage() == Usage(9, 8)


def test_what_is_added_to_a_count_is_never_more_than_was_allowed():
    assembly = ChatAssembly(ModelRequest("m-1", (Message("user", "u"),), max_tokens=20), ASKED)
    assembly.feed(counting("Good ", 2))
    assembly.feed({"choices": [{"index": 0, "delta": {"content": "x" * 400}}]})
    assert assembly.usage().output_tokens == 20


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        ({"cost": 0.00014}, 140),
        ({"cost": 0}, 0),
        ({"cost": 0.0000001}, 1),
        ({"cost": 1e-7, "is_byok": True}, None),
        ({"cost": "0.1"}, None),
        ({"cost": float("nan")}, None),
        ({"cost": -1}, None),
        ({}, None),
    ],
)
def test_what_was_charged_is_read_where_the_server_is_known_to_say_it(usage: dict[str, Any], micros: int | None):
    assembly = ChatAssembly(REQUEST, ASKED, reads_cost=True)
    assembly.feed({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, **usage}})
    assert assembly.usage().charged_micros == micros


LEAF = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.text("\ud83c\udf0da", max_size=3)
)
ANY_JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
CALL = st.fixed_dictionaries(
    {},
    optional={
        "index": st.integers(0, 2) | LEAF,
        "id": st.sampled_from(["a", "b", ""]) | LEAF,
        "function": st.fixed_dictionaries({}, optional={"name": LEAF, "arguments": ANY_JSON}) | LEAF,
    },
)
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "content": ANY_JSON,
        "refusal": LEAF,
        "reasoning": LEAF,
        "tool_calls": st.lists(CALL | LEAF, max_size=3) | LEAF,
    },
)
CHOICE = st.fixed_dictionaries({}, optional={"index": LEAF, "delta": DELTA | LEAF, "finish_reason": LEAF})
CHUNK = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(CHOICE | LEAF, max_size=2) | LEAF,
        "usage": ANY_JSON,
        "model": LEAF,
        "error": ANY_JSON,
    },
)


@given(st.lists(CHUNK | ANY_JSON, max_size=6))
def test_any_json_becomes_a_reply_or_trouble(chunks: list[Any]):
    assembly = ChatAssembly(REQUEST, ASKED)
    pieces: list[str] = []
    try:
        for item in chunks:
            pieces.append(assembly.feed(item))
        pieces.append(assembly.rest())
        reply = assembly.reply()
    except Trouble as trouble:
        message = trouble.failure.message
    else:
        message = "."
        assert_whole(reply, pieces)
    assert message.endswith(".")
    message.encode("utf-8")


def assert_whole(reply: Reply, pieces: list[str]) -> None:
    assert "".join(pieces) == reply.text
    assert Reply.from_json(reply.to_json()) == reply
    assert len({call.id for call in reply.tool_calls}) == len(reply.tool_calls)
    for call in reply.tool_calls:
        assert call.name
        (call.id + call.name + call.raw + call.error).encode("utf-8")
