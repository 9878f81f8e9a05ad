"""A reply put together from the events of Anthropic's message stream. Pure; total on any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_core.llm.assembly import MAX_THOUGHT_CHARS, Assembly, Call, count_in, list_in, some, table_in, text_in
from legate_core.llm.base import ModelRequest, StopReason, Thought, Usage
from legate_core.llm.server_errors import Asked, from_error, trouble
from legate_core.llm.strict_json import mended, shown

STOP_REASONS: Mapping[str, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What an error in mid-stream stands for; there is no status there."""


class AnthropicAssembly(Assembly):
    """One attempt's reply over POST /messages, streamed or whole."""

    def __init__(self, request: ModelRequest, asked: Asked) -> None:
        super().__init__(request, asked)
        self._counted: dict[str, int] = {}
        self._thoughts: dict[int, dict[str, str]] = {}
        self._thought_chars = 0

    def thoughts(self) -> tuple[Thought, ...]:
        """The thoughts in their order, each with its signature; what was not signed would be refused when it goes back."""
        return tuple(
            {name: mended(text) for name, text in thought.items()}
            for _, thought in sorted(self._thoughts.items())
            if thought.get("signature") or thought.get("data")
        )

    def _read(self, data: dict[str, Any]) -> str:
        match data.get("type"):
            case "message_start":
                message = table_in(data.get("message"))
                self._called_itself(message.get("model"))
                self._count(message.get("usage"))
            case "content_block_start":
                return self._begin(data.get("index"), table_in(data.get("content_block")))
            case "content_block_delta":
                return self._go_on(data.get("index"), table_in(data.get("delta")))
            case "message_delta":
                self._count(data.get("usage"))
                self._stopped(table_in(data.get("delta")).get("stop_reason"))
            case "message_stop":
                self.is_finished = True
            case "message":
                return self._read_whole(data)
            case "error":
                error = table_in(data.get("error"))
                raise from_error(self._asked, STATUSES.get(str(error.get("type")), 502), error)
            case None:
                raise trouble("bad_reply", f"{self._asked.host} sent what is no model's reply. Check the base URL.")
            case _:
                # A ping, the end of a block, or something newer than this program.
                pass
        return ""

    def _read_whole(self, message: Mapping[str, Any]) -> str:
        """A reply that was not streamed, as some gateways send it."""
        self._called_itself(message.get("model"))
        text = "".join(
            self._begin(number, table_in(block)) for number, block in enumerate(list_in(message.get("content")))
        )
        self._count(message.get("usage"))
        self._stopped(message.get("stop_reason"))
        self.is_finished = True
        return text

    def _begin(self, index: Any, block: Mapping[str, Any]) -> str:
        kind = block.get("type")
        if kind == "tool_use":
            call = self._open_call(_number(index), text_in(block.get("id")), text_in(block.get("name")))
            given = block.get("input")
            # Streamed calls begin with an empty object that stands for nothing yet.
            self._extend(call, shown(given) if given else "")
            return ""
        if kind in ("thinking", "redacted_thinking"):
            self._begin_thought(_number(index), kind, block)
        return self._say(text_in(block.get("text"))) if kind == "text" else ""

    def _go_on(self, index: Any, delta: Mapping[str, Any]) -> str:
        match delta.get("type"):
            case "text_delta":
                return self._say(text_in(delta.get("text")))
            case "input_json_delta":
                number = _number(index)
                call: Call | None = next((call for call in reversed(self._calls) if call.index == number), None)
                # The pieces of a tool that runs at the other side belong to no call of ours.
                if call is not None:
                    self._extend(call, text_in(delta.get("partial_json")))
            case "thinking_delta":
                self._extend_thought(_number(index), "thinking", text_in(delta.get("thinking")))
            case "signature_delta":
                self._extend_thought(_number(index), "signature", text_in(delta.get("signature")))
            case _:
                pass
        return ""

    def _begin_thought(self, number: int | None, kind: str, block: Mapping[str, Any]) -> None:
        """A thought begins: in words with a signature that follows, or sealed as a whole."""
        names = ("data",) if kind == "redacted_thinking" else ("thinking", "signature")
        at = len(self._thoughts) if number is None else number
        self._thoughts[at] = {"type": kind, **dict.fromkeys(names, "")}
        for name in names:
            self._extend_thought(at, name, text_in(block.get(name)))

    def _extend_thought(self, number: int | None, name: str, text: str) -> None:
        thought = self._thoughts.get(number) if number is not None else None
        if name == "thinking":
            self._think(text)
        if thought is None:
            return
        self._thought_chars += len(text)
        if self._thought_chars > MAX_THOUGHT_CHARS:
            raise self._trouble("thinks without an end. Try again, or choose another model.")
        thought[name] = thought.get(name, "") + text

    def _stopped(self, reason: Any) -> None:
        if isinstance(reason, str) and reason:
            self._finish(STOP_REASONS.get(reason, "other"))

    def _count(self, given: Any) -> None:
        """Counts come twice, the later ones being the whole; what reads from the cache or fills it is counted apart."""
        usage = table_in(given)
        names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        self._counted |= {name: count for name in names if (count := count_in(usage.get(name))) is not None}
        if "input_tokens" not in self._counted or "output_tokens" not in self._counted:
            return
        fresh, received, read, written = (self._counted.get(name, 0) for name in names)
        thoughts = table_in(usage.get("output_tokens_details")).get("thinking_tokens")
        reasoning = some(thoughts, received)
        self._counts(Usage(fresh + read + written, received, read, written_tokens=written, reasoning_tokens=reasoning))


def _number(index: Any) -> int | None:
    return index if isinstance(index, int) and not isinstance(index, bool) else None
