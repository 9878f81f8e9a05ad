"""A reply put together from the pieces of a chat completion stream. Pure; total on any JSON a server may send."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from legate_core.llm.base import ModelRequest, Reply, StopReason, ToolCall, Usage, with_distinct_ids
from legate_core.llm.server_errors import Asked, from_error, spellings, trouble
from legate_core.llm.strict_json import mended, shown
from legate_core.llm.tokens import count_at_most, count_calls, estimate_input
from legate_core.llm.tool_names import ToolNames

MAX_CALLS = 64
MAX_ARGUMENT_CHARS = 1_000_000
MAX_TOKENS_REPORTED = 1_000_000_000
STOP_REASONS: Mapping[str, StopReason] = {
    "stop": "end",
    "eos": "end",
    "end_turn": "end",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
}


@dataclass
class _Parts:
    """A call whose name and arguments are still arriving."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


class Assembly:
    """One attempt's reply in the making."""

    def __init__(self, request: ModelRequest, asked: Asked, reads_cost: bool = False) -> None:
        self._request = request
        self._asked = asked
        self._reads_cost = reads_cost
        self._text: list[str] = []
        self._held = ""
        self._calls: list[_Parts] = []
        self._stop = ""
        self._refused = False
        self._usage: Usage | None = None
        self._model = ""
        self._unseen = 0
        self.max_tokens = request.max_tokens
        self.has_begun = False
        self.is_finished = False

    def feed(self, chunk: Any) -> str:
        """Take one event in; the text it adds. Raises `Trouble` for an error in the stream and for what is no chunk."""
        if not isinstance(chunk, dict):
            raise trouble("bad_reply", f"{self._asked.host} sent what is no chat completion. Check the base URL.")
        data = cast("dict[str, Any]", chunk)
        if data.get("error"):
            raise from_error(self._asked, _status(data["error"]), data["error"])
        if isinstance(data.get("model"), str):
            self._model = data["model"][:200]
        self._read_usage(data.get("usage"))
        choice = _first(data.get("choices"))
        if self.is_finished or choice is None:
            return ""
        text = self._read_delta(choice.get("delta") or choice.get("message"))
        reason = choice.get("finish_reason")
        if reason == "error":
            raise from_error(self._asked, 502, choice.get("error") or "the model behind it failed")
        if isinstance(reason, str) and reason:
            self._stop, self.is_finished = reason[:80], True
        return text

    def reply(self) -> Reply:
        """The whole reply. Raises `Trouble` where it holds the key that it was asked with."""
        text = mended("".join(self._text))
        names = ToolNames.of(self._request.tools, self._request.messages)
        calls = tuple(ToolCall.parsed(part.id, names.name(part.name), part.arguments) for part in self._calls)
        everything = "\0".join((text, *(call.raw for call in calls)))
        if any(spelling in everything for spelling in spellings(self._asked.key)):
            raise trouble(
                "bad_reply",
                f"{self._asked.host} sent its key back in the answer, so nothing of it was kept. "
                "Replace the key, and look whose server this is.",
                usage=self.usage(),
            )
        taken = frozenset(call.id for message in self._request.messages for call in message.tool_calls)
        calls = with_distinct_ids(calls, taken, f"{len(self._request.messages)}|{len(text)}")
        return Reply(text, calls, self._stop_reason(calls), self.usage(), self._model)

    def rest(self) -> str:
        """The text still held back at the end of the stream."""
        rest, self._held = mended(self._held), ""
        return rest

    def usage(self) -> Usage:
        """What the server counted; else about what was sent, and at most what was received."""
        if self._usage is not None:
            return self._usage
        calls = (ToolCall(part.id, part.name, None, part.arguments) for part in self._calls)
        output = count_at_most("".join(self._text)) + count_calls(calls) + self._unseen
        return Usage(estimate_input(self._request), min(output, self.max_tokens), is_estimated=True)

    def _read_delta(self, given: Any) -> str:
        if not isinstance(given, dict):
            return ""
        delta = cast("dict[str, Any]", given)
        text = _text(delta.get("content"))
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            text, self._refused = text + delta["refusal"], True
        # Thoughts are charged and not shown; that they came means that the model is at work.
        thoughts = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
        self._unseen += count_at_most(thoughts)
        fragments = delta.get("tool_calls")
        for fragment in cast("list[Any]", fragments) if isinstance(fragments, list) else []:
            self._read_fragment(fragment)
        if text or thoughts or fragments:
            self.has_begun = True
        self._text.append(text)
        return self._whole(text)

    def _whole(self, text: str) -> str:
        """The text as far as its last character is whole; the first half of a pair waits for the second."""
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return mended(text)

    def _read_fragment(self, given: Any) -> None:
        if not isinstance(given, dict):
            return
        fragment = cast("dict[str, Any]", given)
        raw_function = fragment.get("function")
        function = cast("dict[str, Any]", raw_function) if isinstance(raw_function, dict) else {}
        id, name = _text(fragment.get("id")), _text(function.get("name"))
        part = self._part(fragment.get("index"), id, name)
        part.id = part.id or id
        if name and name != part.name:
            part.name += name
        arguments = function.get("arguments")
        part.arguments += arguments if isinstance(arguments, str) else shown(arguments) if arguments else ""
        if len(part.arguments) > MAX_ARGUMENT_CHARS or len(part.name) > 1_000:
            raise trouble(
                "bad_reply",
                f"The model {self._asked.model} wrote a call without an end. Try again, or choose another model.",
                usage=self.usage(),
            )

    def _part(self, index: Any, id: str, name: str) -> _Parts:
        """The call that a fragment belongs to.

        By its index; but some servers give every call the index 0 or none, and then a new id with a name opens one.
        """
        number = index if isinstance(index, int) and not isinstance(index, bool) else None
        same = [part for part in self._calls if part.index == number]
        is_new = bool(same and id and name and same[-1].id and same[-1].id != id)
        if same and not is_new:
            return same[-1]
        if len(self._calls) >= MAX_CALLS:
            raise trouble(
                "bad_reply",
                f"The model {self._asked.model} wants more than {MAX_CALLS} calls at once. Try again.",
                usage=self.usage(),
            )
        self._calls.append(_Parts(number))
        return self._calls[-1]

    def _read_usage(self, given: Any) -> None:
        if not isinstance(given, dict):
            return
        data = cast("dict[str, Any]", given)
        details = data.get("prompt_tokens_details")
        cached = cast("dict[str, Any]", details).get("cached_tokens") if isinstance(details, dict) else 0
        sent, received = _count(data.get("prompt_tokens")), _count(data.get("completion_tokens"))
        if sent is None or received is None:
            return
        charged = _charged(data) if self._reads_cost else None
        self._usage = Usage(sent, received, min(_count(cached) or 0, sent), charged_micros=charged)

    def _stop_reason(self, calls: tuple[ToolCall, ...]) -> StopReason:
        if self._refused:
            return "refusal"
        reason = STOP_REASONS.get(self._stop, "other")
        return "tool_calls" if calls and reason in ("end", "other") else reason


