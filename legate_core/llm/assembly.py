"""A reply in the making, whatever its server calls the pieces: text as it arrives, calls, tokens; total on any JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from legate_core.llm.base import ModelRequest, Reply, StopReason, Thought, ToolCall, Usage, with_distinct_ids
from legate_core.llm.server_errors import Asked, Trouble, spellings, trouble
from legate_core.llm.strict_json import mended
from legate_core.llm.tokens import PER_MESSAGE, count_at_most, estimate_input
from legate_core.llm.tool_names import ToolNames

MAX_CALLS = 64
MAX_ARGUMENT_CHARS = 1_000_000
MAX_THOUGHT_CHARS = 2_000_000
MAX_NAME_CHARS = 1_000
MAX_MODEL_CHARS = 200
MAX_TOKENS_REPORTED = 1_000_000_000


@dataclass
class Call:
    """A call whose name and arguments are still arriving."""

    index: int | None
    id: str = ""
    name: str = ""
    _pieces: list[str] = field(default_factory=list[str])
    _size: int = 0
    _bytes: int = 0

    @property
    def arguments(self) -> str:
        """What has arrived so far."""
        return "".join(self._pieces)

    @property
    def is_endless(self) -> bool:
        """Whether it is longer than any call has a reason to be."""
        return self._size > MAX_ARGUMENT_CHARS or len(self.name) > MAX_NAME_CHARS

    @property
    def tokens(self) -> int:
        """The most that what has arrived of it can be."""
        return PER_MESSAGE + count_at_most(self.id + self.name) + self._bytes

    def add(self, arguments: str) -> None:
        """A further piece of its arguments."""
        self._pieces.append(arguments)
        self._size += len(arguments)
        self._bytes += count_at_most(arguments)


class Assembly(ABC):
    """One attempt's reply. A subclass reads the pieces of its interface; what holds for all of them is here.

    `has_begun` once something of the answer has come: from then on it is never asked again. `is_finished` after the last
    word.
    """

    def __init__(self, request: ModelRequest, asked: Asked) -> None:
        self._request = request
        self._asked = asked
        self._text: list[str] = []
        self._held = ""
        self._calls: list[Call] = []
        # A few servers say only that they are done, and not why.
        self._stop: StopReason = "end"
        self._usage: Usage | None = None
        # How much had come when the server counted; None for all of the piece that is being read.
        self._counted_at: int | None = 0
        self._model = ""
        self._said = 0
        self._unseen = 0
        self.max_tokens = request.max_tokens
        self.has_begun = False
        self.is_finished = False

    def feed(self, piece: Any) -> str:
        """Take one piece in; the text it adds. Raises `Trouble` for an error among the pieces and for what is none."""
        if not isinstance(piece, dict):
            raise trouble("bad_reply", f"{self._asked.host} sent what is no model's reply. Check the base URL.")
        try:
            return self._read(cast("dict[str, Any]", piece))
        finally:
            if self._counted_at is None:
                self._counted_at = self._received()

    @abstractmethod
    def _read(self, data: dict[str, Any]) -> str:
        """Take one piece of this interface in; the text it adds."""

    def reply(self) -> Reply:
        """The whole reply. Raises `Trouble` where it holds the key that it was asked with."""
        text = mended("".join(self._text))
        names = ToolNames.of(self._request.tools, self._request.messages)
        calls = tuple(ToolCall.parsed(part.id, names.name(part.name), part.arguments) for part in self._calls)
        thoughts = self.thoughts()
        whole = Reply(text, calls, self._stop, model=self._model, thoughts=thoughts)
        # Names also as they came: what is longer than any name is cut, and a part of a key is a key to whoever knows it.
        everything = "\0".join((*texts_in(whole.to_json()), *(part.name for part in self._calls)))
        if any(spelling in everything for spelling in spellings(self._asked.key)):
            raise trouble(
                "bad_reply",
                f"{self._asked.host} sent its key back in the answer, so nothing of it was kept. "
                "Replace the key, and look whose server this is.",
                usage=self.usage(),
            )
        taken = frozenset(call.id for message in self._request.messages for call in message.tool_calls)
        calls = with_distinct_ids(calls, taken, f"{len(self._request.messages)}|{len(text)}")
        is_about_calls = bool(calls) and self._stop in ("end", "other")
        stop = "tool_calls" if is_about_calls else self._stop
        return Reply(text, calls, stop, self.usage(), self._model[:MAX_MODEL_CHARS], thoughts)

    def thoughts(self) -> tuple[Thought, ...]:
        """The thoughts that the service wants back with the turn; most want none."""
        return ()

    def rest(self) -> str:
        """The text still held back at the end of the stream."""
        rest, self._held = mended(self._held), ""
        return rest

    def usage(self) -> Usage:
        """What the server counted, and at most what has come since then; else about what was sent, and at most what was
        received. A count from before the first word is none of an answer that breaks off after it."""
        counted = self._usage
        if counted is not None and self._has_counted(counted):
            later = 0 if self._counted_at is None else self._received() - self._counted_at
            output = min(counted.output_tokens + later, max(counted.output_tokens, self.max_tokens))
            return replace(counted, output_tokens=output)
        output = min(self._received(), self.max_tokens)
        return Usage(estimate_input(self._request), output, is_estimated=True)

    def _received(self) -> int:
        """The most tokens that can have come so far."""
        return self._said + self._unseen + sum(call.tokens for call in self._calls)

    def _counts(self, usage: Usage) -> None:
        """The server counted, and all of the piece that says so is among it."""
        self._usage, self._counted_at = usage, None

    def _has_counted(self, usage: Usage) -> bool:
        """Whether these are counts. Nothing in, or nothing out for an answer, is what a server says that does not count;
        believed, it would let any limit on tokens or money be passed."""
        has_answered = bool(self._text or self._calls)
        is_real = usage.input_tokens > 0 and (usage.output_tokens > 0 or not has_answered)
        return is_real or usage.charged_micros is not None

    def _say(self, text: str) -> str:
        """Text of the reply, as far as its last character is whole; the first half of a pair waits for the second."""
        if text:
            self.has_begun = True
            self._text.append(text)
            self._said += count_at_most(text)
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return mended(text)

    def _think(self, thoughts: str) -> None:
        """Thoughts are charged and not shown; that they came means that the model is at work."""
        if thoughts:
            self._unseen += count_at_most(thoughts)
            self.has_begun = True

    def _open_call(self, index: int | None, id: str = "", name: str = "") -> Call:
        if len(self._calls) >= MAX_CALLS:
            raise self._trouble(f"wants more than {MAX_CALLS} calls at once. Try again.")
        self._calls.append(Call(index, id, name))
        self.has_begun = True
        return self._calls[-1]

    def _extend(self, call: Call, arguments: str) -> None:
        call.add(arguments)
        if call.is_endless:
            raise self._trouble("wrote a call without an end. Try again, or choose another model.")

    def _finish(self, reason: StopReason) -> None:
        self._stop, self.is_finished = reason, True

    def _called_itself(self, name: Any) -> None:
        if isinstance(name, str) and name:
            # Cut when it is kept, and not before the whole of it was searched for the key.
            self._model = mended(name)

    def _trouble(self, what: str) -> Trouble:
        return trouble("bad_reply", f"The model {self._asked.model} {what}", usage=self.usage())


def text_in(value: Any) -> str:
    """Text, or the text of a list of parts, which some servers send."""
    if isinstance(value, str):
        return value
    parts = cast("list[Any]", value) if isinstance(value, list) else []
    texts = [cast("dict[str, Any]", part).get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value, the names in its objects among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[str, Any]", value).items():
            yield name
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from texts_in(item)


def table_in(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def list_in(value: Any) -> list[Any]:
    """A JSON array, or an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def count_in(value: Any) -> int | None:
    """A count of tokens, or None for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKENS_REPORTED:
        return None
    return value


def some(value: Any, most: int) -> int:
    """A count that is part of another one."""
    return min(count_in(value) or 0, most)
