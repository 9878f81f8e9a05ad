"""What every model is to the core: messages in, pieces of text and one reply out, or a failure with a kind."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol, cast

from legate_core.errors import Invalid, LegateError
from legate_core.llm.strict_json import JsonMistake, mended, parse_object, shown

Role = Literal["system", "user", "assistant", "tool"]
FailureKind = Literal[
    "auth", "context_overflow", "refused", "rate_limited", "unavailable", "timeout", "bad_reply", "cut"
]
StopReason = Literal["end", "tool_calls", "length", "refusal", "other"]

MAX_TOOL_NAME = 128
MAX_IMAGE_BYTES = 5_000_000
"""What the strictest of the big services takes."""
_KINDS_OF_IMAGE = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_CALL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool. `arguments` is None where what came (`raw`) is no JSON object: see `error`."""

    id: str
    name: str
    arguments: Mapping[str, Any] | None
    raw: str = ""
    error: str = ""

    @classmethod
    def of(cls, id: str, name: str, arguments: Mapping[str, Any]) -> ToolCall:
        """A call whose arguments are known to be good."""
        return cls(id, name, arguments, shown(arguments))

    @classmethod
    def parsed(cls, id: str, name: str, raw: str) -> ToolCall:
        """A call from the text a model wrote. Total: what cannot be read becomes a call without arguments."""
        text = mended(raw)
        try:
            return cls(id, name, parse_object(text), text)
        except JsonMistake as mistake:
            return cls(id, name, None, text, str(mistake))


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it is shown to a model: its bytes and what they are, which the bytes themselves say."""

    data: bytes
    media_type: str

    @classmethod
    def of(cls, data: bytes) -> Image:
        """A picture from a file's bytes. Raises `Invalid` for what is none, or too large for any service."""
        kind = next((kind for mark, kind in _KINDS_OF_IMAGE.items() if data.startswith(mark)), "")
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            kind = "image/webp"
        if not kind:
            raise Invalid("This is no picture that models can see. Use PNG, JPEG, GIF or WebP.")
        if len(data) > MAX_IMAGE_BYTES:
            raise Invalid(f"The picture is larger than {MAX_IMAGE_BYTES // 1_000_000} MB. Make it smaller.")
        return cls(data, kind)

    @property
    def base64(self) -> str:
        """The bytes as services take them."""
        return base64.b64encode(self.data).decode()