def _first(choices: Any) -> dict[str, Any] | None:
    """The first choice; we never ask for more than one."""
    for choice in cast("list[Any]", choices) if isinstance(choices, list) else []:
        if isinstance(choice, dict) and cast("dict[str, Any]", choice).get("index", 0) in (0, None):
            return cast("dict[str, Any]", choice)
    return None


def _text(value: Any) -> str:
    """Text, or the text of a list of parts, which some servers send."""
    if isinstance(value, str):
        return value
    parts = cast("list[Any]", value) if isinstance(value, list) else []
    texts = [cast("dict[str, Any]", part).get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKENS_REPORTED:
        return None
    return value


def _charged(usage: Mapping[str, Any]) -> int | None:
    """What the account was charged, in micros rounded up; None where the charge went to a key of one's own."""
    cost = usage.get("cost")
    if usage.get("is_byok") or isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < 1e6:
        return None
    return math.ceil(Decimal(str(cost)) * 1_000_000)


def _status(error: Any) -> int:
    """The HTTP status that an error in the stream stands for."""
    code = cast("Mapping[str, Any]", error).get("code") if isinstance(error, Mapping) else None
    if isinstance(code, str) and code.isdecimal():
        code = int(code[:4])
    return code if isinstance(code, int) and 400 <= code < 600 else 502
