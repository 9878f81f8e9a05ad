"""What a model of one's own is told and held to, and how its turn is read while it is written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from legate_core.llm.base import Image, Message, ModelRequest, Reply, ToolCall, ToolOffer
from legate_core.llm.local_format import AnswerReader, LocalAssembly, grammar_of, local_body
from legate_core.llm.server_errors import Asked
from tests.fakes.promises import promise

MAIL = ToolOffer(
    "mail.send",
    "Send a mail.",
    {
        "type": "object",
        "properties": {"to": {"type": "string"}, "copies": {"type": "integer", "maximum": 3}},
        "required": ["to"],
        "additionalProperties": False,
    },
)
FILES = ToolOffer("files.read", "Read a file.", {"properties": {"path": {"type": "string"}}})
ASK = ModelRequest("m", (Message("system", "Be brief."), Message("user", "Write to Kim.")), (MAIL, FILES))


def turn(*pieces: str, request: ModelRequest = ASK, finish: str = "stop") -> tuple[list[str], Reply]:
    assembly = LocalAssembly(request, Asked("here", "m"))
    said = [assembly.feed({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces]
    assembly.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return [piece for piece in (*said, assembly.rest()) if piece], assembly.reply()


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"answer": "Done."}, True),
        ({"calls": [{"tool": "mail__send", "arguments": {"to": "kim"}}]}, True),
        ({"calls": [{"tool": "files__read", "arguments": {}}, {"tool": "mail__send", "arguments": {"to": "x"}}]}, True),
        ({"calls": []}, False),
        ({"calls": [{"tool": "mail__send", "arguments": {}}]}, False),
        ({"calls": [{"tool": "mail__send", "arguments": {"to": "kim", "copies": 4}}]}, False),
        ({"calls": [{"tool": "world__end", "arguments": {}}]}, False),
        ({"answer": "Done.", "calls": []}, False),
        ("Done.", False),
    ],
)
def test_the_grammar_holds_a_model_to_calls_that_are_calls(value: Any, fits: bool) -> None:
    schema = grammar_of(ASK)
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(value) is fits


@promise("A system's words stand apart")
def test_tools_are_told_in_words_and_the_conversation_in_the_same_shape() -> None:
    turns = (
        *ASK.messages,
        Message("assistant", "", tool_calls=(ToolCall.of("c1", "mail.send", {"to": "kim"}),)),
        Message("tool", "It was sent.", tool_call_id="c1", name="mail.send"),
        Message("user", "Thanks."),
        Message("assistant", "Welcome."),
    )
    body = local_body(ModelRequest("m", turns, (MAIL,)), "m")
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    system, _, called, result, said = (message["content"] for message in body["messages"])
    assert system.startswith("Be brief.")
    assert "mail__send: Send a mail." in system
    assert json.loads(called) == {"calls": [{"tool": "mail__send", "arguments": {"to": "kim"}}]}
    assert result == "Result of mail__send: It was sent.\n\nThanks."
    assert json.loads(said) == {"answer": "Welcome."}
    assert "tools" not in body


def test_without_tools_it_is_asked_as_anybody_is() -> None:
    body = local_body(ModelRequest("m", ASK.messages), "m")
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Write to Kim."},
    ]
    assert "response_format" not in body


def test_pictures_in_a_row_are_joined_in_parts() -> None:
    picture = Message("user", "See.", images=(Image.of(b"\xff\xd8\xff0"),))
    body = local_body(ModelRequest("m", (Message("user", "One."), picture), (MAIL,)), "m")
    assert [part["type"] for part in body["messages"][-1]["content"]] == ["text", "image_url", "text"]


@promise("Calls come whole, also several at once")
def test_calls_are_read_with_names_of_ours_and_ids_of_their_own() -> None:
    said, reply = turn(
        '{"calls": [{"tool": "mail__send", "argu',
        'ments": {"to": "kim"}}, {"tool": "files__read", "arguments": {"path": "a"}}]}',
    )
    assert said == []
    assert reply.text == ""
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        ("mail.send", {"to": "kim"}),
        ("files.read", {"path": "a"}),
    ]
    assert len({call.id for call in reply.tool_calls}) == 2
    assert reply.stop_reason == "tool_calls"


@promise("Text is streamed in pieces")
def test_an_answer_is_heard_while_it_is_written() -> None:
    said, reply = turn('{ "ans', 'wer" : "It is ', "near, ", 'Kim\\n\\u00e9."', " }")
    assert said == ["It is ", "near, ", "Kim\né."]
    assert (reply.text, reply.tool_calls, reply.stop_reason) == ("It is near, Kim\né.", (), "end")


def test_an_answer_of_a_shape_is_heard_when_it_is_whole() -> None:
    request = ModelRequest("m", ASK.messages, (MAIL,), response_schema={"type": "object"})
    said, reply = turn('{"answer": {"city": ', '"Oslo"}}', request=request)
    assert said == [reply.text] == ['{"city":"Oslo"}']


@promise("Broken calls are kept and told", "Stop reasons are told apart")
@pytest.mark.parametrize("raw", ['{"answer": "It is', '{"calls": [{"tool": "mail__send"', "", "{"])
def test_what_the_limit_of_tokens_cuts_off_does_no_harm(raw: str) -> None:
    _, reply = turn(raw, finish="length")
    assert reply.tool_calls == ()
    assert reply.stop_reason == "length"
    assert reply.text in ("", "It is")


@given(st.text(max_size=30), st.booleans(), st.data())
def test_the_answer_is_the_same_wherever_it_is_cut(text: str, is_ascii: bool, data: st.DataObject) -> None:
    whole = json.dumps({"answer": text}, ensure_ascii=is_ascii)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    reader = AnswerReader()
    # Halves of a character that was written as two escapes come apart here and are joined by whoever listens.
    heard = "".join(reader.feed(piece) for piece in pieces)
    assert heard.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") == text
    assert turn(*pieces)[1].text == text.encode("utf-16", "replace").decode("utf-16", "replace")
