"""JSON values as values of declared types, in a process of several threads. The library of it is msgspec.

What msgspec has to know of a dataclass or Struct it gathers when the type is first used, and as of 0.22 another thread may
see that half gathered and reads past its end: the whole process ends. So here it is gathered under one lock, before the
type is used. Only types that a module makes and uses by itself, in one thread, may go to msgspec directly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

_gathering = threading.RLock()
_gathered: set[Any] = set()


def gather(kind: Any) -> None:
    """Have everything gathered about a type and the types within it. Raises `TypeError` for what is no type of JSON."""
    if kind in _gathered:
        return
    with _gathering:
        if kind not in _gathered:
            msgspec.json.Decoder(kind)
            _gathered.add(kind)


def convert(data: Any, kind: type[T] | Any, *, dec_hook: Callable[[type[Any], Any], Any] | None = None) -> T:
    """The value of a type behind what JSON gave. Raises `msgspec.ValidationError` that names the place."""
    gather(kind)
    return cast("T", msgspec.convert(data, kind, dec_hook=dec_hook))


def decode(text: bytes | str, kind: type[T]) -> T:
    """The value of a type behind JSON text. Raises `msgspec.DecodeError`, which `ValidationError` is one of."""
    gather(kind)
    return msgspec.json.decode(text, type=kind)


def decoder(kind: type[T]) -> Callable[[bytes | str], T]:
    """`decode` of many texts of one type."""
    gather(kind)
    return msgspec.json.Decoder(kind).decode
