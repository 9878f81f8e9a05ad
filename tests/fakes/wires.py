"""How each kind of server writes what it says: the same scenes in every interface, for `ModelServer` to play."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.fakes import model_server as chat
from tests.fakes.model_server import END, Answer, Piece

Calls = Sequence[tuple[str, str, str]]
"""An id, a name on the wire, and the arguments as text, for each call."""

STOPS = ("end", "length", "refusal", "unknown")


class Wire(Protocol):
    """One interface, seen from the server."""

    name: str
    settings: Mapping[str, Any]
    stops: Mapping[str, str]

    def begin(self) -> list[Piece]:
        """What comes before the first word."""
        ...

    def piece(self, text: str) -> bytes: ...

    def finish(self, stop: str) -> list[Piece]:
        """The last word, and ten tokens in and five out."""
        ...

    def calls(self, calls: Calls) -> list[Piece]: ...

    def broken(self, words: str) -> bytes:
        """An error in mid-stream that means: try again."""
        ...

    def refused(self, status: int, words: str, **headers: str) -> Answer: ...

    def images(self, body: Any) -> list[tuple[str, str]]:
        """The pictures in a request: what they are and their bytes in base64."""
        ...


def said(wire: Wire, *texts: str, stop: str = "end", end: END = "end") -> Answer:
    """A whole text, streamed in these pieces."""
    pieces: list[Piece] = [*wire.begin(), *(wire.piece(text) for text in texts), *wire.finish(stop)]
    return Answer(pieces, content_type=content_type(wire), end=end)


def called(wire: Wire, *calls: tuple[str, str, str], say: str = "") -> Answer:
    """Calls, perhaps after some words."""
    words = [wire.piece(say)] if say else []
    return Answer([*wire.begin(), *words, *wire.calls(calls), *wire.finish("calls")], content_type=content_type(wire))


def begun(wire: Wire, *texts: str, end: END, then: Sequence[Piece] = ()) -> Answer:
    """An answer that does not come to its end by itself."""
    return Answer(
        [*wire.begin(), *(wire.piece(text) for text in texts), *then], content_type=content_type(wire), end=end
    )


def content_type(wire: Wire) -> str:
    return "application/x-ndjson" if isinstance(wire, OllamaWire) else "text/event-stream"


@dataclass(frozen=True)
class ChatWire:
    """POST /chat/completions."""

    name: str
    settings: Mapping[str, Any]
    stops: Mapping[str, str]

    def begin(self) -> list[Piece]:
        return [chat.chunk({"role": "assistant", "content": ""})]

    def piece(self, text: str) -> bytes:
        return chat.chunk({"content": text})

    def finish(self, stop: str) -> list[Piece]:
        return [chat.chunk(finish=self.stops[stop]), chat.usage(), chat.DONE]

    def calls(self, calls: Calls) -> list[Piece]:
        found: list[Piece] = []
        for number, (id, name, arguments) in enumerate(calls):
            half = len(arguments) // 2
            found.append(chat.chunk({"tool_calls": [chat.fragment(number, id, name, arguments[:half])]}))
            found.append(chat.chunk({"tool_calls": [chat.fragment(number, arguments=arguments[half:])]}))
        return found

    def broken(self, words: str) -> bytes:
        return chat.event({"error": {"code": 503, "message": words}})

    def refused(self, status: int, words: str, **headers: str) -> Answer:
        return chat.refused(status, {"message": words}, **headers)

    def images(self, body: Any) -> list[tuple[str, str]]:
        parts = [
            part for message in body["messages"] if isinstance(message["content"], list) for part in message["content"]
        ]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        return [tuple(url.removeprefix("data:").split(";base64,")) for url in urls]


def block(kind: str, **fields: Any) -> bytes:
    """One event of Anthropic's stream."""
    return f"event: {kind}\n".encode() + chat.event({"type": kind, **fields})


