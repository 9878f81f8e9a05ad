"""A model of one's own: a GGUF file, run in a worker process by llama.cpp (the optional extra `local`)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.errors import Invalid, Unavailable
from legate_core.llm.base import ModelFailed, ModelRequest, Reply, TextDelta
from legate_core.llm.local_format import LocalAssembly, local_body
from legate_core.llm.local_pool import Placed
from legate_core.llm.pricing import Price, free, own_price
from legate_core.llm.server_errors import Asked, Trouble
from legate_core.llm.structured import check_reply, check_schema
from legate_core.llm.surroundings import ModelSettings, Surroundings, output_limit, refuse_unknown, text_of

_SETTINGS = frozenset(
    {"model", "file", "context_tokens", "threads", "idle_seconds", "price", "max_tokens", "temperature"}
)
MAGIC = b"GGUF"
CONTEXT_TOKENS = 8_192
IDLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class LocalModel:
    """One model file. It is loaded by the first question and leaves memory when nobody has asked for a while."""

    placed: Placed
    surroundings: Surroundings

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
        """Ask; see `Model`. What the model writes is held to the tools' schemas, so that its calls are always well-formed."""
        if request.response_schema is not None:
            check_schema(request.response_schema)
        pool = self.surroundings.local
        if pool is None:
            raise Unavailable("There is no room for a model of one's own here. Choose a server under Model.")
        name = self.placed.file.name
        if any(message.images for message in request.messages):
            raise ModelFailed("refused", f"{name} cannot see pictures. Choose a model that can, or leave them out.")
        assembly = LocalAssembly(request, Asked("The local model", name))
        try:
            async with aclosing(pool.ask(self.placed, local_body(request, name), self.surroundings.progress)) as chunks:
                async for chunk in chunks:
                    # Before the first piece the model may not even be in memory.
                    request.meter.runs(assembly.usage)
                    if piece := assembly.feed(chunk):
                        yield TextDelta(piece)
            if rest := assembly.rest():
                yield TextDelta(rest)
            reply = assembly.reply()
        except Trouble as error:
            used = assembly.usage() if assembly.has_begun else None
            raise ModelFailed(error.failure.kind, error.failure.message, error.failure.usage or used) from error
        check_reply(reply, request.response_schema)
        yield reply


class Local:
    """The provider *local*: `file`, a GGUF by its full path; `context_tokens`, `threads` and `idle_seconds` where they matter."""

    name = "local"

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> LocalModel:
        """The model in a file of one's own; nothing is loaded yet."""
        refuse_unknown(settings, _SETTINGS)
        output_limit(settings)
        file = Path(text_of(settings, "file"))
        if not file.is_absolute():
            raise Invalid(f"The model's file {str(file)!r} must be named by its full path. Choose it under Model.")
        if importlib.util.find_spec("xllamacpp") is None:
            raise Unavailable(
                "Models of one's own need the extra 'local'. Install it with: pip install 'legate[local]'."
            )
        _check(file)
        placed = Placed(
            file,
            _number(settings, "context_tokens", CONTEXT_TOKENS, 1 << 24),
            _number(settings, "threads", max(1, (os.cpu_count() or 2) // 2), 1_024),
            _number(settings, "idle_seconds", IDLE_SECONDS, 86_400),
        )
        return LocalModel(placed, surroundings)

    def key(self, settings: ModelSettings) -> None:
        """A file needs no key."""

    def price(self, settings: ModelSettings) -> Price:
        """Nothing, unless the definition wants to count something."""
        return own_price(settings) or free("a model of one's own")


def _check(file: Path) -> None:
    try:
        with file.open("rb") as source:
            magic = source.read(len(MAGIC))
    except OSError as error:
        raise Invalid(
            f"The model's file {file} cannot be read ({error.strerror}). Choose it again under Model."
        ) from error
    if magic != MAGIC:
        raise Invalid(f"{file.name} is no GGUF file. Choose one that ends in .gguf, as llama.cpp takes it.")


def _number(settings: ModelSettings, name: str, default: int, most: int) -> int:
    value: Any = settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Invalid(
            f"The model's setting {name!r} must be a whole number from 1 to {most:,}. Correct it under Model."
        )
    return value


PROVIDER = Local()
