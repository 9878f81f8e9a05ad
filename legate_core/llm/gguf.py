"""The head of a GGUF file: what the model is called, how much it can hold, and what its template knows. Reads no weights.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from legate_core.errors import Invalid

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_PAIRS = 4_096
MAX_TEXT = 4_000_000
MAX_ITEMS = 10_000_000
_TEXT, _LIST = 8, 9
_PLAIN = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_SIZES = {kind: struct.calcsize(form) for kind, form in _PLAIN.items()}


@dataclass(frozen=True, slots=True)
class GgufHead:
    """What a model file says of itself; 0 and empty where it says nothing."""

    name: str
    context_tokens: int
    template: str
    size_bytes: int


def read_head(file: Path) -> GgufHead:
    """The head of a model file. Raises `Invalid` that says what is wrong with it."""
    try:
        with file.open("rb") as source:
            return _read(source, file)
    except OSError as error:
        raise Invalid(f"The model's file {file} cannot be read ({error.strerror}). Choose it again.") from error
    except (struct.error, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise Invalid(f"{file.name} is no whole GGUF file. Download it again, or choose another.") from error


def _read(source: BufferedReader, file: Path) -> GgufHead:
    if source.read(len(MAGIC)) != MAGIC:
        raise Invalid(f"{file.name} is no GGUF file. Choose one that ends in .gguf, as llama.cpp takes it.")
    version = _number(source, "<I")
    if version not in VERSIONS:
        raise Invalid(f"{file.name} is of GGUF version {version}, which is not known here. Choose another file.")
    _tensors, pairs = _number(source, "<Q"), _number(source, "<Q")
    if pairs > MAX_PAIRS:
        raise ValueError("more pairs than any model has")
    found: dict[str, Any] = {}
    for _ in range(pairs):
        key = _text(source)
        found[key] = _value(source, _number(source, "<I"))
    kind = str(found.get("general.architecture", ""))
    room = found.get(f"{kind}.context_length")
    return GgufHead(
        name=str(found.get("general.name") or ""),
        context_tokens=room if isinstance(room, int) and not isinstance(room, bool) and room > 0 else 0,
        template=str(found.get("tokenizer.chat_template") or ""),
        size_bytes=file.stat().st_size,
    )


def _number(source: BufferedReader, form: str) -> int:
    return struct.unpack(form, source.read(struct.calcsize(form)))[0]


def _text(source: BufferedReader) -> str:
    size = _number(source, "<Q")
    if size > MAX_TEXT:
        raise ValueError("a text without an end")
    data = source.read(size)
    if len(data) < size:
        raise ValueError("the file ends in a text")
    return data.decode("utf-8", "replace")


def _value(source: BufferedReader, kind: int) -> Any:
    if kind == _TEXT:
        return _text(source)
    if kind == _LIST:
        _skip(source, _number(source, "<I"), _number(source, "<Q"))
        return None
    if kind not in _PLAIN:
        raise ValueError(f"a value of the unknown kind {kind}")
    return _number(source, _PLAIN[kind])


def _skip(source: BufferedReader, kind: int, items: int) -> None:
    """Pass over a list: the words of a tokenizer are of no use here."""
    if items > MAX_ITEMS:
        raise ValueError("a list without an end")
    if kind in _SIZES:
        source.seek(items * _SIZES[kind], 1)
        return
    if kind != _TEXT:
        raise ValueError(f"a list of the unknown kind {kind}")
    for _ in range(items):
        size = _number(source, "<Q")
        if size > MAX_TEXT:
            raise ValueError("a text without an end")
        source.seek(size, 1)
