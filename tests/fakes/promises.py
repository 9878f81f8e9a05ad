"""What a provider promises, and which test shows it: a mark on a test of the contracts, read by the table of promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROMISES = (
    "Text is streamed in pieces",
    "Calls come whole, also several at once",
    "Broken calls are kept and told",
    "Tokens are counted",
    "Money is reserved before and settled after",
    "Stop reasons are told apart",
    "A refusal is a refusal",
    "Too long a conversation is told apart",
    "Answers of a given shape",
    "Pictures are shown, or refused",
    "A system's words stand apart",
    "Thoughts go back as they came",
    "Time-outs",
    "Stopping closes the connection",
    "Asked again after 429, 5xx and cut streams",
    "Never asked again once it has begun",
    "Retry-After is kept, whatever our clock says",
    "What is no reply is said to be none",
    "Nothing without a bound",
    "The key goes nowhere else",
)


def promise(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The test below shows these promises, for every provider it runs on."""
    assert set(names) <= set(PROMISES), names

    def mark(test: Callable[..., Any]) -> Callable[..., Any]:
        test.promises = names  # type: ignore[attr-defined]
        return test

    return mark
