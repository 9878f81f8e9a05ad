"""A reply put together from the pieces of a chat completion stream. Pure; total on any JSON a server may send."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from legate_core.llm.assembly import Assembly, Call, count_in, list_in, some, table_in, text_in
from legate_core.llm.base import ModelRequest, StopReason, Usage
from legate_core.llm.server_errors import Asked, from_error
from legate_core.llm.strict_json import shown

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


class ChatAssembly(Assembly):
    """One attempt's reply over POST /chat/completions, streamed or whole."""

    def __init__(self, request: ModelRequest, asked: Asked, reads_cost: bool = False) -> None:
        super().__init__(request, asked)
        self._reads_cost = reads_cost
        self._refused = False

    def _read(self, data: dict[str, Any]) -> str:
        if data.get("error"):
            raise from_error(self._asked, _status(data["error"]), data["error"])
        self._called_itself(data.get("model"))
        self._read_usage(table_in(data.get("usage")))
        choice = _first(data.get("choices"))
        if self.is_finished or choice is None:
            return ""
        text = self._read_delta(table_in(choice.get("delta") or choice.get("message")))
        reason = choice.get("finish_reason")
        if reason == "error":
            raise from_error(self._asked, 502, choice.get("error") or "the model behind it failed")
        if isinstance(reason, str) and reason:
            self._finish("refusal" if self._refused else STOP_REASONS.get(reason, "other"))
        return text

    def _read_delta(self, delta: Mapping[str, Any]) -> str:
        text = text_in(delta.get("content"))
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            text, self._refused, self._stop = text + delta["refusal"], True, "refusal"
        self._think(text_in(delta.get("reasoning_content")) or text_in(delta.get("reasoning")))
        for fragment in list_in(delta.get("tool_calls")):
            self._read_fragment(fragment)
        # What the interface had before tools; a few servers never learnt the new form.
        before_tools = table_in(delta.get("function_call"))
        if before_tools.get("name") or (before_tools.get("arguments") and self._calls):
            self._read_fragment({"index": 0, "function": before_tools})
        return self._say(text)

    def _read_fragment(self, given: Any) -> None:
        if not isinstance(given, dict):
            return
        fragment = cast("dict[str, Any]", given)
        # A kind of call that we never offer, with its own words for the same two things.
        own = table_in(fragment.get("custom"))
        function = table_in(fragment.get("function")) or {"name": own.get("name"), "arguments": own.get("input")}
        id, name = text_in(fragment.get("id")), text_in(function.get("name"))
        call = self._call(fragment.get("index"), id, name)
        call.id = call.id or id
        if name and name != call.name:
            call.name += name
        arguments = function.get("arguments")
        self._extend(call, arguments if isinstance(arguments, str) else shown(arguments) if arguments else "")

    def _call(self, index: Any, id: str, name: str) -> Call:
        """The call that a fragment belongs to.

        By its index; but some servers give every call the index 0 or none, and then a new id with a name opens one.
        """
        number = index if isinstance(index, int) and not isinstance(index, bool) else None
        same = [call for call in self._calls if call.index == number]
        is_new = bool(same and id and name and same[-1].id and same[-1].id != id)
        return same[-1] if same and not is_new else self._open_call(number)

    def _read_usage(self, data: Mapping[str, Any]) -> None:
        sent, received = count_in(data.get("prompt_tokens")), count_in(data.get("completion_tokens"))
        if sent is None or received is None:
            return
        of_input = table_in(data.get("prompt_tokens_details"))
        of_output = table_in(data.get("completion_tokens_details"))
        cached = some(of_input.get("cached_tokens"), sent)
        self._counts(
            Usage(
                sent,
                received,
                cached,
                charged_micros=_charged(data) if self._reads_cost else None,
                written_tokens=some(of_input.get("cache_write_tokens"), sent - cached),
                reasoning_tokens=some(of_output.get("reasoning_tokens"), received),
            )
        )


def _first(choices: Any) -> Mapping[str, Any] | None:
    """The first choice; we never ask for more than one."""
    for choice in list_in(choices):
        if isinstance(choice, dict) and cast("dict[str, Any]", choice).get("index", 0) in (0, None):
            return cast("dict[str, Any]", choice)
    return None


def _charged(usage: Mapping[str, Any]) -> int | None:
    """What the account was charged, in micros rounded up; None where the charge went to a key of one's own."""
    cost = usage.get("cost")
    if usage.get("is_byok") or isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < 1e6:
        return None
    return math.ceil(Decimal(str(cost)) * 1_000_000)


def _status(error: Any) -> int:
    """The HTTP status that an error in the stream stands for."""
    code = table_in(error).get("code")
    if isinstance(code, str) and code.isdecimal():
        code = int(code[:4])
    return code if isinstance(code, int) and 400 <= code < 600 else 502
