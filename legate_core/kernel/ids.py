"""Ids that sort by time and say what they name: `run_`, `act_`, `apr_` and sixteen letters."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter is mistaken for a digit."""

_RANDOM_BITS = 35


def new_id(prefix: str) -> str:
    """A fresh id: 45 bits of milliseconds and 35 random bits, so ids made later sort later (to the millisecond)."""
    number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    letters = [""] * 16
    for place in range(15, -1, -1):
        letters[place] = _ALPHABET[number & 31]
        number >>= 5
    return f"{prefix}_{''.join(letters)}"
