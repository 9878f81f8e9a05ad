"""The port: texts in, vectors of length one out, and a fingerprint that says which vectors may be compared."""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Settings = Mapping[str, Any]
"""A base's `embedder`: the provider's name and what that provider needs."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How texts are measured: the path of a tokenizer's file, or empty for counting words."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an embedder is. Two embedders of one fingerprint give comparable vectors; of two, never."""

    fingerprint: str
    dimensions: int
    tokenizer: Tokenizer
    most_tokens: int
    languages: frozenset[str]
    """Those it was made for; empty for all. In others, keywords are trusted more."""


class Embedder(Protocol):
    """One way to embed. Opened by `open.py`; closed by whoever opened it."""

    @property
    def at_once(self) -> int:
        """How many texts are best given in one call."""
        ...

    @property
    def workers(self) -> int:
        """How many calls are best under way at the same time."""
        ...

    async def kind(self) -> Kind:
        """What it is. Raises `Unavailable` or `Damaged` where it cannot be used."""
        ...

    async def embed(self, texts: Sequence[str], *, urgent: bool = False) -> list[bytes]:
        """A vector per text, little-endian float32 of length one. `urgent` ones go before all that waits."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


def unit(numbers: Sequence[float]) -> bytes:
    """Numbers as a vector of length one; all zeros stay so."""
    length = math.sqrt(math.fsum(number * number for number in numbers)) or 1.0
    vector = array.array("f", [number / length for number in numbers])
    if sys.byteorder == "big":
        vector.byteswap()
    return vector.tobytes()