@dataclass(frozen=True)
class AnthropicWire:
    """POST /messages."""

    name: str
    settings: Mapping[str, Any]
    stops: Mapping[str, str]

    def begin(self) -> list[Piece]:
        message = {"id": "msg_1", "model": "fake-1", "role": "assistant", "content": [], "stop_reason": None}
        counted = {
            "input_tokens": 7,
            "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        return [
            block("message_start", message={**message, "usage": counted}),
            block("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            block("ping"),
        ]

    def piece(self, text: str) -> bytes:
        return block("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def finish(self, stop: str) -> list[Piece]:
        return [
            block("content_block_stop", index=0),
            block("message_delta", delta={"stop_reason": self.stops[stop]}, usage={"output_tokens": 5}),
            block("message_stop"),
        ]

    def calls(self, calls: Calls) -> list[Piece]:
        found: list[Piece] = []
        for number, (id, name, arguments) in enumerate(calls, 1):
            half = len(arguments) // 2
            call = {"type": "tool_use", "id": id, "name": name, "input": {}}
            found.append(block("content_block_start", index=number, content_block=call))
            for part in (arguments[:half], arguments[half:]):
                delta = {"type": "input_json_delta", "partial_json": part}
                found.append(block("content_block_delta", index=number, delta=delta))
            found.append(block("content_block_stop", index=number))
        return found

    def broken(self, words: str) -> bytes:
        return block("error", error={"type": "overloaded_error", "message": words})

    def refused(self, status: int, words: str, **headers: str) -> Answer:
        return chat.refused(status, {"type": "invalid_request_error", "message": words}, **headers)

    def images(self, body: Any) -> list[tuple[str, str]]:
        parts = [part for message in body["messages"] for part in message["content"] if part["type"] == "image"]
        return [(part["source"]["media_type"], part["source"]["data"]) for part in parts]


def line(**fields: Any) -> bytes:
    """One line of Ollama's stream."""
    return (
        json.dumps({"model": "fake-1", "created_at": "2026-01-01T00:00:00Z", "done": False, **fields}).encode() + b"\n"
    )


@dataclass(frozen=True)
class OllamaWire:
    """POST /api/chat."""

    name: str
    settings: Mapping[str, Any]
    stops: Mapping[str, str]

    def begin(self) -> list[Piece]:
        return []

    def piece(self, text: str) -> bytes:
        return line(message={"role": "assistant", "content": text})

    def finish(self, stop: str) -> list[Piece]:
        counted = {"prompt_eval_count": 10, "eval_count": 5}
        return [line(message={"role": "assistant", "content": ""}, done=True, done_reason=self.stops[stop], **counted)]

    def calls(self, calls: Calls) -> list[Piece]:
        found: list[Piece] = []
        for id, name, arguments in calls:
            try:
                given = json.loads(arguments)
            except ValueError:
                given = arguments
            function = {"name": name, "arguments": given}
            found.append(
                line(message={"role": "assistant", "content": "", "tool_calls": [{"id": id, "function": function}]})
            )
        return found

    def broken(self, words: str) -> bytes:
        return json.dumps({"error": words}).encode() + b"\n"

    def refused(self, status: int, words: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer([json.dumps({"error": words}).encode()], status, "application/json", named)

    def images(self, body: Any) -> list[tuple[str, str]]:
        found = [data for message in body["messages"] for data in message.get("images", [])]
        return [("image/png", data) for data in found]


CHAT_STOPS = {
    "end": "stop",
    "length": "length",
    "refusal": "content_filter",
    "unknown": "moonrise",
    "calls": "tool_calls",
}
WIRES: tuple[Wire, ...] = (
    AnthropicWire(
        "anthropic",
        {"provider": "anthropic", "model": "m-1", "secret": "sec_1"},
        {
            "end": "end_turn",
            "length": "max_tokens",
            "refusal": "refusal",
            "unknown": "moonrise",
            "calls": "tool_use",
        },
    ),
    OllamaWire(
        "ollama",
        {"provider": "ollama", "model": "m-1", "secret": "sec_1"},
        {"end": "stop", "length": "length", "refusal": "stop", "unknown": "moonrise", "calls": "stop"},
    ),
    ChatWire("openai", {"provider": "openai", "model": "m-1", "secret": "sec_1"}, CHAT_STOPS),
    ChatWire("openai_compatible", {"provider": "openai_compatible", "model": "m-1", "secret": "sec_1"}, CHAT_STOPS),
    ChatWire("openrouter", {"provider": "openrouter", "model": "m-1", "secret": "sec_1"}, CHAT_STOPS),
)
WIRE = {wire.name: wire for wire in WIRES}