Thought = Mapping[str, Any]
"""A thought as its service wrote it, signed or sealed by it: nothing here reads it, and only that service gets it back."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation. A `tool` message answers the call `tool_call_id` of the tool `name`.

    `images` come before the text, and only in a user's message; a model that cannot see them refuses. `thoughts` are
    those of an assistant's turn: without them some services do not go on after a call.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""
    images: tuple[Image, ...] = ()
    thoughts: tuple[Thought, ...] = ()

    def __post_init__(self) -> None:
        if self.images and self.role != "user":
            raise ValueError("only a user's message shows pictures")


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """What a model is told about a tool; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `is_estimated` where the server did not count: the input's is then about right and the
    output's an upper bound.

    `cached_tokens` (read from the provider's cache) and `written_tokens` (put there, which some charge dearer) are among
    the input's, `reasoning_tokens` (thoughts, charged and not shown) among the output's. `charged_micros` is what the
    provider says it charged, where it says so.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    is_estimated: bool = False
    charged_micros: int | None = None
    written_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply's text as it arrives. All pieces in order are the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's whole turn. No two calls of a reply share an id. `model` is who answered, as the server says.

    `thoughts` belong to the turn and go back with it; they are no part of its text.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: StopReason = "end"
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    thoughts: tuple[Thought, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The reply as JSON, for the body of a step."""
        calls = [
            {
                "id": call.id,
                "name": call.name,
                "arguments": dict(call.arguments) if call.arguments is not None else None,
                "raw": call.raw,
                "error": call.error,
            }
            for call in self.tool_calls
        ]
        usage = self.usage
        return {
            "text": self.text,
            "tool_calls": calls,
            "stop_reason": self.stop_reason,
            "usage": {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cached_tokens": usage.cached_tokens,
                "is_estimated": usage.is_estimated,
                "charged_micros": usage.charged_micros,
                "written_tokens": usage.written_tokens,
                "reasoning_tokens": usage.reasoning_tokens,
            },
            "model": self.model,
            "thoughts": [dict(thought) for thought in self.thoughts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reply:
        """The reply that `to_json` wrote. Fields that an older step lacks have their defaults."""
        calls = cast("list[dict[str, Any]]", data.get("tool_calls", []))
        return cls(
            text=str(data.get("text", "")),
            tool_calls=tuple(ToolCall(**call) for call in calls),
            stop_reason=data.get("stop_reason", "end"),
            usage=Usage(**data.get("usage", {})),
            model=str(data.get("model", "")),
            thoughts=tuple(cast("list[dict[str, Any]]", data.get("thoughts", []))),
        )


class Meter:
    """What one question has used so far, as the model that is asked tells it: what is charged where the call is cut off.

    Read from any thread.
    """

    def __init__(self) -> None:
        self._used: Callable[[], Usage] | None = None

    @property
    def used(self) -> Usage | None:
        """What the call on its way has used; None where none went out, or it came to nothing that is charged."""
        return self._used() if self._used is not None else None

    def runs(self, used: Callable[[], Usage]) -> None:
        """The question goes out; `used` says from now on what it has used."""
        self._used = used

    def rests(self) -> None:
        """The question came back unanswered, so that nothing is charged for it."""
        self._used = None


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. With a `response_schema`, the reply's text is JSON that fits it, or the call fails.

    `attempt` is how often this very question has failed in its run before; only a recording looks at it. `meter` is told
    what the call uses while it is on its way.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolOffer, ...] = ()
    max_tokens: int = 4096
    temperature: float | None = None
    response_schema: Mapping[str, Any] | None = None
    attempt: int = 0
    meter: Meter = field(default_factory=Meter, compare=False, repr=False)


class Model(Protocol):
    """The port. A stream gives pieces of text and, last, exactly one reply; or it raises `ModelFailed`.

    It tells the request's `meter` what the call uses. Closing or cancelling the stream ends the call at the other side too.
    """

    def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]: ...


class ModelFailed(LegateError):
    """A model could not be asked, or what it said is of no use.

    `kind` decides what comes next: *auth*, *context_overflow* and *refused* are not mended by asking again. `usage` is
    what the failed call used as far as it is known, because a reply that breaks off is charged all the same.
    `again_seconds` is how long the server wants to be left alone, where it says so.
    """

    code: ClassVar[str] = "model-failed"
    status: ClassVar[int] = 502
    exit_code: ClassVar[int] = 8

    def __init__(
        self, kind: FailureKind, message: str, usage: Usage | None = None, again_seconds: float | None = None
    ) -> None:
        super().__init__(message, kind=kind)
        self.kind: FailureKind = kind
        self.usage = usage
        self.again_seconds = again_seconds


def with_distinct_ids(calls: tuple[ToolCall, ...], taken: frozenset[str], seed: str) -> tuple[ToolCall, ...]:
    """The calls with ids that are well-formed, distinct, and not `taken` by an earlier turn.

    Servers give none, the same one twice, or start from call_0 in each turn; a result that found the wrong call
    would be an answer to a question nobody asked. Nine characters, because one server takes no other length.
    """
    used = set(taken)
    found: list[ToolCall] = []
    for number, call in enumerate(calls):
        chosen = call.id
        attempt = 0
        while chosen in used or not _CALL_ID.fullmatch(chosen):
            source = f"{seed}|{number}|{attempt}|{call.id}".encode("utf-8", "replace")
            chosen = hashlib.sha256(source).hexdigest()[:9]
            attempt += 1
        used.add(chosen)
        found.append(call if chosen == call.id else replace(call, id=chosen))
    return tuple(found)


def clean_name(name: str) -> str:
    """A tool's name as a model wrote it, without what no label or log line should hold."""
    return "".join(char if char.isprintable() else "?" for char in mended(name))[:MAX_TOOL_NAME] or "(no name)"
