"""A request as the body of Anthropic's POST /messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from legate_core.llm.base import Message, ModelRequest, ToolCall
from legate_core.llm.chat_request import MAX_BROKEN, NOTHING_SAID
from legate_core.llm.tool_names import wire_name

ANSWER = "answer_in_json"
"""The tool through which an answer of a shape is asked for: every model knows tools, few the newer way."""


def body_of(request: ModelRequest, model: str) -> Mapping[str, Any]:
    """The body, streaming. What a system says stands apart; turns of one side in a row are one message."""
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": _messages(message for message in request.messages if message.role != "system"),
    }
    if system := "\n\n".join(message.text for message in request.messages if message.role == "system" and message.text):
        body["system"] = system
    if request.temperature is not None:
        body["temperature"] = request.temperature
    tools = [
        {"name": wire_name(tool.name), "description": tool.description, "input_schema": _object(tool.parameters)}
        for tool in request.tools
    ]
    if request.response_schema is not None:
        tools.append(_answer_tool(request.response_schema))
        choice = "any" if request.tools else "tool"
        body["tool_choice"] = {"type": choice, "disable_parallel_tool_use": True}
        if choice == "tool":
            body["tool_choice"]["name"] = ANSWER
    if tools:
        body["tools"] = tools
    return body


def wraps(schema: Mapping[str, Any]) -> bool:
    """Whether an answer of this shape is no object, and therefore travels inside one: a tool takes nothing else."""
    return schema.get("type") != "object"


def _answer_tool(schema: Mapping[str, Any]) -> dict[str, Any]:
    parameters = dict(schema)
    if wraps(schema):
        parameters = {"type": "object", "properties": {"value": parameters}, "required": ["value"]}
    return {"name": ANSWER, "description": "Give your final answer in this form.", "input_schema": parameters}


def _messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": role, "content": blocks})
    return found


def _blocks(message: Message) -> list[dict[str, Any]]:
    # An empty text is refused, also inside a result.
    text = [{"type": "text", "text": message.text}] if message.text.strip() else []
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": text or NOTHING_SAID}]
    if message.role == "assistant":
        calls = [_call_of(call) for call in message.tool_calls]
        return [*text, *calls] or [{"type": "text", "text": NOTHING_SAID}]
    images = [
        {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.base64}}
        for image in message.images
    ]
    return [*images, *text] or [{"type": "text", "text": NOTHING_SAID}]


def _call_of(call: ToolCall) -> dict[str, Any]:
    arguments = call.arguments if call.arguments is not None else {"not_json": call.raw[:MAX_BROKEN]}
    return {"type": "tool_use", "id": call.id, "name": wire_name(call.name), "input": dict(arguments)}


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's schema must say out loud that it is an object."""
    return {"type": "object", **schema}
