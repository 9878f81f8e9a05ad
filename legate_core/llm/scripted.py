"""The scripted model: a provider like any other that plays a script, for practice without a key and for tests."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from legate_core.errors import Invalid
from legate_core.llm.base import FailureKind, Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolCall, Usage
from legate_core.llm.pricing import Price, free, own_price
from legate_core.llm.script import Script, Turn, load_script, parse_script, script_of
from legate_core.llm.structured import check_reply
from legate_core.llm.surroundings import ModelSettings, Surroundings, output_limit, refuse_unknown, text_of
from legate_core.llm.tokens import count_calls, estimate_input

_PIECE = re.compile(r"\s*\S{1,24}|\s+")
_CALL_ID = re.compile(r"s(\d+)-\d+")
_SETTINGS = frozenset({"model", "script", "turns", "text", "price", "max_tokens", "temperature"})


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """Plays a script. The turn depends on the request alone, so that a run can be taken up after a restart."""

    script: Script
    surroundings: Surroundings

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
        """The text of the turn in small pieces, then the reply. Raises `Invalid` where the script runs out."""
        turn = self.script.turn(replies_so_far(request.messages), last_results(request.messages))
        fault = turn.fault if self._befalls(turn, request) else ""
        shown = 0
        request.meter.runs(lambda: Usage(estimate_input(request), min(request.max_tokens, shown), is_estimated=True))
        if fault == "hang":
            await asyncio.Event().wait()
        if fault not in ("", "cut", "empty", "malformed_json"):
            request.meter.rests()
            message = f"{self.script.source} fails here with {fault}, as it was told to. Try again."
            raise ModelFailed(cast("FailureKind", fault), message)
        say = "" if fault == "empty" else turn.say
        calls = () if fault == "empty" else turn.calls
        if fault == "malformed_json" and calls:
            calls = (_broken(calls[0]), *calls[1:])
        pieces = _PIECE.findall(say)
        for number, piece in enumerate(pieces):
            if fault == "cut" and number >= len(pieces) // 2:
                break
            # Lets the event loop turn, so that a listener sees pieces and a stop is heard between them.
            await asyncio.sleep(0)
            shown += 1
            yield TextDelta(piece)
        output = min(request.max_tokens, len(pieces) + count_calls(calls))
        usage = Usage(estimate_input(request), output, is_estimated=True)
        if fault == "cut":
            raise ModelFailed("cut", f"{self.script.source} breaks off here, as it was told to. Try again.", usage)
        reply = Reply(say, calls, "tool_calls" if calls else "end", usage, "scripted")
        check_reply(reply, request.response_schema)
        yield reply

    def _befalls(self, turn: Turn, request: ModelRequest) -> bool:
        """Whether the fault comes this time: always, or the first `times` that this very conversation is asked."""
        if not turn.fault or turn.times is None:
            return bool(turn.fault)
        asked = "\0".join((self.script.source, *(f"{m.role}:{m.text}" for m in request.messages)))
        key = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()
        seen = self.surroundings.faults.get(key, 0)
        self.surroundings.faults[key] = seen + 1
        return seen < turn.times


def replies_so_far(messages: tuple[Message, ...]) -> int:
    """How many replies were given. Where a transcript was trimmed, the ids of scripted calls say what is missing."""
    count = 0
    for message in messages:
        if message.role != "assistant":
            continue
        numbers = [int(found[1]) for call in message.tool_calls if (found := _CALL_ID.fullmatch(call.id))]
        count = max(count, *numbers) + 1 if numbers else count + 1
    return count


def last_results(messages: tuple[Message, ...]) -> str:
    """What the tools answered since the last reply."""
    results: list[str] = []
    for message in reversed(messages):
        if message.role == "assistant":
            break
        if message.role == "tool":
            results.append(message.text)
    return "\n".join(reversed(results))


def _broken(call: ToolCall) -> ToolCall:
    return ToolCall.parsed(call.id, call.name, call.raw[: max(1, len(call.raw) // 2)])


class Scripted:
    """The provider *scripted*: `script` names a file, `text` holds a script, `turns` are its turns as data."""

    name = "scripted"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> ScriptedModel:
        """The model that plays the script; every mistake in the script is found here."""
        refuse_unknown(settings, _SETTINGS)
        output_limit(settings)
        given = [name for name in ("script", "text", "turns") if name in settings]
        if len(given) != 1:
            raise Invalid("The scripted model needs one of `script` (a file), `text` or `turns`. Give it one.")
        if "turns" in settings:
            return ScriptedModel(script_of(settings["turns"]), surroundings)
        if "text" in settings:
            return ScriptedModel(parse_script(text_of(settings, "text")), surroundings)
        path = Path(text_of(settings, "script"))
        if not path.is_absolute():
            raise Invalid(f"The script {str(path)!r} must be named by its full path. Choose it under Model.")
        return ScriptedModel(load_script(path), surroundings)

    def key(self, settings: ModelSettings) -> None:
        """A script needs no key."""

    def price(self, settings: ModelSettings) -> Price:
        """Nothing, unless the definition wants to practise with money."""
        return own_price(settings) or free("a script costs nothing")


PROVIDER = Scripted()
