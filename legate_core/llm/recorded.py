"""The recorded model: a provider that answers as a run's models answered before, and stops where the run asks anything else."""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.errors import Invalid
from legate_core.llm.base import ModelRequest, Reply, TextDelta
from legate_core.llm.pricing import Price, free, own_price
from legate_core.llm.recording import MAX_BYTES, Entry, Recording, asked_digest, recording_of
from legate_core.llm.structured import check_reply
from legate_core.llm.surroundings import ModelSettings, Surroundings, output_limit, refuse_unknown, text_of

_PIECE = re.compile(r"\s*\S{1,24}|\s+")
_SETTINGS = frozenset({"model", "recording", "traffic", "price", "max_tokens", "temperature"})


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """Plays a recording. The answer depends on the question alone, so that a run can be taken up after a restart."""

    by_question: Mapping[str, Sequence[Entry]]

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
        """The recorded reply or failure. Raises `Invalid` for a question that the recording does not know."""
        entries = self.by_question.get(asked_digest(request), ())
        if not entries:
            raise Invalid(
                "The run asks its model something that the recorded run did not, so it is no repetition of it. "
                "Look at the last step that differs, or choose another model."
            )
        # A question that failed before it was answered stands several times, once for each attempt.
        reply = entries[min(request.attempt, len(entries) - 1)].answer()
        request.meter.runs(lambda: reply.usage)
        for piece in _PIECE.findall(reply.text):
            await asyncio.sleep(0)
            yield TextDelta(piece)
        check_reply(reply, request.response_schema)
        yield reply


class Recorded:
    """The provider *recorded*: `recording` names a file that `legate models record` wrote, `traffic` holds one."""

    name = "recorded"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> RecordedModel:
        """The model that plays the recording; what is wrong with it is found here."""
        refuse_unknown(settings, _SETTINGS)
        output_limit(settings)
        if ("recording" in settings) == ("traffic" in settings):
            raise Invalid("The recorded model needs one of `recording` (a file) or `traffic`. Give it one.")
        if "traffic" in settings:
            return RecordedModel(_by_question(recording_of(settings["traffic"])))
        path = Path(text_of(settings, "recording"))
        if not path.is_absolute():
            raise Invalid(f"The recording {str(path)!r} must be named by its full path. Choose it under Model.")
        return RecordedModel(_by_question(_load(path)))

    def key(self, settings: ModelSettings) -> None:
        """A recording needs no key."""

    def price(self, settings: ModelSettings) -> Price:
        """Nothing, unless the definition says otherwise: what was paid is not paid again."""
        return own_price(settings) or free("a recording costs nothing")


def _by_question(recording: Recording) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in recording.entries:
        found.setdefault(entry.asked, []).append(entry)
    return found


def _load(path: Path) -> Recording:
    try:
        stamp = path.stat()
        return _read(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError as error:
        raise Invalid(
            f"The recording {path} cannot be read ({error.strerror}). Choose it again under Model."
        ) from error


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int, size: int) -> Recording:
    if size > MAX_BYTES:
        raise Invalid(f"The recording {path} is larger than {MAX_BYTES // 1_000_000} MB. Choose another.")
    try:
        data: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The recording {path} is no JSON. Record it again.") from error
    return recording_of(data)


PROVIDER = Recorded()
