"""A request as the body of Anthropic's POST /messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from legate_core.llm.base import Message, ModelRequest, ToolCall
from legate_core.llm.chat_request import MAX_BROKEN, NOTHING_SAID
from legate_core.llm.tool_names import wire_name

UNKNOWN_TO_GRAMMAR = frozenset(
    {
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
        *("pattern", "minItems", "maxItems", "uniqueItems", "contains", "minProperties", "maxProperties"),
        *("patternProperties", "propertyNames", "dependentRequired", "$schema"),
    }
)
"""What a schema may say and the service refuses to hold a model to; the answer is checked here against all of it."""


ADAPTIVE = "adaptive"
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


def body_of(request: ModelRequest, model: str, thinking: int | str = 0) -> Mapping[str, Any]:
    """The body, streaming. What a system says stands apart; turns of one side in a row are one message.

    `thinking` is how many tokens the model may think with, or *adaptive*, which leaves that to it; 0 asks for none.
    """
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": _messages(message for message in request.messages if message.role != "system"),
    }
    if system := "\n\n".join(message.text for message in request.messages if message.role == "system" and message.text):
        body["system"] = system
    if thinking:
        body["thinking"] = (
            {"type": "adaptive"} if thinking == ADAPTIVE else {"type": "enabled", "budget_tokens": thinking}
        )
    # A model that thinks takes no temperature.
    elif request.temperature is not None:
        body["temperature"] = request.temperature
    tools = [
        {"name": wire_name(tool.name), "description": tool.description, "input_schema": _object(tool.parameters)}
        for tool in request.tools
    ]
    if request.response_schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": narrowed(request.response_schema)}}
    if tools:
        body["tools"] = tools
    return body


def narrowed(schema: Any) -> Any:
    """A schema as the service takes it: objects closed, without the bounds that it does not know."""
    if isinstance(schema, list):
        return [narrowed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, Mapping):
        return schema
    table = cast("Mapping[str, Any]", schema)
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name in ("properties", "$defs", "definitions") and isinstance(value, Mapping):
            found[name] = {key: narrowed(item) for key, item in cast("Mapping[str, Any]", value).items()}
        elif name in ("enum", "const", "default", "examples", "required"):
            found[name] = value
        elif name not in UNKNOWN_TO_GRAMMAR:
            found[name] = narrowed(value)
    if table.get("type") == "object" or "properties" in table:
        found["additionalProperties"] = False
    return found


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
        # As they came, to the letter: they are signed. Thoughts of another service are not for this one.
        thoughts = [dict(thought) for thought in message.thoughts if thought.get("type") in THOUGHTS]
        if not text and not calls:
            text = [{"type": "text", "text": NOTHING_SAID}]
        return [*thoughts, *text, *calls]
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
