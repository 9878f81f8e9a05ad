"""Ollama's own interface, POST /api/chat: the request's body and the reply from its lines. Pure; total on any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_core.llm.assembly import Assembly, count_in, list_in, table_in, text_in
from legate_core.llm.base import Message, ModelRequest, StopReason, ToolCall, Usage
from legate_core.llm.chat_request import MAX_BROKEN, NOTHING_SAID
from legate_core.llm.server_errors import from_error
from legate_core.llm.strict_json import shown
from legate_core.llm.tool_names import wire_name

STOP_REASONS: Mapping[str, StopReason] = {"stop": "end", "length": "length"}


def body_of(request: ModelRequest, model: str, context_tokens: int = 0) -> Mapping[str, Any]:
    """The body, streaming.

    Ollama cuts a conversation that is too long, without a word, and forgets its beginning; here it is told not to.
    Versions before that could be said leave the field unread.
    """
    options: dict[str, Any] = {"num_predict": request.max_tokens}
    if context_tokens:
        options["num_ctx"] = context_tokens
    if request.temperature is not None:
        options["temperature"] = request.temperature
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": options,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": wire_name(tool.name),
                    "description": tool.description,
                    "parameters": {"type": "object", "properties": {}, **tool.parameters},
                },
            }
            for tool in request.tools
        ]
    if request.response_schema is not None:
        body["format"] = dict(request.response_schema)
    return body


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        # By id as well as by name: either alone is not known to every version.
        name = wire_name(message.name) if message.name else ""
        return {"role": "tool", "content": message.text, "tool_name": name, "tool_call_id": message.tool_call_id}
    found: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        found["tool_calls"] = [_call(call) for call in message.tool_calls]
    elif not message.text and message.role == "assistant":
        found["content"] = NOTHING_SAID
    if message.images:
        found["images"] = [image.base64 for image in message.images]
    return found


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = call.arguments if call.arguments is not None else {"not_json": call.raw[:MAX_BROKEN]}
    return {"id": call.id, "function": {"name": wire_name(call.name), "arguments": dict(arguments)}}


class OllamaAssembly(Assembly):
    """One attempt's reply: a line for each piece, the last of them with the counts."""

    def _read(self, data: dict[str, Any]) -> str:
        if data.get("error"):
            raise from_error(self._asked, 500, data["error"])
        if not isinstance(data.get("message"), dict) and not data.get("done"):
            raise self._trouble("answered with what is no reply. Check the base URL under Model.")
        self._called_itself(data.get("model"))
        message = table_in(data.get("message"))
        self._think(text_in(message.get("thinking")))
        for given in list_in(message.get("tool_calls")):
            self._read_call(table_in(given))
        text = self._say(text_in(message.get("content")))
        if data.get("done") is True:
            self._count(data)
            self._finish(STOP_REASONS.get(str(data.get("done_reason") or "stop"), "other"))
        return text

    def _read_call(self, given: Mapping[str, Any]) -> None:
        """Calls come whole, each in one line; their numbers are not always there and not always right."""
        function = table_in(given.get("function"))
        call = self._open_call(None, text_in(given.get("id")), text_in(function.get("name")))
        arguments = function.get("arguments")
        self._extend(call, arguments if isinstance(arguments, str) else shown(arguments) if arguments else "")

    def _count(self, data: Mapping[str, Any]) -> None:
        sent, received = count_in(data.get("prompt_eval_count")), count_in(data.get("eval_count"))
        # Older versions leave out what they took from their cache, so that nothing is not to be believed.
        if sent and received is not None:
            self._counts(Usage(sent, received))
