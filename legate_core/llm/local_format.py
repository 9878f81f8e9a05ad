"""How a model of one's own is asked, and answers: in JSON of one shape, so that a small one cannot write a call that is none.

A grammar made from the tools' own schemas holds the model to `{"calls": [{"tool": …, "arguments": …}]}` or
`{"answer": …}`; whatever template it was trained with plays no part. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from legate_core.llm.assembly import list_in, table_in, text_in
from legate_core.llm.base import Message, ModelRequest, Reply
from legate_core.llm.chat_reply import ChatAssembly
from legate_core.llm.chat_request import body_of, message_of
from legate_core.llm.server_errors import Asked
from legate_core.llm.strict_json import shown
from legate_core.llm.tokens import count_at_most
from legate_core.llm.tool_names import wire_name

MAX_CALLS_AT_ONCE = 8
_ANSWER = re.compile(r'\s*\{\s*"answer"\s*:\s*"')
_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])')


def local_body(request: ModelRequest, model: str) -> dict[str, Any]:
    """The body of a chat completion. Tools are told in words and held to by the grammar; without tools it is as anywhere."""
    body = body_of(request, model, "max_tokens")
    body["cache_prompt"] = True
    if not request.tools:
        return body
    del body["tools"]
    body["messages"] = _messages(request)
    schema = grammar_of(request)
    body["response_format"] = {"type": "json_schema", "json_schema": {"name": "turn", "strict": True, "schema": schema}}
    return body


def grammar_of(request: ModelRequest) -> dict[str, Any]:
    """The schema of a turn: some calls, or the answer."""
    answer: Any = dict(request.response_schema) if request.response_schema is not None else {"type": "string"}
    call = [
        _closed({"tool": {"const": wire_name(tool.name)}, "arguments": {"type": "object", **tool.parameters}})
        for tool in request.tools
    ]
    calls = {"type": "array", "items": {"anyOf": call}, "minItems": 1, "maxItems": MAX_CALLS_AT_ONCE}
    return {"anyOf": [_closed({"answer": answer}), _closed({"calls": calls})]}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _messages(request: ModelRequest) -> list[dict[str, Any]]:
    """The conversation in the same shape, one message for what one side says in a row: many templates take nothing else."""
    system = [message.text for message in request.messages if message.role == "system"]
    found: list[dict[str, Any]] = [{"role": "system", "content": "\n\n".join([*system, _manual(request)])}]
    for message in request.messages:
        if message.role == "system":
            continue
        role, content = ("assistant" if message.role == "assistant" else "user"), _said(message)
        if found[-1]["role"] == role:
            content = _joined(found.pop()["content"], content)
        found.append({"role": role, "content": content})
    return found


def _manual(request: ModelRequest) -> str:
    lines = [
        f"- {wire_name(tool.name)}: {tool.description} Arguments: {shown(dict(tool.parameters))}"
        for tool in request.tools
    ]
    return (
        "Answer in JSON. To use tools: "
        '{"calls": [{"tool": "name", "arguments": {}}]}. When the work is done: {"answer": "your answer"}.\nTools:\n'
        + "\n".join(lines)
    )


def _said(message: Message) -> Any:
    if message.role == "tool":
        return f"Result of {wire_name(message.name)}: {message.text}"
    if message.role == "assistant":
        calls = [{"tool": wire_name(call.name), "arguments": dict(call.arguments or {})} for call in message.tool_calls]
        return shown({"calls": calls} if calls else {"answer": message.text})
    return message_of(message)["content"]


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    parts = [[{"type": "text", "text": part}] if isinstance(part, str) else part for part in (first, second)]
    return [*parts[0], *parts[1]]


class AnswerReader:
    """The text of `{"answer": "…"}` while it is written, piece by piece."""

    def __init__(self) -> None:
        self._raw = ""
        self._at = -1
        self._is_over = False

    def feed(self, piece: str) -> str:
        """The text that this piece adds."""
        self._raw += piece
        if self._at < 0:
            if (begun := _ANSWER.match(self._raw)) is None:
                return ""
            self._at = begun.end()
        return "" if self._is_over else self._read()

    def _read(self) -> str:
        start = at = self._at
        while at < len(self._raw):
            char = self._raw[at]
            if char == '"':
                self._is_over = True
                break
            if char == "\\":
                if (escape := _ESCAPE.match(self._raw, at)) is None:
                    break
                at = escape.end()
            else:
                at += 1
        self._at = at
        return cast(str, json.loads(f'"{self._raw[start:at]}"', strict=False))


class LocalAssembly(ChatAssembly):
    """One reply of a model that was held to the grammar."""

    def __init__(self, request: ModelRequest, asked: Asked) -> None:
        super().__init__(request, asked)
        self._reader = AnswerReader() if request.tools else None
        self._raw: list[str] = []
        self._written = 0

    def reply(self) -> Reply:
        """The whole reply: what stands between the braces is its calls, or its text."""
        if self._reader is not None and not self._calls:
            self._take_apart(_table("".join(self._raw)))
        return super().reply()

    def rest(self) -> str:
        """The text still held back: an answer of a shape is only known whole."""
        rest = super().rest()
        if self._reader is None or self._request.response_schema is None:
            return rest
        answer = _table("".join(self._raw)).get("answer")
        return "" if answer is None else self._add(shown(answer))

    def _say(self, text: str) -> str:
        if self._reader is None or not text:
            return super()._say(text)
        self.has_begun = True
        self._raw.append(text)
        self._written += count_at_most(text)
        return super()._say(self._reader.feed(text)) if self._request.response_schema is None else ""

    def _received(self) -> int:
        # Text and calls are both taken out of what was written.
        return super()._received() if self._reader is None else self._written + self._unseen

    def _add(self, text: str) -> str:
        return super()._say(text)

    def _take_apart(self, turn: Mapping[str, Any]) -> None:
        calls: Sequence[Any] = list_in(turn.get("calls"))
        for number, given in enumerate(calls):
            call = self._open_call(number, "", text_in(table_in(given).get("tool")))
            self._extend(call, shown(table_in(table_in(given).get("arguments"))))


def _table(raw: str) -> Mapping[str, Any]:
    """What was written, or nothing where the limit of tokens came before its end."""
    try:
        return table_in(json.loads(raw))
    except (ValueError, RecursionError):
        return {}
