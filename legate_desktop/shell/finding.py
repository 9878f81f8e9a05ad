"""Finding by typing: what the palette offers, and in which order for the words typed so far. Pure, no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

MOST_SHOWN = 50
_WORD_START, _INSIDE, _IN_DETAIL, _TITLE_START = 8, 3, 1, 6


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do with a result. `why_not` is the reason it may not be done now, or nothing."""

    name: str
    run: Callable[[], None]
    icon: str = ""
    key: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A result: a page, a command or an object. The first deed is what Enter does; Tab shows all of them."""

    id: str
    title: str
    detail: str = ""
    icon: str = ""
    key: str = ""
    deeds: tuple[Deed, ...] = ()
    is_object: bool = False
    haystack: tuple[str, str] = field(default=("", ""), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "haystack", (self.title.casefold(), self.detail.casefold()))


class Finder:
    """Narrows what it was given while a person types; a longer word looks only among the results of the shorter."""

    def __init__(self, all_of_it: Iterable[Found]) -> None:
        self._all = list(all_of_it)
        self._words: tuple[str, ...] = ()
        self._left: Sequence[Found] = self._all

    def find(self, text: str) -> list[Found]:
        """The best results first, at most as many as a list can show. Nothing typed shows what is not an object."""
        words = tuple(text.casefold().split())
        if not words:
            self._words, self._left = (), self._all
            return [found for found in self._all if not found.is_object][:MOST_SHOWN]
        among = self._left if _narrows(self._words, words) else self._all
        scored = [(score, found) for found in among if (score := _score(found.haystack, words))]
        self._words, self._left = words, [found for _score, found in scored]
        # Sorting is stable, so that equals stay in the order they were given.
        scored.sort(key=lambda pair: -pair[0])
        return [found for _score, found in scored[:MOST_SHOWN]]


def _narrows(before: tuple[str, ...], now: tuple[str, ...]) -> bool:
    return bool(before) and len(now) >= len(before) and all(n.startswith(b) for b, n in zip(before, now, strict=False))


def _score(haystack: tuple[str, str], words: tuple[str, ...]) -> int:
    """Nought where a word is nowhere. The start of a title's word counts most, the detail least."""
    title, detail = haystack
    total = _TITLE_START if title.startswith(words[0]) else 0
    for word in words:
        at = title.find(word)
        if at == 0 or (at > 0 and not title[at - 1].isalnum()) or f" {word}" in title:
            total += _WORD_START
        elif at > 0:
            total += _INSIDE
        elif word in detail:
            total += _IN_DETAIL
        else:
            return 0
    return total
