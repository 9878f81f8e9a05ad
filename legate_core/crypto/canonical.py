"""One byte form for one JSON value (RFC 8785), so that equal values hash alike everywhere."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value; raises `ValueError` for what JSON cannot hold (NaN, big ints, lone surrogates)."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
