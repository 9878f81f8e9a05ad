"""Amounts that people spell with words: "two hundred", "2.5 million", "a dozen", "$5k", "19 %"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_SMALL = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: count for count, word in enumerate((*_SMALL, *_TEENS), 1)} | {
    word: 10 * count for count, word in enumerate(_TENS, 2)
}
_SCALES = {"thousand": 1_000, "million": 1_000_000}
_FEW = {"dozen": 12, "hundred": 100}

_FIGURES = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_WORD = "|".join(sorted((*_WORDS, *_SCALES, *_FEW), key=len, reverse=True))
_SPELLED = re.compile(
    rf"(?<![\w.,-])(?:(?P<figures>{_FIGURES})\s+(?P<scale>{'|'.join(_SCALES)})(?!\s+(?:and\s+)?(?:{_WORD}|[0-9]))"
    rf"|(?P<words>(?:an?\s+(?=hundred|thousand|million|dozen))?(?:{_WORD})(?:(?:\s+and)?[\s-]+(?:{_WORD}))*))(?![\w-]|\s+(?:and\s+an?\s|point\b))",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"\b(?:half|quarter|minus|negative|point)\s+(?:of\s+)?$", re.IGNORECASE)
"""Words before an amount that make it another one: "half a million"."""
# Without a sign of money "5k" may well be a distance.
_SHORT = re.compile(
    rf"(?<![\w.,])(?:[$€£¥](?P<a>{_FIGURES})|(?P<b>{_FIGURES})(?=k[$€£¥]))k[$€£¥]?(?!\w)", re.IGNORECASE
)
_PERCENT = re.compile(rf"(?<![\w.,])(?P<figures>{_FIGURES})\s?%(?!\w)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and the stretch of text that spells it."""

    start: int
    end: int
    value: Decimal


def amounts(text: str) -> Iterator[Amount]:
    """Every number spelled with words, in order. One that cannot be read without guessing ("two three") is left out, as
    is a lone "one", which mostly is no number."""
    found = [*_SPELLED.finditer(text), *_SHORT.finditer(text)]
    for match in sorted(found, key=lambda match: match.start()):
        value = _value(match)
        if value is not None:
            yield Amount(match.start(), match.end(), value)


def percents(text: str) -> Iterator[Decimal]:
    """Every number with a percent sign."""
    return (_decimal(match["figures"]) for match in _PERCENT.finditer(text))


def _value(match: re.Match[str]) -> Decimal | None:
    if match.re is _SHORT:
        return _decimal(match["a"] or match["b"]) * 1_000
    if _CHANGED.search(match.string, 0, match.start()):
        return None
    if match["figures"]:
        return _decimal(match["figures"]) * _SCALES[match["scale"].casefold()]
    words = re.split(r"[\s-]+", match["words"].casefold())
    if words == ["one"]:
        return None
    return _of_words([word for word in words if word != "and"])


def _of_words(words: list[str]) -> Decimal | None:
    """ "two hundred fifty thousand five": groups below a thousand, each with its scale, the scales falling."""
    total, group, last_scale = 0, 0, 10**9
    # What may still be added to the group: below 100 after "hundred", below 10 after "twenty", nothing after "five".
    room = 1_000
    for word in words:
        if word in ("a", "an"):
            group, room = 1, 1
        elif word in _FEW:
            if not 1 <= (group or 1) <= 19:
                return None
            group, room = (group or 1) * _FEW[word], 100 if word == "hundred" else 0
        elif word in _SCALES:
            if _SCALES[word] >= last_scale or (total and not group):
                return None
            last_scale = _SCALES[word]
            total, group, room = total + (group or 1) * last_scale, 0, 1_000
        elif _WORDS[word] < room:
            group += _WORDS[word]
            room = 10 if _WORDS[word] >= 20 else 1
        else:
            return None
    return Decimal(total + group)


def _decimal(figures: str) -> Decimal:
    return Decimal(figures.replace(",", ""))
