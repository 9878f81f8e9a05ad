"""One byte form for one JSON value (RFC 8785), so that equal values hash alike everywhere."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import rfc8785

_MAX_INTEGER = 2**53 - 1
_type: Callable[[Any], type[Any]] = type
_SCALARS = frozenset({str, bool, type(None)})

# For plain values with ASCII keys the C encoder writes exactly the bytes of RFC 8785, and some ten times faster; a
# property test holds the two against each other. Everything else (floats, subclasses, keys that sort differently
# as UTF-16 than as code points) goes the slow way.
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value; `ValueError` for what JSON cannot hold (NaN, big ints, lone surrogates)."""
    return _ENCODER.encode(value) if _is_plain(value) else rfc8785.dumps(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _is_plain(value: Any) -> bool:
    """Whether the fast encoder is known to agree about this value. Exact types only: subclasses may print otherwise."""
    kind = _type(value)
    if kind in _SCALARS:
        return True
    if kind is int:
        return -_MAX_INTEGER <= value <= _MAX_INTEGER
    if kind is dict:
        items: dict[Any, Any] = value
        return _are_plain(items.values()) and _are_plain_keys(items)
    if kind is list or kind is tuple:
        return _are_plain(value)
    return False


def _are_plain(values: Iterable[Any]) -> bool:
    for item in values:
        # Asked here as well, because most items are scalars and a call costs more than the question.
        kind = _type(item)
        if kind in _SCALARS or (kind is int and -_MAX_INTEGER <= item <= _MAX_INTEGER):
            continue
        if not _is_plain(item):
            return False
    return True


def _are_plain_keys(keys: Iterable[Any]) -> bool:
    for kind in set(map(_type, keys)):
        # SQLAlchemy names columns by a subclass of str; of an enumeration the encoder would write the value.
        if kind is not str and (not issubclass(kind, str) or issubclass(kind, enum.Enum)):
            return False
    return "".join(keys).isascii()
