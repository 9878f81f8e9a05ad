"""What a run asked its models and what they answered, as one JSON value: saved without secrets, played by `recorded`.

Each entry holds the digest of a question and the answer to it, in the order of the run. A question is told by its digest
alone, so that a re-executed run that asks anything else is stopped instead of answered with something near.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from legate_core.errors import Invalid
from legate_core.llm.base import FailureKind, Message, ModelFailed, ModelRequest, Reply
from legate_core.llm.keys import without_keys

VERSION = 1
MAX_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One question, by its digest, and its answer: a reply, or the failure that came in its place."""

    asked: str
    model: str
    reply: Reply | None = None
    kind: FailureKind = "unavailable"
    error: str = ""

    def answer(self) -> Reply:
        """The reply. Raises the failure that was recorded."""
        if self.reply is None:
            raise ModelFailed(self.kind, self.error or "The recorded model failed here. Nothing can be done about it.")
        return self.reply


@dataclass(frozen=True, slots=True)
class Recording:
    """The traffic of one run."""

    run_id: str
    entries: tuple[Entry, ...]

    def to_json(self) -> dict[str, Any]:
        """The recording as JSON, everything taken out that has the form of a key."""
        entries = [
            {"asked": entry.asked, "model": entry.model}
            | (
                {"reply": entry.reply.to_json()}
                if entry.reply is not None
                else {"failure": {"kind": entry.kind, "message": entry.error}}
            )
            for entry in self.entries
        ]
        return cast("dict[str, Any]", _stripped({"version": VERSION, "run_id": self.run_id, "entries": entries}))


def recording_of(data: Any) -> Recording:
    """A recording from its JSON. Raises `Invalid` that says what is wrong with it."""
    table = _table(data, "The recording")
    if table.get("version") != VERSION:
        raise Invalid(
            f"The recording is of version {table.get('version')!r}; this Legate plays {VERSION}. Record it again."
        )
    given = table.get("entries")
    if not isinstance(given, list):
        raise Invalid("The recording has no list of entries. Record it again.")
    entries = [_entry(entry, number) for number, entry in enumerate(cast("list[Any]", given), 1)]
    return Recording(str(table.get("run_id", "")), tuple(entries))


def asked_digest(request: ModelRequest) -> str:
    """The digest of a question: what was said so far and which tools were offered.

    Which model was asked is no part of it, so that a recording plays in anybody's stead. What has the form of a key is
    taken out before, so that a recording without keys still fits.
    """
    data = {
        "messages": [_message(message) for message in request.messages],
        "tools": [[tool.name, tool.description, dict(tool.parameters)] for tool in request.tools],
        "schema": dict(request.response_schema) if request.response_schema is not None else None,
    }
    text = json.dumps(_stripped(data), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _message(message: Message) -> list[Any]:
    calls = [[call.id, call.name, call.raw] for call in message.tool_calls]
    images = [hashlib.sha256(image.data).hexdigest() for image in message.images]
    return [message.role, message.text, calls, message.tool_call_id, images]


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return without_keys(value)
    if isinstance(value, Mapping):
        return {name: _stripped(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, Sequence):
        return [_stripped(item) for item in cast("Sequence[Any]", value)]
    return value


def _entry(data: Any, number: int) -> Entry:
    where = f"Entry {number} of the recording"
    table = _table(data, where)
    asked, model = str(table.get("asked", "")), str(table.get("model", ""))
    if "reply" in table:
        try:
            return Entry(asked, model, Reply.from_json(_table(table["reply"], where)))
        except (TypeError, AttributeError) as error:
            raise Invalid(f"{where} holds no reply ({error}). Record it again.") from error
    failure = _table(table.get("failure"), where)
    kind = failure.get("kind")
    if kind not in get_args(FailureKind):
        raise Invalid(f"{where} holds neither a reply nor a failure. Record it again.")
    return Entry(asked, model, None, cast("FailureKind", kind), str(failure.get("message", "")))


def _table(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise Invalid(f"{where} is no JSON object. Record it again.")
    return cast("dict[str, Any]", data)
