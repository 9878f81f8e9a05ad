"""A request as the body of POST /chat/completions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from legate_core.llm.base import Message, ModelRequest, ToolCall
from legate_core.llm.strict_json import shown
from legate_core.llm.tool_names import wire_name

NOTHING_SAID = "(no answer)"
MAX_BROKEN = 2_000


def body_of(request: ModelRequest, model: str, limit_field: str) -> dict[str, Any]:
    """The body, streaming and with usage; `limit_field` is what the server calls the limit of output tokens."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [message_of(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        limit_field: request.max_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": wire_name(tool.name),
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in request.tools
        ]
    if request.response_schema is not None:
        schema = dict(request.response_schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": is_closed(schema), "schema": schema},
        }
    return body


def message_of(message: Message) -> dict[str, Any]:
    """One message as the server wants it."""
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    if message.role == "assistant" and message.tool_calls:
        calls = [_call_of(call) for call in message.tool_calls]
        return {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    # Several servers refuse an empty turn, and leaving it out would put two of the user's in a row, which others refuse.
    text = message.text or (NOTHING_SAID if message.role == "assistant" else "")
    if message.images:
        parts: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": f"data:{image.media_type};base64,{image.base64}"}}
            for image in message.images
        ]
        return {"role": message.role, "content": [*parts, {"type": "text", "text": text}]}
    return {"role": message.role, "content": text}


def _call_of(call: ToolCall) -> dict[str, Any]:
    # Servers parse the arguments of earlier calls, so what was no JSON goes back as JSON that shows it.
    arguments = call.arguments if call.arguments is not None else {"not_json": call.raw[:MAX_BROKEN]}
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": wire_name(call.name), "arguments": shown(dict(arguments))},
    }


def is_closed(schema: Any) -> bool:
    """Whether every object in a schema lists all it may hold and requires it: the only schemas that *strict* takes."""
    if isinstance(schema, list):
        return all(is_closed(item) for item in cast("list[Any]", schema))
    if not isinstance(schema, Mapping):
        return True
    table = cast("Mapping[str, Any]", schema)
    if table.get("type") == "object" or "properties" in table:
        properties = cast("Mapping[str, Any]", table.get("properties", {}))
        required = set(cast("list[str]", table.get("required", [])))
        if table.get("additionalProperties") is not False or required != set(properties):
            return False
    return all(is_closed(value) for value in table.values())
