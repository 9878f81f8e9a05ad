"""What a server's refusal means, in a kind and in words; its own words are cut, and no key is among them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from legate_core.llm.base import FailureKind, ModelFailed, Usage

MAX_WORDS = 300
_OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
_OVERFLOW_WORDS = re.compile(
    r"context (length|window|size)|maximum context|context_length|too many (input )?tokens|prompt is too long"
    r"|input is too long|input length (and|exceeds)|exceeds? (the )?context limit"
    r"|exceeds? the (available|maximum) (context|number of tokens)|reduce the length",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_(quota|credits|funds)|billing_(hard_limit|error)|credit balance", re.IGNORECASE)
_FILTERED = re.compile(r"content_(filter|policy)|moderation|flagged", re.IGNORECASE)


class Trouble(Exception):
    """A failure on its way out of one attempt: whether another attempt makes sense, and when."""

    def __init__(self, failure: ModelFailed, may_retry: bool = False, asked_seconds: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.may_retry = may_retry
        self.asked_seconds = asked_seconds


def trouble(kind: FailureKind, message: str, *, may_retry: bool = False, usage: Usage | None = None) -> Trouble:
    """A failure in words of our own."""
    return Trouble(ModelFailed(kind, message, usage), may_retry)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked for what, and with which key: what the words of an error need, and what they must not hold."""

    host: str
    model: str
    key: str = ""

    def words(self, text: str) -> str:
        """A server's words as they may be shown: one line, cut, without the key in any common spelling."""
        line = "".join(char if char.isprintable() else " " for char in text)
        for spelling in spellings(self.key):
            line = line.replace(spelling, "•••")
        line = re.sub(r" {2,}", " ", line).strip()
        return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"


def spellings(key: str) -> tuple[str, ...]:
    """The key as it is, as in a URL, and as in base64."""
    if not key:
        return ()
    data = key.encode("utf-8", "replace")
    return (key, quote(key, safe=""), base64.b64encode(data).decode().rstrip("="))


def from_status(asked: Asked, status: int, body: bytes, content_type: str, asked_seconds: float | None) -> Trouble:
    """What an HTTP status other than 200 means."""
    return from_error(asked, status, _error_in(body, content_type), asked_seconds)


def from_error(asked: Asked, status: int, error: Any, asked_seconds: float | None = None) -> Trouble:
    """What an error object means, from a status or from the middle of a stream (where its `code` is the status)."""
    said, codes = _said(error)
    everything = f"{codes} {said}"
    words = asked.words(said)
    tail = f": {words}" if words else ""
    host, model = asked.host, asked.model
    if _is_overflow(status, codes, said):
        return trouble(
            "context_overflow",
            f"The conversation is too long for the model {model}{_end(tail)} "
            "Lower the agent's transcript limit, or choose a model with a larger context.",
        )
    if status == 402 or _NO_CREDIT.search(everything):
        return trouble(
            "refused",
            f"The account at {host} has no credit left ({status}){_end(tail)} Top it up, or choose another model.",
        )
    after = f" It asks to wait {asked_seconds:.0f} seconds." if asked_seconds else ""
    if status == 429:
        failure = ModelFailed(
            "rate_limited",
            f"{host} asks to slow down (429){_end(tail)}{after} Try again later, or choose another model.",
        )
        return Trouble(failure, may_retry=True, asked_seconds=asked_seconds)
    if status == 401 or (status == 403 and not _FILTERED.search(everything)):
        return trouble(
            "auth", f"{host} did not accept the key ({status}){_end(tail)} Check the key in the vault, or replace it."
        )
    if status in (408, 409, 425) or status >= 500:
        failure = ModelFailed(
            "unavailable",
            f"{host} cannot answer now ({status}){_end(tail)}{after} Try again later, or choose another model.",
        )
        return Trouble(failure, may_retry=True, asked_seconds=asked_seconds)
    if status == 404:
        advice = "Check the model's name and the base URL under Model."
        return trouble("refused", f"{host} does not know the model {model} (404){_end(tail)} {advice}")
    if 300 <= status < 400:
        return trouble(
            "refused", f"{host} sends us elsewhere ({status}), and a key is not taken along. Correct the URL."
        )
    return trouble(
        "refused", f"{host} refused the request ({status}){_end(tail)} Change the agent or choose another model."
    )


def _end(tail: str) -> str:
    return tail if tail.endswith((".", "!", "?", "…")) else f"{tail}."


def _is_overflow(status: int, codes: str, said: str) -> bool:
    if status in (401, 402, 403, 404, 429):
        return False
    if status == 413 or any(code in _OVERFLOW_CODES for code in codes.split()):
        return True
    # One server said it with 500 before it had a code of its own.
    return (status in (400, 422) or status >= 500) and bool(_OVERFLOW_WORDS.search(said))


def _error_in(body: bytes, content_type: str) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        is_page = "html" in content_type or text.lstrip()[:1] == "<"
        return "the answer is a web page" if is_page else text
    if isinstance(found, dict):
        table = cast("dict[str, Any]", found)
        return table.get("error") or table.get("detail") or table.get("message") or ""
    return found


def _said(error: Any) -> tuple[str, str]:
    """The words of an error object and its codes, as text, whatever it is."""
    if isinstance(error, Mapping):
        table = cast("Mapping[str, Any]", error)
        message = table.get("message") or table.get("detail") or ""
        metadata = table.get("metadata")
        if isinstance(metadata, Mapping):
            # A broker of models wraps the words of the one behind it.
            raw = cast("Mapping[str, Any]", metadata).get("raw")
            message = f"{message} ({raw})" if isinstance(raw, str) and raw else message
        codes = " ".join(str(table.get(name, ""))[:80] for name in ("code", "type"))
        return str(message)[:4000], codes
    return (error[:4000], "") if isinstance(error, str) else ("", "")
